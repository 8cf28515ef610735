"""Which layers of a case are meshed, and where its interfaces are in the mesh.

A layer with ``rigid`` set does not move and is not meshed. It can only be the first or the last one, so its
interface becomes the bottom or the top of the mesh.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any


def _rigid(layer: Any) -> bool:
    """Layers of studies without mechanics do not know the word."""
    return getattr(layer, "rigid", False)


def meshed_layers(geometry: Any) -> list[Any]:
    """The layers that are not rigid, bottom first."""
    return [layer for layer in geometry.layers if not _rigid(layer)]


def ground(geometry: Any) -> int:
    """Number of meshed layers below 0 of the growth direction, which is the top of the case's first layer."""
    return 0 if _rigid(geometry.layers[0]) else 1


def facet_groups(case: Any) -> list[str]:
    """Groups of facets that a mesh file must have for a case: the boundaries and interfaces that it names; for
    plating the counter electrode."""
    if not hasattr(case, "boundaries"):
        return ["top"]
    where = places(case.geometry)
    return list(
        dict.fromkeys([*(one.on for one in case.boundaries), *(where[one.on][1] for one in case.interfaces)])
    )


def places(geometry: Any) -> dict[str, tuple[str, str]]:
    """Of every interface of a case, its kind and name in the mesh, bottom first.

    ("interface", "sei|coating") between two meshed layers, ("boundary", "bottom") or ("boundary", "top")
    where one of them is rigid.
    """
    found = {}
    for lower, upper in pairwise(geometry.layers):
        name = f"{lower.name}|{upper.name}"
        if _rigid(lower):
            found[name] = ("boundary", "bottom")
        else:
            found[name] = ("boundary", "top") if _rigid(upper) else ("interface", name)
    return found
