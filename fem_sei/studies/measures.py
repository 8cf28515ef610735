"""What the path of a delamination is measured by: vectors m with m.u the opening or the opened volume."""

from __future__ import annotations

import numpy as np
import ufl
from dolfinx import fem
from petsc4py import PETSc

from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.joints import Body, Joint


def opened_volume(model: DelaminationModel, joint: Joint) -> PETSc.Vec:
    """m.u is the volume (per depth in the plane) between the faces of the initial flaw (collective)."""
    solver = model.solver
    jumps = [joint.virtual_jump(body) for body in model.bodies]
    w = joint.here(joint.w) * joint.area
    forms = [None if v is None else w * ufl.dot(joint.n, v) * joint.measure for v in jumps]
    return solver.assemble(solver.compile(forms), solver.x.duplicate())


def nearest_opening(model: DelaminationModel, joint: Joint) -> PETSc.Vec:
    """m.u is the opening at the start (centre) of the flaw, at the node that is nearest to it (collective)."""
    flaw, at = joint.data.flaw, np.zeros(model.dim - 1)
    if flaw is not None:
        at = np.array([flaw.start] if model.dim == 2 else flaw.centre) / model.L
    vector = model.solver.x.duplicate()
    vector.set(0.0)
    for body, sign, _ in joint.sides:
        nodes, away = _nodes(model, joint, body, at)
        nearest, rank = float(away.min(initial=np.inf)), model.comm.rank
        if min(model.comm.allgather((nearest, rank))) == (nearest, rank):
            start = model.solver.starts[model.bodies.index(body)]
            vector.array[start + nodes[np.argmin(away)] * model.dim + model.dim - 1] = sign
    return vector


def _nodes(model: DelaminationModel, joint: Joint, body: Body, at: np.ndarray) -> tuple[np.ndarray, ...]:
    """The body's nodes on an interface that this rank owns, and how far each is from ``at``."""
    space = body.u.function_space
    facets = body.part.facets_from_parent(joint.interface.part.entities)
    nodes = fem.locate_dofs_topological(space, model.dim - 1, facets)
    nodes = nodes[nodes < space.dofmap.index_map.size_local]
    places = space.tabulate_dof_coordinates()[nodes, : model.dim - 1]
    return nodes, np.linalg.norm(places - at, axis=1)
