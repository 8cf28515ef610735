"""Interfaces between bodies: patch tests, exact on any number of ranks; facets that are lost are noticed."""

import os
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from dolfinx import graph, mesh
from mpi4py import MPI

from fem_sei.case.loader import resolve
from fem_sei.closed_form.films import series_stress
from fem_sei.geometry.layers import places
from fem_sei.geometry.regions import StackMesh
from fem_sei.numerics import compat
from fem_sei.numerics.submesh import InterfaceError, interface_at_boundary, interface_between
from fem_sei.studies.delamination import DelaminationModel
from fem_sei.studies.delamination_path import DelaminationPath

COMM = MPI.COMM_WORLD
NM, GPA = 1e-9, 1e9
ENVIRONMENT = dict(os.environ)  # as Python found it: initialising MPI adds what a new mpirun trips over
THICKNESSES, MODULI, NU = (20.0 * NM, 3.0 * NM, 9.0 * NM), (70.0 * GPA, 5.0 * GPA, 20.0 * GPA), 0.3
STIFFNESSES, SHEAR_STIFFNESSES = (2e19, 7e19), (5e18, 3e19)
WIDTH, DEPTH = 30.0 * NM, 12.0 * NM
NAMES = ("lower", "middle", "upper")


@pytest.mark.mpi
@pytest.mark.skipif(COMM.size > 1, reason="this is the run on several ranks")
@pytest.mark.parametrize("ranks", [2, 3])
def test_this_file_on_several_ranks(ranks):
    command = ["mpirun", "-n", str(ranks), sys.executable, "-m", "pytest", "-q", "-x", __file__]
    policy = ("OMPI_MCA_rmaps_default_mapping_policy", "PRTE_MCA_rmaps_default_mapping_policy")
    allow = dict.fromkeys(policy, ":oversubscribe")
    done = subprocess.run(command, env=ENVIRONMENT | allow, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def three_layers(dimension, boundaries):
    """Three bodies on each other, the middle one of one element, in a column; nothing is damaged."""
    layers = zip(NAMES, THICKNESSES, MODULI, strict=True)
    stiffnesses = zip(NAMES[:-1], NAMES[1:], STIFFNESSES, SHEAR_STIFFNESSES, strict=True)
    tables = {
        "schema": 1,
        "case": {"name": "patch", "study": "delamination"},
        "geometry": {
            "dimension": dimension,
            "width": f"{WIDTH} m",
            "layers": [{"name": name, "material": name, "thickness": f"{h} m"} for name, h, _ in layers],
        },
        "materials": {
            name: {"kind": "solid", "E": f"{E} Pa", "nu": NU} for name, E in zip(NAMES, MODULI, strict=True)
        },
        "interfaces": [
            {
                "on": f"{lower}|{upper}",
                "strength": "1 GPa",
                "fracture_energy": "1000 J/m^2",
                "stiffness": f"{K} Pa/m",
                "shear_stiffness": f"{K_s} Pa/m",
            }
            for lower, upper, K, K_s in stiffnesses
        ],
        "boundaries": boundaries,
        "path": {"first_step": 1.0, "max_step": 1.0},
        "mesh": {"order": 2 if dimension == 2 else 1},
        "solver": {"profile": "direct"},
    }
    if dimension == 3:
        tables["geometry"]["depth"] = f"{DEPTH} m"
    return resolve(tables)


def one_element_each(dimension):
    """Triangles or tetrahedra of a column, distorted along the layers, one through each layer."""
    levels = np.array([-THICKNESSES[0], 0.0, THICKNESSES[1], THICKNESSES[1] + THICKNESSES[2]]) / NM
    make, cells = (mesh.create_rectangle, [7]) if dimension == 2 else (mesh.create_box, [4, 3])
    sides, growth = np.array([WIDTH, DEPTH])[: dimension - 1] / NM, dimension - 1
    corners = [np.zeros(dimension), np.append(sides, 3.0)]
    column = make(COMM, corners, [*cells, 3], partitioner=compat.shared_facet_partitioner())
    x = column.geometry.x
    x[:, 0] += 1.5 * np.sin(np.pi * x[:, 0] / sides[0]) * np.cos(2.0 * x[:, growth] + x[:, 1])
    x[:, growth] = np.interp(x[:, growth], range(4), levels)
    return column, levels


def tagged(domain, dim, groups):
    """Tags 1, 2, ... of the entities in each of the groups."""
    entities = np.concatenate(groups).astype(np.int32)
    values = np.repeat(np.arange(1, len(groups) + 1, dtype=np.int32), [len(one) for one in groups])
    order = np.argsort(entities)
    return mesh.meshtags(domain, dim, entities[order], values[order])


def stack_of(dimension):
    column, levels = one_element_each(dimension)
    growth = dimension - 1
    column.topology.create_entities(growth)
    cells = column.topology.index_map(dimension)
    cells = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
    heights = mesh.compute_midpoints(column, dimension, cells)[:, growth]
    layers = [cells[(heights > low) & (heights < high)] for low, high in pairwise(levels)]

    def at(axis, value):
        return mesh.locate_entities(column, growth, lambda x: np.isclose(x[axis], value))

    planes = {"lower|middle": (growth, levels[1]), "middle|upper": (growth, levels[2])}
    planes |= {"bottom": (growth, levels[0]), "top": (growth, levels[3])}
    planes |= {"left": (0, 0.0), "right": (0, WIDTH / NM)}
    if dimension == 3:
        planes |= {"front": (1, 0.0), "back": (1, DEPTH / NM)}
    numbers = {name: tag for tag, name in enumerate(planes, start=1)}
    return StackMesh(
        column,
        tagged(column, dimension, layers),
        tagged(column, growth, [at(*where) for where in planes.values()]),
        regions={name: tag for tag, name in enumerate(NAMES, start=1)},
        interfaces={name: tag for name, tag in numbers.items() if "|" in name},
        boundaries={name: tag for name, tag in numbers.items() if "|" not in name},
        length_scale=NM,
        surface=None,
        layers={},
        quality=1.0,
    )


def solved(dimension, boundaries):
    """The model of the patch at load factor 1, reached in one step."""
    case = three_layers(dimension, boundaries)
    model = DelaminationModel(case, stack_of(dimension), places(case.geometry))
    path = DelaminationPath(model)
    (report,) = path.run()
    assert report.iterations <= 2
    return model, path


def assert_layered(model, axis, stress, moduli, stiffnesses):
    """u along ``axis`` is piecewise linear in the height, jumps by stress/K, and is zero otherwise."""
    start, top = 0.0, -THICKNESSES[0]
    total = sum(stress * h / M for h, M in zip(THICKNESSES, moduli, strict=True))
    total = abs(total) + sum(abs(stress) / K for K in stiffnesses)
    for n, body in enumerate(model.bodies):
        space = body.u.function_space
        height = space.tabulate_dof_coordinates()[:, model.dim - 1] * model.L
        expected = np.zeros((len(height), model.dim))
        expected[:, axis] = start + stress * (height - top) / moduli[n]
        found = body.u.x.array.reshape(-1, model.dim) * model.L
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * total)
        top += THICKNESSES[n]
        start += stress * THICKNESSES[n] / moduli[n] + (stress / stiffnesses[n] if n < 2 else 0.0)


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["pulled", "pressed"])
@pytest.mark.parametrize("dimension", [2, 3])
def test_layers_pulled_apart_and_pressed_together(dimension, sign):
    """sigma = U/(sum h/M + sum 1/K), M = E (1-nu)/((1+nu)(1-2nu)) between smooth walls; exact."""
    U, growth = sign * 0.01 * NM, "y" if dimension == 2 else "z"
    walls = ("left", "right", "front", "back")[: 2 * (dimension - 1)]
    boundaries = [{"on": wall, "condition": "symmetry"} for wall in (*walls, "bottom")]
    boundaries.append({"on": "top", "displacement": {growth: f"{U} m"}})
    model, path = solved(dimension, boundaries)
    moduli = [E * (1.0 - NU) / ((1.0 + NU) * (1.0 - 2.0 * NU)) for E in MODULI]
    stress = series_stress(U, THICKNESSES, moduli, STIFFNESSES)
    assert_layered(model, dimension - 1, stress, moduli, STIFFNESSES)
    for joint, K in zip(model.joints, STIFFNESSES, strict=True):
        found = joint.values("traction_n") * model.stress_scale
        np.testing.assert_allclose(found, stress, rtol=1e-12)
        np.testing.assert_allclose(joint.values("delta_n") * model.L, stress / K, rtol=1e-12)
    area = WIDTH * (DEPTH if dimension == 3 else 1.0)
    work = path.work * model.stress_scale * NM**dimension
    assert work == pytest.approx(0.5 * stress * U * area, rel=1e-12)


