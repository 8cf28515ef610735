"""Stacks on several ranks: nothing is lost, and a failure of one rank is everybody's."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from dolfinx import fem, graph
from mpi4py import MPI

from fem_sei.geometry import stack as stack_module
from fem_sei.geometry.bands import Band, band_sizes
from fem_sei.geometry.stack import Box, MeshError, MeshSizes, build_stack
from fem_sei.numerics import compat

COMM = MPI.COMM_WORLD
UM = 1e-6
ENVIRONMENT = dict(os.environ)  # as Python found it: initialising MPI adds what a new mpirun trips over


def geometry(dimension, count):
    """Metal with a bump, and ``count`` layers of 0.1 um and more on it."""
    layers = [SimpleNamespace(name="metal", thickness=0.2 * UM)]
    layers += [
        SimpleNamespace(name=f"layer{i}", thickness=(0.3 if i == 0 else 0.1) * UM) for i in range(count)
    ]
    at = 0.3 * UM if dimension == 2 else (0.3 * UM, 0.3 * UM)
    bump = SimpleNamespace(kind="bump", at=at, height=0.1 * UM, width=0.2 * UM)
    features = [bump] if dimension > 1 else []
    return SimpleNamespace(dimension=dimension, width=1 * UM, depth=1 * UM, layers=layers, features=features)


SIZES = MeshSizes(20e-9, 60e-9, [Box(0.0, 1 * UM, 0.0, 0.1 * UM)])
SIZES_3D = MeshSizes(60e-9, 120e-9, [Box(0.0, 1 * UM, 0.0, 0.1 * UM, 0.0, 1 * UM)])


@pytest.mark.mpi
@pytest.mark.skipif(COMM.size > 1, reason="this is the run on several ranks")
@pytest.mark.parametrize("ranks", [2, 3])
def test_this_file_on_several_ranks(ranks):
    command = ["mpirun", "-n", str(ranks), sys.executable, "-m", "pytest", "-q", "-x", __file__]
    policy = ("OMPI_MCA_rmaps_default_mapping_policy", "PRTE_MCA_rmaps_default_mapping_policy")
    allow = dict.fromkeys(policy, ":oversubscribe")
    done = subprocess.run(command, env=ENVIRONMENT | allow, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("dimension", "count"), [(1, 2), (1, 5), (2, 1), (2, 5), (3, 2)])
def test_integrals_over_all_names_are_complete(dimension, count):
    stack = build_stack(geometry(dimension, count), SIZES_3D if dimension == 3 else SIZES, COMM)
    one = fem.Constant(stack.mesh, 1.0)

    def integral(measure):
        return COMM.allreduce(fem.assemble_scalar(fem.form(one * measure)))

    total = 0.5 + 0.1 * (count - 1)
    assert sum(integral(stack.dx(tag)) for tag in stack.regions.values()) == pytest.approx(total, rel=1e-12)
    flat = [name for name in stack.interfaces if not name.startswith("metal")]
    for name in flat:
        assert integral(stack.dS(stack.interfaces[name])) == pytest.approx(1.0, rel=1e-12)
    if dimension == 2:
        x = np.linspace(0.0, UM, 10_001)
        length = np.hypot(np.diff(x), np.diff(stack.surface.height(x))).sum() / UM
        assert integral(stack.dS(stack.interfaces["metal|layer0"])) == pytest.approx(length, rel=1e-3)
        assert integral(stack.ds(stack.boundaries["right"])) == pytest.approx(total, rel=1e-12)
    assert integral(stack.ds(stack.boundaries["top"])) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize(("dimension", "sizes"), [(2, SIZES), (3, SIZES_3D)])
def test_the_numbers_do_not_depend_on_the_ranks(dimension, sizes):
    alone = build_stack(geometry(dimension, 3), sizes, MPI.COMM_SELF)
    together = build_stack(geometry(dimension, 3), sizes, COMM)
    assert together.summary() == pytest.approx(alone.summary(), rel=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_films_on_a_rigid_layer_are_complete(dimension):
    """One meshed layer and two; what opens is a boundary and an interface."""
    layers = [
        SimpleNamespace(name=name, thickness=h * UM, rigid=name == "metal")
        for name, h in (("metal", 0.1), ("sei", 0.1), ("coating", 0.2))
    ]
    flaw = {2: {"start": 0.0, "end": 0.3 * UM}, 3: {"centre": (0.0, 0.0), "radius": 0.3 * UM}}[dimension]
    for count in (2, 3):
        film = SimpleNamespace(dimension=dimension, width=1 * UM, depth=0.5 * UM, layers=layers[:count])
        band = Band("metal|sei", 0.04 * UM, SimpleNamespace(**flaw), 0.1 * UM)
        sizes = band_sizes(film, [band], across=1)
        stack = build_stack(film, sizes, COMM)
        assert stack.summary() == pytest.approx(build_stack(film, sizes, MPI.COMM_SELF).summary(), rel=1e-12)
        one = fem.Constant(stack.mesh, 1.0)
        area = 1.0 if dimension == 2 else 0.5
        parts = {name: stack.ds(stack.boundaries[name]) for name in ("bottom", "top")}
        parts |= {name: stack.dS(tag) for name, tag in stack.interfaces.items()}
        assert len(parts) == count
        for name, measure in parts.items():
            found = COMM.allreduce(fem.assemble_scalar(fem.form(one * measure)))
            assert found == pytest.approx(area, rel=1e-12), name


def test_region_functions_know_the_ghosts():
    stack = build_stack(geometry(2, 2), SIZES, COMM)
    function = stack.region_function({"metal": 1.0, "layer0": 2.0, "layer1": 3.0})
    before = function.x.array.copy()
    function.x.scatter_forward()
    assert np.array_equal(before, function.x.array)
    assert before.min() >= 1.0


def test_a_failure_of_gmsh_is_raised_on_all_ranks(monkeypatch):
    def fail(gmsh, plan):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(stack_module, "_generate", fail)
    with pytest.raises(MeshError, match="no such luck"):
        build_stack(geometry(2, 2), SIZES, COMM)


def test_interior_facets_lost_between_ranks_are_noticed(monkeypatch):
    """Without ghost cells a facet between two ranks has one cell on each: its interface integral is lost."""

    def deal_out(comm, parts, cell_types, cells):
        owners = np.arange(len(cells[0]) // 3, dtype=np.int32) % parts
        owner_lists = graph.adjacencylist(owners.reshape(-1, 1))
        return getattr(owner_lists, "_cpp_object", owner_lists)

    monkeypatch.setattr(compat.mesh, "create_cell_partitioner", lambda *args: deal_out)
    layers = geometry(2, 3)
    if COMM.size == 1:
        build_stack(layers, SIZES, COMM)
        return
    with pytest.raises(MeshError, match="lack one of 2 cells on the rank owning them"):
        build_stack(layers, SIZES, COMM)
