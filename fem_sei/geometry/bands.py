"""Element sizes for interfaces that open: fine where the process zone is or can get, coarse elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fem_sei.geometry.layers import meshed_layers, places
from fem_sei.geometry.sizes import Box, MeshSizes, Ring

BEHIND = 4  # elements of the band on the flaw's side of its end


@dataclass(frozen=True)
class Band:
    """An interface of the case that may open.

    ``size`` [m]: of the elements along it. ``flaw``: the debonded part of the case (``start`` and ``end``, in
    3-D ``centre`` and ``radius`` [m]), None if there is none. ``travel`` [m]: how far beyond its ends the
    process zone can get; without a flaw it can be anywhere.
    """

    on: str
    size: float
    flaw: Any = None
    travel: float = np.inf


def band_sizes(
    geometry: Any,
    bands: Sequence[Band],
    boundaries: Sequence[Any] = (),
    across: int = 2,
    coarse: float | None = None,
) -> MeshSizes:
    """Sizes with which the elements along every band are at most as long as asked for (in 3-D about so long).

    In 2-D the ends of flaws, and of what ``boundaries`` of the case load or hold ``between`` two places,
    become vertices; in 3-D the mesh follows the edge of the first flaw. Elsewhere the elements grow with the
    distance, up to ``coarse`` and to 1/``across`` of the layer's thickness; without ``coarse`` up to that of
    the thickest layer.
    """
    thickest = max(layer.thickness for layer in meshed_layers(geometry)) / across
    coarse = thickest if coarse is None else coarse
    heights, boxes, rings, vertices = _heights(geometry), [], [], {}
    for band in bands:
        height, size = heights[band.on], min(band.size, coarse)
        if geometry.dimension == 2:
            row = vertices.setdefault(places(geometry)[band.on][1], [])
            row += [] if band.flaw is None else [band.flaw.start, band.flaw.end]
            for start, end in _fine_parts(band, geometry.width):
                boxes.append(Box(start, end, height, height, size=size))
                row += [start, end]
        elif band.flaw is None:
            boxes.append(Box(0.0, geometry.width, height, height, 0.0, geometry.depth, size))
        elif (radius := band.flaw.radius) < (farthest := _farthest(band.flaw, geometry)):
            inner, outer = radius - min(BEHIND * band.size, radius), min(radius + band.travel, farthest)
            rings.append(Ring(tuple(band.flaw.centre), radius, inner, outer, height, size))
    for boundary in boundaries:
        if boundary.between is not None:
            vertices.setdefault(boundary.on, []).extend(boundary.between)
    fine = min([coarse, *(band.size for band in bands)])
    return MeshSizes(fine, coarse, boxes, across, vertices, rings)


def _heights(geometry: Any) -> dict[str, float]:
    """Growth coordinate [m] of every interface of the case, 0 of the first."""
    found, height = {}, 0.0
    for name, upper in zip(places(geometry), geometry.layers[1:], strict=True):
        found[name] = height
        height += upper.thickness
    return found


def _fine_parts(band: Band, width: float) -> list[tuple[float, float]]:
    """Where along x the elements are fine: around each end of the flaw that is no end of the interface."""
    if band.flaw is None:
        return [(0.0, width)]
    start, end = band.flaw.start, band.flaw.end
    behind = min(BEHIND * band.size, end - start)
    parts = []
    if start > 0.0:
        parts.append((max(0.0, start - band.travel), start + behind))
    if end < width:
        parts.append((end - behind, min(width, end + band.travel)))
    return parts


def _farthest(flaw: Any, geometry: Any) -> float:
    """Distance from a flaw's centre to the farthest corner."""
    x, y = flaw.centre
    return float(np.hypot(max(x, geometry.width - x), max(y, geometry.depth - y)))
