"""Meshes from files: .msh by Gmsh itself, others through meshio; their named groups and what must hold.

A mesh of a case consists of simplices, has a group of cells for every meshed layer with the layer's name,
the groups of facets that the study needs (plating: "top", the counter electrode), and reaches just as far as
the layers, the width and the depth of the case. The metal surface is that of the case: the mesh need not
follow it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fem_sei.geometry.layers import facet_groups, ground, meshed_layers
from fem_sei.problems import did_you_mean
from fem_sei.units import show

SIMPLEX = {0: 15, 1: 1, 2: 2, 3: 4}  # Gmsh's element types, by dimension
MESHIO = {0: "vertex", 1: "line", 2: "triangle", 3: "tetra"}
CELLS = {1: "lines", 2: "triangles", 3: "tetrahedra"}
TOLERANCE = 1e-6  # of the extent of the domain


class MeshFileError(ValueError):
    """The mesh file cannot be used for the case; str() lists every reason."""


def check_file(case: Any) -> None:
    """Read the mesh file of a case, if it has one, with all the groups it needs. Raises MeshFileError; needs no
    DOLFINx."""
    if not case.mesh.file:
        return
    import gmsh

    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        load(gmsh, Path(case.mesh.file), case.geometry, case.mesh.file_unit, facet_groups(case))
    finally:
        gmsh.finalize()


def load(
    gmsh: Any, path: Path, geometry: Any, scale: float, facets: Sequence[str]
) -> dict[str, int]:
    """Make the file the current model of Gmsh; tags of its groups by name. Lengths are left as they are.

    ``scale``: length [m] that 1 stands for in the file. ``facets``: groups it must have.
    Raises MeshFileError with all that is wrong.
    """
    if not path.is_file():
        raise MeshFileError(f"mesh.file: there is no file {path}")
    try:
        gmsh.open(str(path)) if path.suffix == ".msh" else _through_meshio(gmsh, path)
    except (Exception, SystemExit) as error:  # meshio exits where it cannot read
        raise MeshFileError(f"mesh.file: {path} cannot be read: {error}") from None
    problems, tags = _groups(gmsh, geometry, facets)
    problems += _elements(gmsh, geometry) or _extent(gmsh, geometry, scale)
    if problems:
        raise MeshFileError("\n".join(f"mesh.file: {path} {problem}" for problem in problems))
    return tags


def _groups(gmsh: Any, geometry: Any, facets: Sequence[str]) -> tuple[list[str], dict[str, int]]:
    """What is missing of the named groups, and the tags of those of cells and facets."""
    d = geometry.dimension
    names = {
        dimension: {
            gmsh.model.getPhysicalName(*group): group[1] for group in gmsh.model.getPhysicalGroups(dimension)
        }
        for dimension in (d, d - 1)
    }
    problems = []
    for dimension, words, needed in (
        (d, "cells", [layer.name for layer in meshed_layers(geometry)]),
        (d - 1, "facets", facets),
    ):
        present = [name for name in names[dimension] if name]
        there_are = f"There are: {', '.join(present)}." if present else "It has none with a name."
        for name in needed:
            if name not in present:
                hint = did_you_mean(name, present) or f" {there_are}"
                problems.append(f'has no group of {words} "{name}".{hint}')
    return problems, names[d - 1] | names[d]


def _elements(gmsh: Any, geometry: Any) -> list[str]:
    """Cells that are no simplices, or not in exactly one layer."""
    d = geometry.dimension
    kinds, elements, _ = gmsh.model.mesh.getElements(d)
    others = [gmsh.model.mesh.getElementProperties(kind)[0] for kind in kinds if kind != SIMPLEX[d]]
    if others or not len(kinds):
        return [f"needs {CELLS[d]} of first order and nothing else, not {', '.join(others) or 'nothing'}"]
    in_layers = np.concatenate(
        [
            np.zeros(0, dtype=np.uint64),
            *(
                gmsh.model.mesh.getElementsByType(SIMPLEX[d], entity)[0]
                for layer in meshed_layers(geometry)
                for _, entity in _entities(gmsh, d, layer.name)
            ),
        ]
    )
    problems = []
    if len(in_layers) > len(np.unique(in_layers)):
        problems.append("has cells that belong to several layers")
    outside = len(np.setdiff1d(elements[0], in_layers))
    if outside and all(_entities(gmsh, d, layer.name) for layer in meshed_layers(geometry)):
        problems.append(f"has {outside} cells that belong to no layer")
    return problems


def _entities(gmsh: Any, dimension: int, name: str) -> list[tuple[int, int]]:
    """Entities (dimension, tag) of the group of cells with this name."""
    return [
        (dimension, int(entity))
        for _, tag in gmsh.model.getPhysicalGroups(dimension)
        if gmsh.model.getPhysicalName(dimension, tag) == name
        for entity in gmsh.model.getEntitiesForPhysicalGroup(dimension, tag)
    ]


def _extent(gmsh: Any, geometry: Any, scale: float) -> list[str]:
    """Directions in which the mesh is not as large as the case."""
    heights, below = [layer.thickness for layer in meshed_layers(geometry)], ground(geometry)
    sides = [(0.0, getattr(geometry, key)) for key in ("width", "depth")[: geometry.dimension - 1]]
    expected = [*sides, (-sum(heights[:below]), sum(heights[below:]))]
    nodes = gmsh.model.mesh.getNodes(geometry.dimension, includeBoundary=True)[1].reshape(-1, 3) * scale
    problems = []
    for axis, (low, high) in enumerate(expected):
        found = nodes[:, axis].min(), nodes[:, axis].max()
        if np.abs(np.subtract(found, (low, high))).max() > TOLERANCE * (high - low):
            reaches, wanted = (f"{show(a, 'm', 6)} to {show(b, 'm', 6)}" for a, b in (found, (low, high)))
            problems.append(f"reaches from {reaches} along {'xyz'[axis]}, the case from {wanted}")
    return problems


def _through_meshio(gmsh: Any, path: Path) -> None:
    """Read with meshio and hand over the vertices, lines, triangles and tetrahedra, one entity per group."""
    import meshio

    mesh = meshio.read(path)
    groups = {name: dict(cells) for name, cells in mesh.cell_sets_dict.items()}
    for tag, names in getattr(mesh, "cell_tags", {}).items():  # of .med files
        for name in names:
            groups[name] = {
                kind: np.flatnonzero(tags == tag) for kind, tags in mesh.cell_data_dict["cell_tags"].items()
            }
    points = np.zeros((len(mesh.points), 3))
    points[:, : mesh.points.shape[1]] = mesh.points
    gmsh.model.add(path.stem)
    home = None
    for dimension, kind in sorted(MESHIO.items(), reverse=True):
        cells = mesh.cells_dict.get(kind)
        if cells is None:
            continue
        parts = {name: np.asarray(found[kind]) for name, found in groups.items() if len(found.get(kind, ()))}
        rest = np.setdiff1d(np.arange(len(cells)), np.concatenate([[], *parts.values()]).astype(int))
        for name, part in [*parts.items(), ("", rest)]:
            if not len(part):
                continue
            entity = gmsh.model.addDiscreteEntity(dimension)
            if home is None:
                home = entity
                gmsh.model.mesh.addNodes(dimension, entity, range(1, len(points) + 1), points.ravel())
            gmsh.model.mesh.addElementsByType(entity, SIMPLEX[dimension], [], cells[part].ravel() + 1)
            if name:
                gmsh.model.addPhysicalGroup(dimension, [entity], -1, name)
