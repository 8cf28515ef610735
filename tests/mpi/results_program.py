"""What the tests of results/ start under mpirun: ``results_program.py ACTION FOLDER``."""

import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

import basix.ufl
import gmsh
import numpy as np
from dolfinx import fem, mesh
from mpi4py import MPI

from fem_sei.numerics.compat import geometry_dofmap, gmsh_model_to_mesh
from fem_sei.results import checkpoint
from fem_sei.results.fields import FieldSeries
from fem_sei.results.history import History
from fem_sei.results.manifest import Manifest
from fem_sei.results.points import MeshPoints, QuadraturePoints
from fem_sei.results.run_folder import RunFolder, RunFolderError

COMM = MPI.COMM_WORLD


def unstructured(size=0.15):
    """Two regions, meshed by Gmsh on rank 0."""
    gmsh.initialize()
    gmsh.option.setNumber("General.Terminal", 0)
    if COMM.rank == 0:
        gmsh.model.occ.addRectangle(0, 0, 0, 2, 1, tag=1)
        gmsh.model.occ.addDisk(1, 0.5, 0, 0.3, 0.2, tag=2)
        gmsh.model.occ.fragment([(2, 1)], [(2, 2)])
        gmsh.model.occ.synchronize()
        for number, (_, entity) in enumerate(gmsh.model.getEntities(2)):
            gmsh.model.addPhysicalGroup(2, [entity], number + 1)
        gmsh.option.setNumber("Mesh.MeshSizeMax", size)
        gmsh.model.mesh.generate(2)
    domain, regions, _ = gmsh_model_to_mesh(gmsh.model, COMM, 0, 2)
    gmsh.finalize()
    return domain, regions


def wave(x):
    return np.sin(3.0 * x[0]) + x[1] ** 2


def functions(domain, filled):
    cell = domain.basix_cell()
    elements = {
        "p1": ("P", 1),
        "p2": ("P", 2),
        "vector": ("P", 2, (2,)),
        "dg0": ("DG", 0),
        "mixed": basix.ufl.mixed_element([basix.ufl.element("P", cell, 1)] * 3),
    }
    made = {name: fem.Function(fem.functionspace(domain, element)) for name, element in elements.items()}
    if filled:
        for name in ("p1", "p2", "dg0"):
            made[name].interpolate(wave)
        made["vector"].interpolate(lambda x: np.vstack([wave(x), 2.0 * wave(x)]))
        for part in range(3):
            made["mixed"].sub(part).interpolate(lambda x, part=part: (part + 1.0) * wave(x))
    return made


def domains():
    """Triangles of Gmsh, and tetrahedra."""
    return {"2d": unstructured()[0], "3d": mesh.create_unit_cube(COMM, 5, 4, 3)}


def save(folder):
    for part, domain in domains().items():
        if COMM.rank == 0:
            (folder / part).mkdir(parents=True)
        for step in range(3):
            values = functions(domain, filled=True)
            checkpoint.save(folder / part, domain, values, {"time": 0.1 * step, "step": step})


def load(folder):
    for part, domain in domains().items():
        found = functions(domain, filled=False)
        meta = checkpoint.load(checkpoint.latest(folder / part), domain, found)
        if meta != {"time": 0.2, "step": 2}:
            raise ValueError(f"meta is {meta}")
        for name, expected in functions(domain, filled=True).items():
            error = COMM.allreduce(
                np.abs(found[name].x.array - expected.x.array).max(initial=0.0), op=MPI.MAX
            )
            if COMM.rank == 0:
                print(f"{part} {name}: {error:.1e}")
            if error > 1e-13:
                raise ValueError(f"{name} is off by {error}")


def load_on_another_mesh(folder):
    domain, _ = unstructured(size=0.3)
    try:
        checkpoint.load(checkpoint.latest(folder / "2d"), domain, functions(domain, filled=False))
    except checkpoint.CheckpointError as error:
        print(f"refused on {COMM.rank}: {error}")