@pytest.mark.parametrize("dimension", [2, 3])
def test_layers_sheared(dimension):
    """tau = U/(sum h/G + sum 1/K_t); exact."""
    U, growth = 0.01 * NM, "y" if dimension == 2 else "z"
    walls = ("left", "right", "front", "back")[: 2 * (dimension - 1)]
    still = {"y": "0 m", "z": "0 m"} if dimension == 3 else {"y": "0 m"}
    boundaries = [{"on": wall, "displacement": still} for wall in walls]
    boundaries += [{"on": "bottom", "condition": "clamped"}]
    boundaries += [{"on": "top", "displacement": {"x": f"{U} m", growth: "0 m"}}]
    model, _ = solved(dimension, boundaries)
    moduli = [E / (2.0 * (1.0 + NU)) for E in MODULI]
    stress = series_stress(U, THICKNESSES, moduli, SHEAR_STIFFNESSES)
    assert_layered(model, 0, stress, moduli, SHEAR_STIFFNESSES)
    for joint in model.joints:
        np.testing.assert_allclose(joint.values("traction_t") * model.stress_scale, stress, rtol=1e-12)


# interfaces that cannot be assembled


def halves(comm):
    """A square of two regions, its cells and their ghosts dealt out row by row; the facets between them."""

    def deal_out(comm, parts, cell_types, cells):
        owners = np.arange(len(cells[0]) // 3, dtype=np.int32) % parts
        owner_lists = graph.adjacencylist(owners.reshape(-1, 1))
        return getattr(owner_lists, "_cpp_object", owner_lists)

    square = mesh.create_rectangle(comm, [[0.0, 0.0], [1.0, 1.0]], [4, 4], partitioner=deal_out)
    cells = square.topology.index_map(2)
    cells = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
    above = mesh.compute_midpoints(square, 2, cells)[:, 1] > 0.5
    tags = mesh.meshtags(square, 2, cells, np.where(above, 2, 1).astype(np.int32))
    return square, tags


def facets_at(square, height):
    return mesh.locate_entities(square, 1, lambda x: np.isclose(x[1], height))


def test_lost_facets_are_noticed():
    """Without ghosts a rank lacks the cell on the other side of a facet at its border."""
    square, tags = halves(COMM)
    between = facets_at(square, 0.5)
    if COMM.size == 1:
        interface = interface_between(square, tags, between, lower=[1])
        assert interface.facets == 4
        middles = mesh.compute_midpoints(square, 2, interface.entities[:, 0].astype(np.int32))
        assert (middles[:, 1] < 0.5).all()
        return
    with pytest.raises(InterfaceError, match="lack a cell on the rank that owns them"):
        interface_between(square, tags, between, lower=[1])


def test_facets_that_are_no_interface_are_noticed():
    square, tags = halves(MPI.COMM_SELF)
    with pytest.raises(InterfaceError, match="and 4 do not lie between two bodies"):
        interface_between(square, tags, facets_at(square, 0.5), lower=[1, 2])
    with pytest.raises(InterfaceError, match="and 4 do not lie between two bodies"):
        interface_between(square, tags, facets_at(square, 0.25), lower=[1])
    with pytest.raises(InterfaceError, match="4 facets of an interface lack a cell"):
        interface_between(square, tags, facets_at(square, 0.0), lower=[1])
    with pytest.raises(InterfaceError, match="4 facets of an interface to a rigid body are inside"):
        interface_at_boundary(square, facets_at(square, 0.5))


def test_no_facet_is_lost_with_shared_facets():
    """Every facet of an interface is somebody's, with both cells, however the mesh is dealt out."""
    square = mesh.create_rectangle(
        COMM, [[0.0, 0.0], [1.0, 1.0]], [24, 24], partitioner=compat.shared_facet_partitioner()
    )
    cells = square.topology.index_map(2)
    cells = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
    above = mesh.compute_midpoints(square, 2, cells)[:, 1] > 0.5
    tags = mesh.meshtags(square, 2, cells, np.where(above, 2, 1).astype(np.int32))
    interface = interface_between(square, tags, facets_at(square, 0.5), lower=[1])
    assert COMM.allreduce(interface.facets) == 24
