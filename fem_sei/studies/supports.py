"""Named boundaries of the study "delamination": their facets, and the displacements given there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from dolfinx import fem, mesh
from petsc4py import PETSc

from fem_sei.geometry.regions import StackMesh
from fem_sei.studies.joints import Body

NORMAL = {"left": 0, "right": 0, "front": 1, "back": 1}  # axis; the others are normal to the last axis
ON_A_POINT = 1e-6  # of the length scale: how far a node may be from a point


@dataclass(eq=False)
class GivenDisplacement:
    """One component of a displacement that is prescribed: ``value`` (model length) at factor 1, now in
    ``constant``, at ``dofs`` of the body number ``body``."""

    constant: fem.Constant
    value: float
    held: bool
    body: int
    dofs: np.ndarray


def facets_of(stack: StackMesh, boundary: Any, body: Body) -> np.ndarray:
    """Facets (of this rank, ghosts included) of a named boundary of the case that belong to a body."""
    domain, dim = stack.mesh, stack.mesh.topology.dim
    facets = stack.facet_tags.find(stack.boundaries[boundary.on])
    domain.topology.create_connectivity(dim - 1, dim)
    to_cells = domain.topology.connectivity(dim - 1, dim)
    region = np.full(len(body.part.from_parent), -1, dtype=np.int32)
    region[stack.cell_tags.indices] = stack.cell_tags.values
    layers = [boundary.layer] if boundary.layer else body.layers
    wanted = [stack.regions[name] for name in layers if name in body.layers]
    inside = [np.isin(region[to_cells.links(facet)], wanted).any() for facet in facets]
    facets = facets[np.array(inside, dtype=bool)]
    if boundary.between is None or len(facets) == 0:
        return facets
    low, high = (x / stack.length_scale for x in boundary.between)
    along = mesh.compute_midpoints(domain, dim - 1, facets)[:, _axis_along(boundary)]
    return facets[(along > low) & (along < high)]


def _axis_along(boundary: Any) -> int:
    return 1 if boundary.on in ("left", "right") else 0


def fix_displacements(case: Any, stack: StackMesh, bodies: list[Body]) -> list[GivenDisplacement]:
    """Put the essential values of all boundaries into the bodies' ``bcs``; returns those that are not zero
    (collective)."""
    given = []
    for boundary in case.boundaries:
        values = _values(boundary, stack)
        for number, body in enumerate(bodies if values else []):
            nodes = _nodes(stack, boundary, body)
            space = body.u.function_space
            for component, value in values.items():
                constant = fem.Constant(body.part.mesh, PETSc.ScalarType(0.0))
                dofs = (nodes * space.dofmap.index_map_bs + component).astype(np.int32)
                body.bcs.append(fem.dirichletbc(constant, dofs, space.sub(component)))
                if value:
                    given.append(GivenDisplacement(constant, value, boundary.held, number, dofs))
    return given


def _values(boundary: Any, stack: StackMesh) -> dict[int, float]:
    """The given displacement (model lengths) of each component."""
    growth = stack.mesh.topology.dim - 1
    if boundary.condition == "symmetry":
        return {NORMAL.get(boundary.on, growth): 0.0}
    if boundary.condition == "clamped":
        return dict.fromkeys(range(growth + 1), 0.0)
    if boundary.displacement is None:
        return {}
    found = {"x": boundary.displacement.x, "y": boundary.displacement.y, "z": boundary.displacement.z}
    return {"xyz".index(key): u / stack.length_scale for key, u in found.items() if u is not None}


def _nodes(stack: StackMesh, boundary: Any, body: Body) -> np.ndarray:
    """Nodes of the body on the boundary; a range without extent is the node at this place."""
    space = body.u.function_space
    dim = stack.mesh.topology.dim
    if boundary.between is not None and boundary.between[0] == boundary.between[1]:
        whole = boundary.model_copy(update={"between": None})
        nodes = fem.locate_dofs_topological(
            space, dim - 1, _in_body(stack, facets_of(stack, whole, body), body)
        )
        at = space.tabulate_dof_coordinates()[nodes, _axis_along(boundary)]
        return nodes[np.abs(at - boundary.between[0] / stack.length_scale) < ON_A_POINT]
    return fem.locate_dofs_topological(
        space, dim - 1, _in_body(stack, facets_of(stack, boundary, body), body)
    )


def _in_body(stack: StackMesh, facets: np.ndarray, body: Body) -> np.ndarray:
    """The facets of a body's own mesh that are these ``facets`` of the whole mesh."""
    return body.part.facets_from_parent(facets)
