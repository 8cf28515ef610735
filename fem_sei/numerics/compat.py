"""The one place that knows which DOLFINx runs (0.9, 0.10 or 0.11).

What differs is found out by looking at the objects, not by comparing version numbers, so that a
development version works as soon as its interface does.
"""

from __future__ import annotations

import ctypes
import platform
import re
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

try:
    import dolfinx
    from mpi4py import MPI
    from petsc4py import PETSc
except ImportError as error:
    raise ImportError(
        f"fem_sei needs DOLFINx with petsc4py and mpi4py, and this Python cannot import them ({error}).\n"
        "Any one of these will do:\n"
        "  docker/run fem-sei ...                  the launcher of this repository sets everything up\n"
        "  conda install -c conda-forge fenics-dolfinx python-gmsh\n"
        "  apt install python3-dolfinx-real python3-gmsh      on Debian 13 or newer\n"
        "DOLFINx is not on PyPI: pip cannot install it."
    ) from error

from dolfinx import fem, jit, la, mesh
from dolfinx.fem import petsc

try:
    from dolfinx.io import gmsh as gmsh_io  # 0.10 and newer
except ImportError:
    from dolfinx.io import gmshio as gmsh_io

MAX_FACET_TO_CELL_LINKS = 2  # a facet of a manifold mesh has at most two cells
ADD = la.InsertMode.add
ABANDONED = 120.0  # s, longer than compiling one form takes


def gmsh_model_to_mesh(
    model: Any, comm: MPI.Comm, rank: int, gdim: int
) -> tuple[mesh.Mesh, mesh.MeshTags, mesh.MeshTags]:
    """Distribute the Gmsh ``model`` of ``rank`` (``None`` elsewhere): mesh, cell tags, facet tags.

    Collective. Both cells of every interior facet are on the rank that owns the facet (shared-facet
    ghosting): without it DOLFINx drops interior facets at process boundaries without a word.
    """
    data = gmsh_io.model_to_mesh(model, comm, rank, gdim=gdim, partitioner=shared_facet_partitioner())
    # a plain triple in 0.9, the named tuple MeshData(mesh, cell_tags, facet_tags, ...) from 0.10 on
    return data[0], data[1], data[2]


def shared_facet_partitioner() -> Any:
    """How meshes are distributed: every rank has both cells of the facets it owns."""
    mode = mesh.GhostMode.shared_facet
    try:
        return mesh.create_cell_partitioner(mode, MAX_FACET_TO_CELL_LINKS)  # 0.11 and newer
    except TypeError:
        return mesh.create_cell_partitioner(mode)


def geometry_dofmap(domain: mesh.Mesh) -> np.ndarray:
    """Geometry nodes of each cell of this rank, ghosts included: (cells, nodes per cell), int32."""
    dofmaps = getattr(domain.geometry, "dofmaps", None)
    if dofmaps is None or callable(dofmaps):
        return domain.geometry.dofmap
    return dofmaps[0]


def create_submesh(parent: mesh.Mesh, dim: int, entities: np.ndarray) -> tuple[mesh.Mesh, np.ndarray, Any]:
    """The ``entities`` of the parent (of this rank, ghosts included) as a mesh; the parent's entity of each
    of its cells (int32); and the map as this DOLFINx wants it for assembly. Collective."""
    part, native = mesh.create_submesh(parent, dim, entities)[:2]
    if isinstance(native, np.ndarray):  # 0.9
        return part, native, None
    index_map = part.topology.index_map(dim)
    cells = np.arange(index_map.size_local + index_map.num_ghosts, dtype=np.int32)
    return part, native.sub_topology_to_topology(cells, False), native


def entity_maps(parts: Sequence[Any], pairs: Sequence[np.ndarray]) -> Any:
    """Maps from the parent mesh to its ``parts`` (`numerics.submesh.Submesh`) for `fem.form`.

    ``pairs``: the cells (n, 2) below and above every interface. DOLFINx 0.9 looks up both cells of a facet in
    every part, also those a part does not have: there such a cell stands for its neighbour, whose entries
    are zeros.
    """
    if not parts:
        return None  # an empty list is not what 0.9 wants, an empty dict not what 0.11 does
    if parts[0].native is not None:
        return [part.native for part in parts]
    maps = {}
    for part in parts:
        found = part.from_parent.copy()
        if part.dim == part.parent.topology.dim:
            for below, above in (pair.T for pair in pairs):
                for here, there in ((below, above), (above, below)):
                    lacking = (part.from_parent[there] < 0) & (part.from_parent[here] >= 0)
                    found[there[lacking]] = part.from_parent[here[lacking]]
        maps[part.mesh] = found
    return maps


