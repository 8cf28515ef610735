"""A meshed stack: names of regions, interfaces and boundaries, and the measures that belong to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import ufl
from dolfinx import fem, mesh
from mpi4py import MPI

from fem_sei.closed_form.surface import Surface


class MeshError(RuntimeError):
    """The mesh could not be made, or what came back is not what was asked for."""


@dataclass
class StackMesh:
    """The distributed mesh of a stack of layers. Coordinates are in units of ``length_scale`` [m].

    ``regions`` (layer names), ``interfaces`` ("metal|coating", lower layer first) and ``boundaries``
    ("bottom", "top", from 2-D on "left", "right", in 3-D "front", "back") give the tags in ``cell_tags`` and
    ``facet_tags``. The last coordinate is the growth direction, 0 at the nominal flat metal surface: the top
    of the case's first layer, also if that one is rigid and only the layers above it are meshed.
    """

    mesh: mesh.Mesh
    cell_tags: mesh.MeshTags
    facet_tags: mesh.MeshTags
    regions: dict[str, int]
    interfaces: dict[str, int]
    boundaries: dict[str, int]
    length_scale: float
    surface: Surface
    layers: dict[str, tuple[float, float]]  # nominal bottom and top of each layer [m]
    quality: (
        float  # worst inscribed/circumscribed circle or sphere ratio, 1 for equilateral cells (and in 1-D)
    )

    @cached_property
    def dx(self) -> ufl.Measure:
        """Cell integrals, in units of ``length_scale``^dimension: ``dx(stack.regions["metal"])``."""
        return ufl.Measure("dx", domain=self.mesh, subdomain_data=self.cell_tags)

    @cached_property
    def ds(self) -> ufl.Measure:
        """Integrals over outer boundaries: ``ds(stack.boundaries["top"])``."""
        return ufl.Measure("ds", domain=self.mesh, subdomain_data=self.facet_tags)

    @cached_property
    def dS(self) -> ufl.Measure:
        """Integrals over interfaces: ``dS(stack.interfaces["metal|coating"])``; the + side is arbitrary."""
        return ufl.Measure("dS", domain=self.mesh, subdomain_data=self.facet_tags)

    @cached_property
    def cellwise(self) -> fem.FunctionSpace:
        """One value per cell (DG0)."""
        return fem.functionspace(self.mesh, ("DG", 0))

    def region_function(self, values: Mapping[str, float]) -> fem.Function:
        """The function that is constant in each region (DG0, ghosts included). Every region needs a value."""
        if set(values) != set(self.regions):
            raise KeyError(f"values are needed for {sorted(self.regions)}, not for {sorted(values)}")
        of_tag = np.zeros(max(self.regions.values()) + 1)
        for name, tag in self.regions.items():
            of_tag[tag] = values[name]
        function = fem.Function(self.cellwise)
        cells = self.cell_tags.indices
        function.x.array[self.cellwise.dofmap.list[cells, 0]] = of_tag[self.cell_tags.values]
        return function

    def summary(self) -> dict[str, Any]:
        """Numbers of cells and nodes, longest edge of the smallest and largest cell [m], worst quality."""
        cells = self.mesh.topology.index_map(self.mesh.topology.dim)
        size = self.mesh.h(self.mesh.topology.dim, np.arange(cells.size_local, dtype=np.int32))
        smallest, largest = float(size.min(initial=np.inf)), float(size.max(initial=0.0))
        return {
            "cells": cells.size_global,
            "nodes": self.mesh.geometry.index_map().size_global,
            "smallest_cell": self.mesh.comm.allreduce(smallest, MPI.MIN) * self.length_scale,
            "largest_cell": self.mesh.comm.allreduce(largest, MPI.MAX) * self.length_scale,
            "quality": self.quality,
        }


def check_tags(stack: StackMesh, expected: Mapping[str, float], tolerance: float = 1e-10) -> None:
    """Compare the tagged mesh with the ``expected`` measure (length, area) of every name; raise MeshError.

    Collective, and all ranks raise together. Finds cells without region, names without cells or facets,
    and interior facets that a rank owns without seeing both cells (their integrals would be skipped).
    """
    comm, tdim = stack.mesh.comm, stack.mesh.topology.dim
    owned = stack.mesh.topology.index_map(tdim).size_local
    untagged = comm.allreduce(owned - int(np.count_nonzero(stack.cell_tags.indices < owned)))
    problems = [f"{untagged} cells belong to no region"] if untagged else []
    stack.mesh.topology.create_connectivity(tdim - 1, tdim)
    cells_of = np.diff(stack.mesh.topology.connectivity(tdim - 1, tdim).offsets)
    for names, tags, sides in (
        (stack.regions, stack.cell_tags, None),
        (stack.interfaces, stack.facet_tags, 2),
        (stack.boundaries, stack.facet_tags, 1),
    ):
        owned = stack.mesh.topology.index_map(tags.dim).size_local
        for name, tag in names.items():
            entities = tags.find(tag)
            entities = entities[entities < owned]
            measure = comm.allreduce(_measure(stack.mesh, tags.dim, entities))
            if not abs(measure - expected[name]) <= tolerance * expected[name]:
                problems.append(f'"{name}" measures {measure:.15g} instead of {expected[name]:.15g}')
            torn = 0 if sides is None else int(np.count_nonzero(cells_of[entities] != sides))
            torn = comm.allreduce(torn)
            if torn:
                problems.append(
                    f'{torn} facets of "{name}" lack one of {sides} cells on the rank owning them'
                )
    if problems:
        raise MeshError("the mesh does not match the stack: " + "; ".join(problems))


def _measure(domain: mesh.Mesh, dim: int, entities: np.ndarray) -> float:
    """Number, length, area or volume of the simplices ``entities`` of this rank."""
    domain.topology.create_connectivity(dim, domain.topology.dim)
    if dim == 0 or len(entities) == 0:  # entities_to_geometry of DOLFINx 0.9 divides by their number
        return float(len(entities))
    nodes = domain.geometry.x[mesh.entities_to_geometry(domain, dim, entities)]
    edges = np.moveaxis(nodes[:, 1:] - nodes[:, :1], 1, 0)
    if dim == 1:
        return float(np.linalg.norm(edges[0], axis=1).sum())
    normal = np.cross(edges[0], edges[1])
    if dim == 2:
        return float(np.linalg.norm(normal, axis=1).sum() / 2.0)
    return float(np.abs(np.einsum("ij,ij->i", normal, edges[2])).sum() / 6.0)
