"""How large the mesh of a delamination case will be, from the element sizes that it will be made with.

With elements of size h, T cells per volume of h^-d/``CELL`` and B corners on the surfaces of the bodies, per
area h^(1-d)/``FACE``, a mesh has (Euler; six tetrahedra meet per corner on one side of it)

corners V = T/2 + B/2 in the plane, T/6 + B/2 in space;   mid-sides 3 V - B, V + T + B.
"""

import math
from typing import NamedTuple

import numpy as np

from fem_sei.case import cohesive_sizes
from fem_sei.case.delamination import DelaminationCase

GRADING = 0.22  # growth of the elements per distance from a fine interface
BEHIND = 4.0  # elements of a fine band on the flaw's side of its end
CELL = {2: 0.433, 3: 0.19}  # volume of a cell, in element sizes^dimension
FACE = {2: 1.0, 3: 0.866}  # area of a body's surface per corner
MOST_STEPS = 1000  # along the layers, of a domain that is nothing but length
FINER = 1.2  # growth of the steps of the integration
DIRECTIONS = 72  # around the middle of a disc


class Band(NamedTuple):
    """A fine part of an interface: its height, from where to where along it (from the middle of a disc), and
    the size of the elements."""

    height: float
    inner: float
    outer: float
    size: float


def expected_nodes(case: DelaminationCase) -> float:
    """Nodes of the displacement of all bodies: integrals of cells and corners over the layers."""
    d, layers, heights = case.geometry.dimension, case.geometry.layers, cohesive_sizes.levels(case)
    bands = _bands(case)
    along, lengths = _along(case, bands)
    sizes = {
        n: layers[n].thickness / case.mesh.elements_across
        for body in cohesive_sizes.bodies(case)
        for n in body
    }
    coarse = min(
        case.mesh.coarse_size or max(sizes.values()), case.geometry.width / case.mesh.elements_across
    )
    cells = corners = 0.0
    for body in cohesive_sizes.bodies(case):
        for n in body:
            size = min(coarse, sizes[n])
            y = _steps(heights[n], heights[n + 1], [(band.height, band.size) for band in bands], size)
            middle = 0.5 * (y[1:] + y[:-1])
            h = _size(bands, size, along[:, None], middle[None, :])
            cells += float(np.sum(lengths[:, None] * np.diff(y)[None, :] / (CELL[d] * h**d)))
            for surface in {heights[body[0]], heights[body[-1] + 1]} & {heights[n], heights[n + 1]}:
                h = _size(bands, size, along, surface)
                corners += float(np.sum(lengths / (FACE[d] * h ** (d - 1))))
    vertices = cells / (2.0 if d == 2 else 6.0) + 0.5 * corners
    if case.mesh.order == 1:
        return vertices
    return 4.0 * vertices - corners if d == 2 else 2.0 * vertices + cells + corners


def _bands(case: DelaminationCase) -> list[Band]:
    """Where the mesh is made fine: from just behind the end of a flaw to where a process zone can get."""
    names, heights = cohesive_sizes.interface_names(case), cohesive_sizes.levels(case)
    found = []
    for one in case.interfaces:
        size, flaw = cohesive_sizes.element_size(case, one), one.flaw
        height = heights[names.index(one.on) + 1]
        travel = cohesive_sizes.LEAST_ROOM * cohesive_sizes.cohesive_length(case, one)
        travel = travel if case.loading else math.inf
        if flaw is None:
            found.append(Band(height, -math.inf, math.inf, size))
        elif hasattr(flaw, "radius"):
            found.append(Band(height, flaw.radius - BEHIND * size, flaw.radius + travel, size))
        else:
            if flaw.start > 0.0:
                found.append(Band(height, flaw.start - travel, flaw.start + BEHIND * size, size))
            if flaw.end < case.geometry.width:
                found.append(Band(height, flaw.end - BEHIND * size, flaw.end + travel, size))
    return found


def _along(case: DelaminationCase, bands: list[Band]) -> tuple[np.ndarray, np.ndarray]:
    """Places along the layers (distances from the middle of the first disc, in 3-D), and the length (area)
    that each stands for."""
    geometry = case.geometry
    edges = [(end, band.size) for band in bands for end in (band.inner, band.outer) if math.isfinite(end)]
    if geometry.dimension == 2:
        x = _steps(0.0, geometry.width, edges, geometry.width / 50.0)
        return 0.5 * (x[1:] + x[:-1]), np.diff(x)
    centre = next((one.flaw.centre for one in case.interfaces if one.flaw), (0.0, 0.0))
    r = _steps(0.0, math.hypot(geometry.width, geometry.depth), edges, geometry.width / 50.0)
    middle, angles = 0.5 * (r[1:] + r[:-1]), 2.0 * np.pi * (np.arange(DIRECTIONS) + 0.5) / DIRECTIONS
    x = centre[0] + middle[:, None] * np.cos(angles)
    y = centre[1] + middle[:, None] * np.sin(angles)
    inside = (x > 0.0) & (x < geometry.width) & (y > 0.0) & (y < geometry.depth)
    return middle, inside.mean(axis=1) * np.pi * np.diff(r**2)


def _steps(start: float, end: float, fine: list[tuple[float, float]], most: float) -> np.ndarray:
    """Limits of steps from ``start`` to ``end`` that are short, by their sizes, near the ``fine`` places."""
    places = [np.linspace(start, end, 2 + min(MOST_STEPS, math.ceil((end - start) / most)))]
    for at, size in fine:
        number = math.ceil(math.log(max(2.0, (end - start) / size)) / math.log(FINER))
        away = size * FINER ** np.arange(number + 1)
        places += [at + away, at - away, [at]]
    found = np.unique(np.concatenate(places))
    return np.unique(np.concatenate([[start], found[(found > start) & (found < end)], [end]]))


def _size(bands: list[Band], size: float, along: np.ndarray, height: np.ndarray | float) -> np.ndarray:
    """Element size at places: at most ``size``, growing with the distance from the bands."""
    h = np.full(np.broadcast(along, height).shape, size)
    for band in bands:
        beside = np.maximum(np.maximum(band.inner - along, along - band.outer), 0.0)
        h = np.minimum(h, band.size + GRADING * np.hypot(beside, height - band.height))
    return h