def block_matrix(forms: list[list[Any]]) -> PETSc.Mat:
    """An empty matrix for a square array of bilinear forms: all rows of the first block on this rank, then of
    the second, ... (collective)."""
    if hasattr(petsc, "create_matrix_block"):  # 0.9
        return petsc.create_matrix_block(forms)
    return petsc.create_matrix(forms, kind="mpi")


def assemble_block_matrix(A: PETSc.Mat, forms: list[list[Any]], bcs: list[fem.DirichletBC]) -> None:
    """Fill the matrix of `block_matrix`; rows and columns of essential values become the identity's."""
    if hasattr(petsc, "assemble_matrix_block"):
        petsc.assemble_matrix_block(A, forms, bcs=bcs)
    else:
        petsc.assemble_matrix(A, forms, bcs=bcs)


def interpolation_points(space_or_element: Any) -> np.ndarray:
    """Reference points where an expression is evaluated to be interpolated into the space."""
    element = getattr(space_or_element, "element", space_or_element)
    points = element.interpolation_points
    return points() if callable(points) else points


def collapse(space: fem.FunctionSpace, index: int) -> tuple[fem.FunctionSpace, np.ndarray]:
    """Component ``index`` of a mixed space as a space of its own, and its dofs in the mixed one (int32)."""
    component, dofs = space.sub(index).collapse()
    if len(dofs) > 0 and np.ndim(dofs[0]) > 0:  # from 0.11 on: one array per cell type
        dofs = np.concatenate(dofs)
    return component, np.asarray(dofs, dtype=np.int32).ravel()


def remove_abandoned_forms() -> None:
    """Tidy the cache of compiled forms after a process that was killed while it compiled.

    FFCx marks a form under compilation by its .c file, and every later process waits for it until it gives
    up. Without the mark that it is ready, one that is so old is nobody's any more. Not collective: the cache
    may be on a disk of the node.
    """
    folder = Path(jit.get_options()["cache_dir"]).expanduser()
    for file in folder.glob("libffcx_*.c"):
        with suppress(OSError):  # another rank may be faster
            if not file.with_suffix(".c.cached").exists() and time.time() - file.stat().st_mtime > ABANDONED:
                file.unlink()


def petsc_option_used(name: str) -> bool:
    """Whether PETSc has read the option ``name`` of the global data base.

    petsc4py does not wrap PetscOptionsUsed, so it is called in the library that petsc4py is linked to.
    """
    library = ctypes.CDLL(PETSc.__file__)
    used = ctypes.c_int(0)
    library.PetscOptionsUsed(None, name.encode(), ctypes.byref(used))
    return bool(used.value & 0xFF)  # PetscBool is a C enum up to 3.22, one byte afterwards


def runtime_info() -> dict[str, Any]:
    """Versions and abilities of what runs underneath: written to run.json and printed by ``info``."""
    import gmsh
    import mpi4py
    import petsc4py

    info: dict[str, Any] = {
        "dolfinx": dolfinx.__version__,
        "petsc": ".".join(str(part) for part in PETSc.Sys.getVersion()),
        "petsc4py": petsc4py.__version__,
        "mpi": MPI.Get_library_version().split(",")[0].splitlines()[0].strip(" \0"),
        "mpi4py": mpi4py.__version__,
        "gmsh": gmsh.__version__,
        "python": platform.python_version(),
        "blas": _blas_in_use(),
    }
    for package in ("hypre", "mumps", "superlu_dist"):
        info[f"has_{package}"] = bool(PETSc.Sys.hasExternalPackage(package))
    return info


def _blas_in_use() -> str:
    """File name of the BLAS that PETSc is linked to, from the libraries mapped into this process (Linux)."""
    try:
        maps = Path("/proc/self/maps").read_text()
    except OSError:
        return "unknown"
    files = {line.split(maxsplit=5)[5] for line in maps.splitlines() if line.count("/") > 1}
    # numpy and scipy from PyPI carry a BLAS of their own, which PETSc does not use
    names = {Path(file).name for file in files if not re.search(r"(numpy|scipy)\.libs/", file)}
    for pattern in (r"libopenblas", r"libmkl_rt|libmkl_core", r"libblis", r"libatlas|libsatlas", r"libblas"):
        found = sorted(name for name in names if re.match(pattern, name))
        if found:
            reference = " (reference BLAS, slow: install libopenblas0-serial)" if pattern == "libblas" else ""
            return found[0] + reference
    return "unknown"
