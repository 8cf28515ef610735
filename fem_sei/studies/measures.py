"""What the path of a delamination is measured by: vectors m, with m.u an opening or an opened volume."""

from __future__ import annotations

import numpy as np
import ufl
from dolfinx import fem
from petsc4py import PETSc

from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.joints import Body, Joint

NO_LENGTH = 1e-24  # square of an opening that is none


def opened_volume(model: DelaminationModel, joint: Joint | None) -> PETSc.Vec:
    """m.u is the volume (per depth in the plane) between the faces of the initial flaw, zero without an
    interface (collective)."""
    solver = model.solver
    if joint is None:
        return _zero(model)
    jumps = [joint.virtual_jump(body) for body in model.bodies]
    w = joint.here(joint.w) * joint.area
    forms = [None if v is None else w * ufl.dot(joint.n, v) * joint.measure for v in jumps]
    return solver.assemble(solver.compile(forms), solver.x.duplicate())


def _zero(model: DelaminationModel) -> PETSc.Vec:
    vector = model.solver.x.duplicate()
    vector.set(0.0)
    return vector


def nearest_opening(model: DelaminationModel, joint: Joint | None) -> PETSc.Vec:
    """m.u is the opening at the start (centre) of the flaw, at the node nearest to it, zero without an
    interface (collective)."""
    vector = _zero(model)
    if joint is None:
        return vector
    flaw, at = joint.data.flaw, np.zeros(model.dim - 1)
    if flaw is not None:
        at = np.array([flaw.start] if model.dim == 2 else flaw.centre) / model.L
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


class ProcessZone:
    """z.u is the opening and sliding, along its present direction, of all points that are partly damaged."""

    def __init__(self, model: DelaminationModel) -> None:
        self.model, self.shares = model, []
        forms: list[ufl.Form | None] = [None] * len(model.bodies)
        for joint in model.joints:
            share = fem.Function(joint.d.function_space)
            self.shares.append(share)
            length = ufl.sqrt(ufl.inner(joint.jump, joint.jump) + NO_LENGTH)
            for n, body in enumerate(model.bodies):
                v = joint.virtual_jump(body)
                if v is not None:
                    along = ufl.dot(joint.jump, v) / length
                    term = joint.here(share) * along * joint.area * joint.measure
                    forms[n] = term if forms[n] is None else forms[n] + term
        self.forms = model.solver.compile(forms)

    def __call__(self) -> PETSc.Vec:
        """z at the present state of the unknowns, of which the last accepted state must be (collective)."""
        for joint, share in zip(self.model.joints, self.shares, strict=True):
            damage = joint.values("energy_damage")
            share.x.array[: len(damage)] = (damage > 0.0) & (damage < 1.0)
            share.x.scatter_forward()
        solver = self.model.solver
        return solver.assemble(self.forms, solver.x.duplicate())