def write_run(folder):
    """Fields in one, two and three dimensions, one of them a component of a mixed function."""
    tables = History(RunFolder.create(folder, COMM).history, {"step": "", "time": "s"}, COMM)
    tables.append({"step": 1, "time": 0.5})
    for dimension in (1, 2, 3):
        if dimension == 2:
            domain, regions = unstructured()
        else:
            make = {
                1: lambda: mesh.create_unit_interval(COMM, 30),
                3: lambda: mesh.create_unit_cube(COMM, 3, 4, 3),
            }
            domain = make[dimension]()
            cells = np.arange(domain.topology.index_map(dimension).size_local, dtype=np.int32)
            regions = mesh.meshtags(domain, dimension, cells, np.full(len(cells), 7, dtype=np.int32))
        run = RunFolder.create(folder / f"{dimension}d", COMM)
        p1 = basix.ufl.element("P", domain.basix_cell(), 1)
        both = fem.Function(fem.functionspace(domain, basix.ufl.mixed_element([p1, p1])))
        alone = fem.Function(fem.functionspace(domain, p1))
        points = MeshPoints(domain, 1e-6, regions)
        series = FieldSeries(run, points.grid)
        for time in (0.0, 0.1, 12.5):
            both.sub(0).interpolate(lambda x: x[0])
            both.sub(1).interpolate(lambda x, time=time: time + x[0])
            alone.interpolate(lambda x, time=time: time * x[0])
            xi, c, phi_e = (points.values(each) for each in (both.sub(0), both.sub(1), alone))
            series.write(time, {"xi": xi, "c": 1000.0 * c, "phi_e": 0.1 * phi_e})
        Manifest(run.manifest, COMM, name=f"{dimension}d", mesh={"dimension": dimension}).finish(0)


def more_ranks_than_cells(folder):
    """Two cells; then a failure to write on the ranks that have one, which all of them must hear of."""
    domain = mesh.create_interval(COMM, 2, [0.0, 1.0])
    count = domain.topology.index_map(1).size_local
    regions = mesh.meshtags(domain, 1, np.arange(count, dtype=np.int32), np.full(count, 3, dtype=np.int32))
    run = RunFolder.create(folder, COMM)
    expected, found = (fem.Function(fem.functionspace(domain, ("P", 1))) for _ in range(2))
    expected.interpolate(lambda x: x[0])
    points = MeshPoints(domain, 1e-6, regions)
    series = FieldSeries(run, points.grid)
    series.write(0.0, {"xi": points.values(expected)})
    checkpoint.load(checkpoint.save(run.checkpoint, domain, {"u": expected}, {}), domain, {"u": found})
    if np.abs(found.x.array - expected.x.array).max(initial=0.0) > 1e-15:
        raise ValueError("the checkpoint has other values")
    COMM.barrier()
    if COMM.rank == 0:
        (folder / "fields").rename(folder / "moved")
    COMM.barrier()
    try:
        series.write(1.0, {"xi": points.values(expected)})
    except OSError:
        print(f"cells of {COMM.rank}: {count}, heard")


def submesh(parent, dim, entities):
    part, entity_map = mesh.create_submesh(parent, dim, entities)[:2]
    if hasattr(entity_map, "sub_topology_to_topology"):  # 0.10 and newer
        cells = part.topology.index_map(dim)
        every = np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32)
        entity_map = entity_map.sub_topology_to_topology(every, False)
    return SimpleNamespace(mesh=part, parent=parent, entities=np.asarray(entity_map), dim=dim)


def layers(dimension):
    """A block of two layers: mesh, cell tags (1 below, 2 above y or z = 1/2), the layers, and what is between
    them and, of the lower one, at x = 0."""
    mode = mesh.GhostMode.shared_facet
    if dimension == 2:
        domain = mesh.create_unit_square(COMM, 7, 6, ghost_mode=mode)
    else:
        domain = mesh.create_unit_cube(COMM, 4, 3, 4, ghost_mode=mode)
    cells = domain.topology.index_map(dimension)
    middle = domain.geometry.x[geometry_dofmap(domain)].mean(axis=1)
    marks = np.where(middle[:, dimension - 1] < 0.5, 1, 2).astype(np.int32)
    tags = mesh.meshtags(
        domain, dimension, np.arange(cells.size_local + cells.num_ghosts, dtype=np.int32), marks
    )

    def between(x):
        return np.isclose(x[dimension - 1], 0.5)

    def beside(x):
        return np.isclose(x[0], 0.0) & (x[dimension - 1] < 0.5 + 1e-9)

    bodies = [submesh(domain, dimension, tags.find(tag)) for tag in (1, 2)]
    facets = [
        submesh(domain, dimension - 1, mesh.locate_entities(domain, dimension - 1, where))
        for where in (between, beside)
    ]
    return domain, tags, bodies, facets


