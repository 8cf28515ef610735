"""From a case to the mesh and the model of a plating study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

from mpi4py import MPI

from fem_sei.case import plan
from fem_sei.case.schema import Case
from fem_sei.geometry.layers import facet_groups
from fem_sei.geometry.regions import StackMesh
from fem_sei.geometry.sizes import Box, MeshSizes
from fem_sei.geometry.stack import MeshFile, build_stack
from fem_sei.numerics.compat import remove_abandoned_forms
from fem_sei.numerics.linear import profile_options
from fem_sei.studies.chen2015 import Chen2015Model, Chen2015Parameters
from fem_sei.studies.plating import FIELDS, PlatingModel, PlatingParameters

LENGTH_SCALE = 1e-6
MESH_MOBILITY, LARGEST_MOBILITY = 6.0, 8.0  # m at h = l, and at most
CHEN2015_RTOL = 1e-8
DEPLETED = 0.1  # steady concentration at the front over the initial one
CUTOFF, DEPLETED_CUTOFF = 3e-3, 1e-2


def mesh_sizes(case: Case) -> MeshSizes:
    """Element sizes: fine where the front will pass, coarse elsewhere."""
    boxes = [Box(**asdict(rectangle)) for rectangle in plan.fine_band(case)]
    return MeshSizes(plan.cell_size(case), plan.coarse_size(case), boxes)


def mesh_file(case: Case) -> MeshFile | None:
    """The file that the case takes its mesh from, if any."""
    if not case.mesh.file:
        return None
    return MeshFile(Path(case.mesh.file), case.mesh.file_unit, facet_groups(case))


def build_mesh(case: Case, comm: MPI.Comm, kept: Path | None = None) -> StackMesh:
    """The meshed stack of the case, kept in the file ``kept`` (collective)."""
    return build_stack(case.geometry, mesh_sizes(case), comm, LENGTH_SCALE, mesh_file(case), kept)


def parameters(case: Case) -> PlatingParameters:
    """What the equations need, in SI. The metal region has the ion conductor that covers it."""
    metal, kinetics, layers = case.metal, case.kinetics, case.geometry.layers
    covering = [layers[1], *layers[1:]]
    return PlatingParameters(
        z=metal.z,
        V_m=metal.value("V_m"),
        temperature=case.conditions.temperature,
        i0=kinetics.exchange_current_density,
        alpha=kinetics.alpha,
        surface_energy=kinetics.surface_energy,
        concentration=case.conditions.concentration,
        reference_concentration=kinetics.reference_concentration,
        interface_width=case.phase_field.interface_width,
        layers={
            layer.name: case.materials[above.material] for layer, above in zip(layers, covering, strict=True)
        },
        counter=case.operation.counter,
        counter_electrode=case.operation.counter_electrode,
        reaction_cutoff=reaction_cutoff(case),
        mobility=mobility(case),
        current_scale=max(plan.largest_current(case), 0.1 * kinetics.exchange_current_density),
    )


def reaction_cutoff(case: Case) -> float:
    """qc: the reaction runs away in the tail of a depleted front unless more of the tail is cut off.

    The larger value costs accuracy elsewhere (planar speed 0.5 % at delta/4), so it is not the rule.
    """
    lowest = plan.lowest_front_concentration(case) / case.conditions.concentration
    return DEPLETED_CUTOFF if lowest < DEPLETED else CUTOFF


def mobility(case: Case) -> float:
    """m: as large as the mesh allows, since a strong regularisation keeps the profile in closing valleys.

    Lateral ripples grow above m (h/l)^2 = 8 or so (measured on structured triangles; Gmsh's bear more).
    """
    return min(LARGEST_MOBILITY, MESH_MOBILITY * (case.mesh.elements_across_interface / 4) ** 2)


KEPT_PARAMETERS = ("current_scale", "reaction_cutoff", "mobility")


def kept_parameters(p: PlatingParameters) -> dict[str, float]:
    """Parameters chosen from the whole plan: a run that is continued with another plan keeps them, so that
    its units and its equations stay what they were."""
    return {name: getattr(p, name) for name in KEPT_PARAMETERS}


def build_model(
    case: Case, comm: MPI.Comm, kept_mesh: Path | None = None, kept: Mapping[str, float] | None = None
) -> PlatingModel:
    """Mesh and model of the case, at the initial state (collective).

    ``kept_mesh``: file to keep the mesh in; ``kept``: ``kept_parameters`` of the run that is continued.
    """
    remove_abandoned_forms()
    stack = build_mesh(case, comm, kept_mesh)
    nodes = stack.mesh.geometry.index_map().size_global
    dofs = nodes * len(FIELDS)
    options = profile_options(case.solver.profile, FIELDS, dofs, case.geometry.dimension)
    made, p = PlatingModel, replace(parameters(case), **(kept or {}))
    if case.phase_field.formulation == "chen2015":
        L_s, resistivity = case.phase_field.interface_mobility, case.metal.value("resistivity")
        p = Chen2015Parameters(**vars(p), interface_mobility=L_s, metal_conductivity=1 / resistivity)
        made = Chen2015Model
        if "ksp_rtol" in options:  # the metal conducts 1e7 times better: no inexact Newton
            options = {key: value for key, value in options.items() if not key.startswith("snes_ksp_ew")}
            options["ksp_rtol"] = CHEN2015_RTOL
    model = made(stack, p, plan.cell_size(case), options, case.solver.petsc)
    model.initialise()
    first = case.operation.sequence[0]
    model.impose("potential" if first.current_density is None else "current")
    return model
