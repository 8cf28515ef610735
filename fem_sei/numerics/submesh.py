"""Fields that live on parts of a mesh: bodies (groups of regions) and the interfaces between them.

A body has a mesh of its own, so that the displacement may jump where two bodies meet; the interface between
them is a mesh of facets, which carries what the interface remembers at its quadrature points. Everything is
assembled on the parent mesh: cells of a body by its regions, an interface by the list of its facets with the
cell below first, so that "+" is the lower body and "-" the upper one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import ufl
from dolfinx import mesh
from mpi4py import MPI
from scipy.spatial import cKDTree

from fem_sei.numerics import compat

SAME_PLACE = 1e-10  # distance of two midpoints of the same facet over the size of the mesh


class InterfaceError(RuntimeError):
    """The distributed mesh does not show both sides of an interface everywhere."""


@dataclass(eq=False)
class Submesh:
    """A part of ``parent``: ``entities`` gives the parent's entity (of dimension ``dim``) of each of its
    cells, ghosts included. ``native``: the map as DOLFINx gives it. The whole parent is its own part."""

    mesh: mesh.Mesh
    parent: mesh.Mesh
    entities: np.ndarray
    dim: int
    native: object

    @property
    def whole(self) -> bool:
        """Whether this is the parent itself, which needs no map."""
        return self.mesh is self.parent

    @cached_property
    def from_parent(self) -> np.ndarray:
        """Cell of this mesh for every entity of the parent on this rank, -1 where there is none (int32)."""
        index_map = self.parent.topology.index_map(self.dim)
        found = np.full(index_map.size_local + index_map.num_ghosts, -1, dtype=np.int32)
        found[self.entities] = np.arange(len(self.entities), dtype=np.int32)
        return found

    def facets_from_parent(self, facets: np.ndarray) -> np.ndarray:
        """The facets of this mesh (of cells, ghosts included) at the places of the parent's ``facets``; those
        that are not part of it are left out (collective)."""
        if self.whole:
            return facets
        dim = self.parent.topology.dim - 1
        self.mesh.topology.create_connectivity(dim, dim + 1)
        own = np.arange(_present(self.mesh, dim), dtype=np.int32)
        if len(facets) == 0 or len(own) == 0:
            return own[:0]
        places = cKDTree(mesh.compute_midpoints(self.parent, dim, facets))
        distance, _ = places.query(mesh.compute_midpoints(self.mesh, dim, own))
        return own[distance < SAME_PLACE * np.abs(self.parent.geometry.x).max()]


def submesh_of_regions(parent: mesh.Mesh, cell_tags: mesh.MeshTags, tags: Iterable[int]) -> Submesh:
    """The cells with one of the ``tags`` as a mesh of their own, or the parent itself if that is all of it
    (collective)."""
    dim = parent.topology.dim
    cells = cell_tags.indices[np.isin(cell_tags.values, list(tags))].astype(np.int32)
    index_map = parent.topology.index_map(dim)
    present = index_map.size_local + index_map.num_ghosts
    if parent.comm.allreduce(len(cells) == present, MPI.LAND):
        return Submesh(parent, parent, np.arange(present, dtype=np.int32), dim, None)
    part, entities, native = compat.create_submesh(parent, dim, cells)
    return Submesh(part, parent, entities, dim, native)


@dataclass(eq=False)
class Interface:
    """Facets of ``parent`` that carry an interface: their ``part`` as a mesh, and the integration data
    ``entities`` of the facets this rank owns: (cell below, facet of that cell, cell above, facet of that
    cell) for an interface between two bodies, (cell, facet of that cell) for one at the boundary."""

    part: Submesh
    entities: np.ndarray
    between: bool

    @property
    def facets(self) -> int:
        """Number of facets this rank owns."""
        return len(self.entities)


def interface_between(
    parent: mesh.Mesh, cell_tags: mesh.MeshTags, facets: np.ndarray, lower: Sequence[int]
) -> Interface:
    """The interface made of the ``facets`` (of this rank, ghosts included); the regions ``lower`` are below.

    Collective. Raises InterfaceError, on every rank, if a rank does not see both cells of a facet it owns
    (the mesh was distributed without shared facets), or both cells lie on the same side.
    """
    rows = _neighbours(parent, facets)
    torn = sum(len(row) != 4 for row in rows)
    below = np.zeros(0, dtype=bool)
    if not torn and rows:
        quadruples = np.array(rows, dtype=np.int32)
        region = np.full(_present(parent, parent.topology.dim), -1, dtype=np.int32)
        region[cell_tags.indices] = cell_tags.values
        below = np.isin(region[quadruples[:, [0, 2]]], list(lower))
    one_sided = int((below.sum(axis=1) != 1).sum()) if below.size else 0
    torn, one_sided = parent.comm.allreduce(torn), parent.comm.allreduce(one_sided)
    if torn or one_sided:
        raise InterfaceError(
            f"{torn} facets of an interface lack a cell on the rank that owns them and {one_sided} do not "
            "lie between two bodies: their tractions would be lost"
        )
    ordered = np.zeros((0, 4), dtype=np.int32)
    if rows:
        ordered = np.where(below[:, :1], quadruples, quadruples[:, [2, 3, 0, 1]])
    return Interface(_facet_mesh(parent, facets), np.ascontiguousarray(ordered), between=True)


def interface_at_boundary(parent: mesh.Mesh, facets: np.ndarray) -> Interface:
    """The interface to a rigid body at outer ``facets`` (of this rank, ghosts included); collective.

    Raises InterfaceError, on every rank, for facets that are not at the boundary.
    """
    rows = _neighbours(parent, facets)
    inner = parent.comm.allreduce(sum(len(row) != 2 for row in rows))
    if inner:
        raise InterfaceError(f"{inner} facets of an interface to a rigid body are inside of the mesh")
    entities = np.array(rows, dtype=np.int32).reshape(-1, 2)
    return Interface(_facet_mesh(parent, facets), entities, between=False)


def _present(parent: mesh.Mesh, dim: int) -> int:
    index_map = parent.topology.index_map(dim)
    return index_map.size_local + index_map.num_ghosts


def _facet_mesh(parent: mesh.Mesh, facets: np.ndarray) -> Submesh:
    dim = parent.topology.dim - 1
    part, entities, native = compat.create_submesh(parent, dim, np.sort(facets).astype(np.int32))
    return Submesh(part, parent, entities, dim, native)


def _neighbours(parent: mesh.Mesh, facets: np.ndarray) -> list[list[int]]:
    """(cell, its facet, ...) of each of the ``facets`` that this rank owns."""
    topology, tdim = parent.topology, parent.topology.dim
    topology.create_connectivity(tdim - 1, tdim)
    topology.create_connectivity(tdim, tdim - 1)
    to_cells, to_facets = topology.connectivity(tdim - 1, tdim), topology.connectivity(tdim, tdim - 1)
    owned = facets[facets < topology.index_map(tdim - 1).size_local]
    rows = []
    for facet in owned:
        row: list[int] = []
        for cell in to_cells.links(facet):
            row += [int(cell), int(np.flatnonzero(to_facets.links(cell) == facet)[0])]
        rows.append(row)
    return rows


def facet_measure(kind: str, parent: mesh.Mesh, entities: Sequence[np.ndarray], degree: int) -> ufl.Measure:
    """The measure ("dS" or "ds") of the facets given by integration data, subdomains numbered from 0."""
    return ufl.Measure(
        kind,
        domain=parent,
        subdomain_data=[(n, rows.ravel()) for n, rows in enumerate(entities)],
        metadata={"quadrature_degree": degree},
    )


def maps_for_assembly(parts: Sequence[Submesh], interfaces: Sequence[Interface]) -> object:
    """What `fem.form` needs as ``entity_maps`` to integrate fields of ``parts`` over the parent mesh."""
    pairs = [one.entities[:, [0, 2]] for one in interfaces if one.between]
    bodies = [part for part in parts if not part.whole]
    facets = [one.part for one in interfaces]
    return compat.entity_maps([*bodies, *facets], pairs)
