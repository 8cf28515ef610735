"""Functions on parts of a mesh: which cells or facets of the whole they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from dolfinx import fem, mesh


class Submesh(Protocol):
    """A mesh made of ``entities`` (int32, one per cell, ghosts too) of dimension ``dim`` of ``parent``."""

    mesh: mesh.Mesh
    parent: mesh.Mesh
    entities: np.ndarray
    dim: int


def home(function: fem.Function, submeshes: Sequence[Submesh]) -> Submesh | None:
    """The one of ``submeshes`` that ``function`` is defined on; None if it is on the whole mesh."""
    domain = function.function_space.mesh
    return next((part for part in submeshes if part.mesh is domain), None)
