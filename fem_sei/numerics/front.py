"""A front given by the level xi = 1/2 of a tanh profile: normals, curvature, position, width, pieces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
import ufl
from dolfinx import fem
from dolfinx.fem.petsc import assemble_matrix, assemble_vector
from mpi4py import MPI
from petsc4py import PETSc
from scipy.sparse.csgraph import connected_components

from fem_sei.numerics.simplex import SimplexGrid

TAIL = 1e-9  # bounds the level function: |psi| <= 20.7 l
LONGEST = {1: 2.0, 2: 2.0, 3: 3.0}  # l; the longest of many tetrahedra exceed 2 l even where h = l
SWITCH_TAIL = 1e-5  # xi(1-xi) below which no regularisation is needed


def level(xi: np.ndarray, l: float) -> np.ndarray:
    """psi = l ln((xi+e)/(1-xi+e)): signed distance to the front on the equilibrium profile."""
    bounded = np.clip(xi, 0.0, 1.0)
    return l * np.log((bounded + TAIL) / (1 - bounded + TAIL))


def profile(psi: np.ndarray, l: float) -> np.ndarray:
    """xi = 1/(1 + exp(-psi/l)), the inverse of ``level`` up to its bound."""
    return 1 / (1 + np.exp(-np.clip(psi / l, -40, 40)))


@dataclass
class Crossings:
    """Where mesh edges cut the front: ``points`` (n, d), ``ends`` (n, 2) dofs, ``weight`` of the second."""

    points: np.ndarray
    ends: np.ndarray
    weight: np.ndarray

    def sample(self, nodal: np.ndarray) -> np.ndarray:
        """Linear interpolation of nodal values at the crossings."""
        return nodal[self.ends[:, 0]] * (1 - self.weight) + nodal[self.ends[:, 1]] * self.weight


class FrontGeometry:
    """Normals n (piecewise constant, into the metal) and curvature K = -div n (P1) of a level function.

    The level function is smoothed by (1 - s^2 lap)^-1, applied to 2 psi - smoothed(psi) once more so that
    what is left of the smoothing is of fourth order in s K: once alone, a sharp tip is seen too blunt and
    its growth lags. Unsmoothed normals let lateral ripples grow on coarse meshes.
    """

    def __init__(self, space: fem.FunctionSpace, l: float, smoothing: float):
        self.l, self.space, self.comm = l, space, space.mesh.comm
        self.grid = SimplexGrid(space)
        d = self.grid.dimension
        mesh = space.mesh
        self.normal = fem.Function(fem.functionspace(mesh, ("DG", 0, (d,))), name="normal")
        self.curvature = fem.Function(space, name="curvature")
        self.switch = fem.Function(fem.functionspace(mesh, ("DG", 0)), name="switch")
        self._psi = fem.Function(space)
        self._extent = np.zeros(len(self.grid.cells))  # of the cells across the front
        u, w = ufl.TrialFunction(space), ufl.TestFunction(space)
        dx = ufl.dx(metadata={"quadrature_degree": 2})
        s = fem.Constant(mesh, smoothing)
        self._mass = assemble_matrix(fem.form(u * w * dx))
        self._mass.assemble()
        operator = assemble_matrix(fem.form((u * w + s**2 * ufl.dot(ufl.grad(u), ufl.grad(w))) * dx))
        operator.assemble()
        self._divergence = fem.form(ufl.dot(self.normal, ufl.grad(w)) * dx)
        self._solver = PETSc.KSP().create(self.comm)
        self._solver.setOptionsPrefix("femsei_smoothing_")
        self._solver.setType("cg")
        self._solver.getPC().setType("jacobi")
        self._solver.setTolerances(rtol=1e-9)
        self._solver.setOperators(operator)
        self._solver.setFromOptions()
        self._rhs = self._psi.x.petsc_vec.duplicate()

    def _smooth(self, values: np.ndarray) -> np.ndarray:
        self._psi.x.array[:] = values
        self._psi.x.petsc_vec.stateIncrease()  # or PETSc takes it for the zero of an earlier solve
        self._mass.mult(self._psi.x.petsc_vec, self._rhs)
        self._solver.solve(self._rhs, self._psi.x.petsc_vec)
        self._psi.x.scatter_forward()
        return self._psi.x.array.copy()

    def update(self, psi: np.ndarray, with_curvature: bool) -> None:
        """Take normals, curvature and the coarse-cell switch from nodal values of psi (collective).

        The switch is 0 where a cell is longer than 2 l across the front (the compression is unstable
        there) or the front is far away.
        """
        smooth = self._smooth(2 * psi - self._smooth(psi))
        gradient = self.grid.gradient(smooth)
        size = np.linalg.norm(gradient, axis=1)
        self.normal.x.array[:] = (gradient / np.sqrt(size**2 + 1e-4)[:, None]).ravel()
        direction = gradient / np.maximum(size, 1e-12)[:, None]
        xi = profile(psi, self.l)[self.grid.cells]
        near = (xi * (1 - xi)).max(axis=1) > SWITCH_TAIL
        self._extent = self.grid.extent_along(direction)
        self.switch.x.array[:] = near & (self._extent < 2 * self.l)
        if with_curvature:
            self._update_curvature()

    def _update_curvature(self) -> None:
        self.project(self._divergence, self.curvature)

    def project(self, moments: fem.Form, into: fem.Function) -> None:
        """The P1 function of given moments, smoothed like the level function (collective)."""
        self.smear(moments, into)
        raw = into.x.array.copy()  # smoothed by the solve: the same remedy as for psi
        into.x.array[:] = 2 * raw - self._smooth(raw)

    def smear(self, moments: fem.Form, into: fem.Function) -> None:
        """The P1 function of given moments, smoothed by (1 - s^2 lap)^-1 alone (collective)."""
        with self._rhs.localForm() as local:
            local.set(0.0)
        assemble_vector(self._rhs, moments)
        self._rhs.ghostUpdate(PETSc.InsertMode.ADD, PETSc.ScatterMode.REVERSE)
        self._solver.solve(self._rhs, into.x.petsc_vec)
        into.x.scatter_forward()

    def crossings(self, psi: np.ndarray) -> Crossings:
        """Where the edges of this rank's cells cut psi = 0 (linear in psi, which is nearly so in space)."""
        ends = self.grid.edges
        a, b = psi[ends[:, 0]], psi[ends[:, 1]]
        cut = (a > 0) != (b > 0)
        ends, a, b = ends[cut], a[cut], b[cut]
        weight = a / (a - b)
        points = (
            self.grid.points[ends[:, 0]] * (1 - weight)[:, None]
            + self.grid.points[ends[:, 1]] * weight[:, None]
        )
        return Crossings(points, ends, weight)

    def passed(self, psi: np.ndarray) -> np.ndarray:
        """Whether the front passes through each cell of this rank."""
        corner = psi[self.grid.cells]
        return (corner.min(axis=1) < 0) & (corner.max(axis=1) > 0)

    def width_range(self, psi: np.ndarray) -> tuple[float, float]:
        """Smallest and largest width of the front over its equilibrium value (collective).

        1/|grad psi| of the cells that the front passes: 1 on the tanh profile, like the 10-90 width.
        """
        slope = self._slopes(psi, self.passed(psi) & (self.switch.x.array > 0))
        widths = 1 / np.maximum(slope, 1e-12)
        low = self.comm.allreduce(float(widths.min(initial=np.inf)), op=MPI.MIN)
        high = self.comm.allreduce(float(widths.max(initial=0.0)), op=MPI.MAX)
        return low, high

    def steepest(self, nodal: np.ndarray, psi: np.ndarray) -> float:
        """Largest gradient of nodal values in the cells that the front passes (collective)."""
        return self.comm.allreduce(float(self._slopes(nodal, self.passed(psi)).max(initial=0.0)), op=MPI.MAX)

    def sharpest(self, psi: np.ndarray) -> float:
        """Largest |K| of the front at the normals of the last update (collective)."""
        self._update_curvature()
        curvature = np.abs(self.crossings(psi).sample(self.curvature.x.array))
        return self.comm.allreduce(float(curvature.max(initial=0.0)), op=MPI.MAX)

    def unresolved(self, psi: np.ndarray) -> bool:
        """True where the front passes through cells too long across it at the last update (collective)."""
        coarse = self.passed(psi) & (self._extent > LONGEST[self.grid.dimension] * self.l)
        return bool(self.comm.allreduce(bool(coarse.any()), op=MPI.LOR))

    def _slopes(self, nodal: np.ndarray, cells: np.ndarray) -> np.ndarray:
        return np.linalg.norm(self.grid.gradient(nodal, cells), axis=1)

    def count_pieces(self, psi: np.ndarray) -> int:
        """Number of connected pieces of the metal, psi > 0, across all ranks (collective)."""
        inside = psi > 0
        ends = self.grid.edges
        linked = ends[inside[ends[:, 0]] & inside[ends[:, 1]]]
        n = len(psi)
        graph = sparse.coo_matrix((np.ones(len(linked)), (linked[:, 0], linked[:, 1])), shape=(n, n))
        count, label = connected_components(graph, directed=False)
        offset = self.comm.exscan(count) or 0
        label = label.astype(np.float64) + offset
        self._psi.x.array[:] = label
        self._psi.x.scatter_forward()  # ghosts now carry their owner's label
        owned = self.space.dofmap.index_map.size_local
        ghosts = np.arange(owned, n)[inside[owned:]]
        links = np.stack([label[ghosts], self._psi.x.array[ghosts]], axis=1).astype(np.int64)
        labels = np.unique(label[:owned][inside[:owned]]).astype(np.int64)
        gathered = self.comm.gather((labels, links), root=0)
        pieces = 0
        if self.comm.rank == 0:
            labels = np.unique(
                np.concatenate([part[0] for part in gathered] + [part[1].ravel() for part in gathered])
            )
            links = np.searchsorted(labels, np.concatenate([part[1] for part in gathered]))
            graph = sparse.coo_matrix(
                (np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(len(labels),) * 2
            )
            pieces = connected_components(graph, directed=False)[0] if len(labels) else 0
        return self.comm.bcast(pieces, root=0)