def state_of_layers(bodies, facets, filled):
    """Displacements of degree 1 and 2 that differ between the layers, and history at quadrature points."""
    made = {}
    for number, body in enumerate(bodies):
        size = body.mesh.geometry.dim
        made[f"u{number}"] = fem.Function(fem.functionspace(body.mesh, ("Lagrange", 2 - number, (size,))))
        if filled:
            made[f"u{number}"].interpolate(
                lambda x, number=number, size=size: np.vstack(
                    [wave(x) + number + k + 5 * x[2] for k in range(size)]
                )
            )
    for number, part in enumerate(facets):
        element = basix.ufl.quadrature_element(part.mesh.basix_cell(), degree=4)
        made[f"d{number}"] = fem.Function(fem.functionspace(part.mesh, element))
    if filled:
        quadrature = [made["d0"], made["d1"]]
        for part in quadrature:
            place = QuadraturePoints([part.function_space], 1.0).grid.points
            space = part.function_space
            owned = space.dofmap.list[: len(place) // space.dofmap.list.shape[1]]
            part.x.array[owned.ravel()] = np.sin(3.0 * place[:, 0]) + place[:, 1] ** 2 + 7.0 * place[:, 2]
            part.x.scatter_forward()
    return made


def save_layers(folder):
    for dimension in (2, 3):
        domain, _, bodies, facets = layers(dimension)
        if COMM.rank == 0:
            (folder / f"{dimension}d").mkdir(parents=True)
        values = state_of_layers(bodies, facets, filled=True)
        checkpoint.save(folder / f"{dimension}d", domain, values, {"step": 1}, [*bodies, *facets])


def load_layers(folder):
    for dimension in (2, 3):
        domain, _, bodies, facets = layers(dimension)
        found = state_of_layers(bodies, facets, filled=False)
        checkpoint.load_newest(folder / f"{dimension}d", domain, found, [*bodies, *facets])
        for name, expected in state_of_layers(bodies, facets, filled=True).items():
            error = np.abs(found[name].x.array - expected.x.array).max(initial=0.0)
            error = COMM.allreduce(error, op=MPI.MAX)
            if COMM.rank == 0:
                print(f"{dimension}d {name}: {error:.1e}")
            if error > 1e-12:
                raise ValueError(f"{name} is off by {error}")
        lacking = {"d0": found["d1"]}
        try:
            checkpoint.load_newest(folder / f"{dimension}d", domain, lacking, [*bodies, *facets])
        except checkpoint.CheckpointError as error:
            print(f"refused on {COMM.rank}: {error}")


def write_layers(folder):
    """Displacements that jump between two layers, a stress linear in each of them, and the interface."""
    for dimension in (2, 3):
        domain, tags, bodies, facets = layers(dimension)
        run = RunFolder.create(folder / f"{dimension}d", COMM)
        points = MeshPoints(domain, 1e-9, tags, by_region=True, submeshes=bodies)
        state = state_of_layers(bodies, facets, filled=True)
        stress, constant = [], []
        for number, body in enumerate(bodies):
            stress.append(fem.Function(fem.functionspace(body.mesh, ("DG", 1, (9,)))))
            stress[-1].interpolate(
                lambda x, number=number: np.outer(np.arange(9) + 10 * number, x[0] + 2 * x[1] - x[2])
            )
            constant.append(fem.Function(fem.functionspace(body.mesh, ("DG", 0))))
            constant[-1].x.array[:] = number + 1.0
        series = FieldSeries(run, points.grid)
        data = {
            "displacement": points.values(state["u0"], state["u1"]),
            "stress": points.averages(*stress),
            "constant": points.averages(*constant),
        }
        series.write(1.0, data, {"double": 2 * points.grid.cell_data["region"]})
        quadrature = [state["d0"], state["d1"]]
        cloud = QuadraturePoints([each.function_space for each in quadrature], 1e-9)
        FieldSeries(run, cloud.grid, "interface").write(1.0, {"damage": cloud.values(quadrature)})
        try:
            series.write(2.0, {"displacement": data["displacement"][1:]})
        except ValueError:
            print(f"too short on {COMM.rank}")
        Manifest(run.manifest, COMM, mesh={"dimension": dimension}).finish(0)


def refuse(folder):
    try:
        RunFolder.create(folder, COMM)
    except RunFolderError as error:
        print(f"refused on {COMM.rank}: {error}")


ACTIONS = {
    action.__name__: action
    for action in (
        save,
        load,
        load_on_another_mesh,
        save_layers,
        load_layers,
        write_run,
        write_layers,
        more_ranks_than_cells,
        refuse,
    )
}

if __name__ == "__main__":
    try:
        ACTIONS[sys.argv[1]](Path(sys.argv[2]))
    except Exception:  # a rank that fails ends the others, which may be waiting for it
        traceback.print_exc()
        COMM.Abort(1)
