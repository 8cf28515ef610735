"""From a case to the mesh and the model of a delamination study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from mpi4py import MPI

from fem_sei.case.cohesive_sizes import cohesive_length, element_size
from fem_sei.case.delamination import DelaminationCase
from fem_sei.geometry.bands import Band, band_sizes
from fem_sei.geometry.layers import facet_groups, meshed_layers, places
from fem_sei.geometry.regions import StackMesh
from fem_sei.geometry.sizes import MeshSizes
from fem_sei.geometry.stack import MeshFile, build_stack
from fem_sei.numerics.compat import remove_abandoned_forms
from fem_sei.studies.delamination import DelaminationModel

TRAVEL = 4.0  # cohesive lengths beyond the flaw in which the mesh is fine: as far as the largest load needs


def length_scale(case: DelaminationCase) -> float:
    """The unit of length (m) of mesh and equations: the thickness of the thinnest layer."""
    return min(layer.thickness for layer in meshed_layers(case.geometry))


def mesh_sizes(case: DelaminationCase) -> MeshSizes:
    """Element sizes: fine along the interfaces where they can open, coarser elsewhere."""
    travel = np.inf if case.loading is None else TRAVEL  # given displacements can open all of an interface
    bands = [
        Band(one.on, element_size(case, one), one.flaw, travel * cohesive_length(case, one))
        for one in case.interfaces
    ]
    across, coarse = case.mesh.elements_across, case.mesh.coarse_size
    return band_sizes(case.geometry, bands, case.boundaries, across, coarse)


def mesh_file(case: DelaminationCase) -> MeshFile | None:
    """The file that the case takes its mesh from, if any."""
    if not case.mesh.file:
        return None
    return MeshFile(Path(case.mesh.file), case.mesh.file_unit, facet_groups(case))


def build_mesh(case: DelaminationCase, comm: MPI.Comm, kept: Path | None = None) -> StackMesh:
    """The meshed stack of the case, kept in the file ``kept`` (collective)."""
    return build_stack(case.geometry, mesh_sizes(case), comm, length_scale(case), mesh_file(case), kept)


def build_model(case: DelaminationCase, comm: MPI.Comm, kept: Path | None = None) -> DelaminationModel:
    """The equations of the case on its mesh (collective)."""
    remove_abandoned_forms()
    return DelaminationModel(case, build_mesh(case, comm, kept), places(case.geometry))
