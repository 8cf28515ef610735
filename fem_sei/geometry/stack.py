"""Layered stacks: from the layers and features of a case to a Gmsh model and a distributed mesh.

Layers are listed bottom first; rigid ones are left out. The metal reaches from minus its thickness to its
surface y = s(x), the next layer from there to its own thickness above the nominal surface y = 0, the others
lie on top of it. The mesh conforms to the metal surface (not to nuclei on it) and to every boundary between
layers. In 3-D flat layers are meshed and their nodes lifted by s(x, y) where the front will pass, less and
less towards the next boundaries. Gmsh runs on rank 0 only.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem_sei.closed_form.surface import Surface
from fem_sei.geometry.drawing import Cad, Plan, draw
from fem_sei.geometry.layers import ground, meshed_layers
from fem_sei.geometry.reader import SIMPLEX, MeshFileError, load
from fem_sei.geometry.regions import MeshError, StackMesh, check_tags
from fem_sei.geometry.sizes import Box, MeshSizes, SizeField
from fem_sei.numerics import compat
from fem_sei.numerics.parallel import on_rank_zero

__all__ = ["Box", "MeshError", "MeshFile", "MeshSizes", "StackMesh", "build_stack", "write_msh"]

FRONTAL_DELAUNAY, HXT = 6, 10  # algorithms in 2-D and 3-D; HXT is six times faster than Delaunay
WORST_QUALITY = 0.02
MOST_SQUEEZED = 0.5  # height of an element above a crest or below a trough in 3-D, over its height elsewhere


@dataclass(frozen=True)
class MeshFile:
    """A file to take the mesh from, the length [m] that 1 stands for in it, and groups that it must have."""

    path: Path
    unit: float
    facets: Sequence[str] = ()


def build_stack(
    geometry: Any,
    sizes: MeshSizes,
    comm: MPI.Comm,
    length_scale: float = 1e-6,
    file: MeshFile | None = None,
    kept: Path | None = None,
) -> StackMesh:
    """Mesh the stack ``geometry`` (of a case), or take the mesh from a ``file``, and distribute it; mesh
    coordinates in ``length_scale`` [m].

    With ``kept`` the mesh is kept in that Gmsh file and read from there, also the first time: what reads it
    later has the same cells in the same order, which another version of Gmsh would not make again.

    Collective. Raises on all ranks MeshFileError if the file does not fit the geometry, MeshError if Gmsh
    fails or the distributed mesh lost anything.
    """
    plan = _plan(geometry, sizes, length_scale)
    with ExitStack() as session:
        model = None

        def generate() -> Cad:
            nonlocal model
            try:
                gmsh = session.enter_context(_gmsh_session())
                model = gmsh.model
                return _make(gmsh, plan, file, kept)
            except MeshFileError:
                raise
            except Exception as error:
                raise MeshError(f"Gmsh could not mesh the stack: {type(error).__name__}: {error}") from error

        cad = on_rank_zero(comm, generate)
        mesh, cell_tags, facet_tags = compat.gmsh_model_to_mesh(model, comm, 0, plan.dimension)
    stack = StackMesh(
        mesh,
        cell_tags,
        facet_tags,
        regions={name: cad.tags[name] for name in plan.names},
        interfaces={name: cad.tags[name] for name in plan.interfaces if name in cad.tags},
        boundaries={name: cad.tags[name] for name in plan.boundaries if name in cad.tags},
        length_scale=length_scale,
        surface=plan.surface,
        layers=dict(zip(plan.names, pairwise((plan.levels * length_scale).tolist()), strict=True)),
        quality=cad.quality,
    )
    check_tags(stack, cad.measures)
    return stack


def write_msh(
    path: Path,
    geometry: Any,
    sizes: MeshSizes,
    length_scale: float = 1e-6,
    file: MeshFile | None = None,
) -> dict[str, Any]:
    """Write the mesh as a Gmsh file with named groups, lengths in ``length_scale``: cells, nodes, quality.

    Not collective: to be called by one process.
    """
    plan = _plan(geometry, sizes, length_scale)
    with _gmsh_session() as gmsh:
        cad = _generate(gmsh, plan) if file is None else _take_over(gmsh, plan, file)
        gmsh.write(str(path))
    return {"cells": cad.cells, "nodes": cad.nodes, "quality": cad.quality}


def _plan(geometry: Any, sizes: MeshSizes, unit: float) -> Plan:
    """Levels, names, tags and element sizes; refuses stacks whose layers would cross."""
    sides = [getattr(geometry, name) for name in ("width", "depth")[: geometry.dimension - 1]]
    surface = Surface(getattr(geometry, "features", None) or (), geometry.dimension, *sides)
    meshed, zero = meshed_layers(geometry), ground(geometry)
    names = [layer.name for layer in meshed]
    levels = np.cumsum([0.0, *(layer.thickness for layer in meshed)])
    levels -= levels[zero]
    lowest, highest = levels.copy(), levels.copy()
    lowest[zero], highest[zero] = surface.trough, surface.crest
    thinnest = lowest[1:] - highest[:-1]
    for name, thickness in zip(names, thinnest, strict=True):
        if thickness <= 0.0:
            raise MeshError(f'the metal surface leaves nothing of layer "{name}" at its thinnest place')
    layers = list(zip(lowest[:-1], highest[1:], thinnest, strict=True))
    plan = Plan(
        geometry,
        geometry.dimension,
        [side / unit for side in sides],
        names,
        levels / unit,
        zero,
        surface,
        SizeField(sizes, layers, sides, unit),
        (
            min([0.0, *(b.y_min for b in sizes.boxes)]) / unit,
            max([0.0, *(b.y_max for b in sizes.boxes)]) / unit,
        ),
        unit,
        {name: sorted(at / unit for at in places) for name, places in sizes.vertices.items()},
        next((tuple(length / unit for length in (*r.centre, r.radius)) for r in sizes.rings), None),
        tags={},
    )
    everything = [*names, *plan.interfaces, *plan.boundaries]
    plan.tags = {name: tag for tag, name in enumerate(everything, start=1)}
    if len(plan.tags) < len(everything):
        taken = sorted({name for name in names if everything.count(name) > 1})
        raise MeshError(f"layers need names of their own, which {', '.join(taken)} are not")
    return plan


@contextmanager
def _gmsh_session() -> Iterator[Any]:
    """Gmsh, quiet, deterministic, and gone afterwards."""
    import gmsh  # here, because only one rank needs it

    gmsh.initialize(readConfigFiles=False, interruptible=False)
    try:
        gmsh.option.setNumber("General.Terminal", 0)
        gmsh.option.setNumber("General.NumThreads", 1)
        gmsh.option.setNumber("Mesh.RandomSeed", 1)
        gmsh.option.setNumber("Mesh.Algorithm", FRONTAL_DELAUNAY)
        gmsh.option.setNumber("Mesh.Algorithm3D", HXT)
        yield gmsh
    finally:
        gmsh.finalize()


def _make(gmsh: Any, plan: Plan, file: MeshFile | None, kept: Path | None) -> Cad:
    """The mesh: what has been kept, else from the file, else drawn."""
    if kept is not None and kept.is_file():
        return _take_over(gmsh, plan, MeshFile(kept, plan.unit, ()))
    cad = _generate(gmsh, plan) if file is None else _take_over(gmsh, plan, file)
    if kept is not None:
        gmsh.option.setNumber("Mesh.Binary", 1)
        gmsh.write(str(kept))
        gmsh.clear()
        gmsh.open(str(kept))
    return cad


def _generate(gmsh: Any, plan: Plan) -> Cad:
    """Draw the stack, name its parts, mesh it."""
    gmsh.model.add("stack")
    cad = draw(gmsh.model.geo, plan)
    gmsh.model.geo.synchronize()
    alone = [point for point in gmsh.model.getEntities(0) if not len(gmsh.model.getAdjacencies(*point)[0])]
    gmsh.model.removeEntities(alone)  # the middles of circles, which would become nodes
    for name, tag in plan.tags.items():
        dimension = plan.dimension if name in plan.names else plan.dimension - 1
        gmsh.model.addPhysicalGroup(dimension, cad.entities[name], tag, name)
    plan.size.set_in(gmsh, growth_axis=plan.dimension - 1)
    gmsh.model.mesh.generate(plan.dimension)
    if plan.dimension == 3:
        _follow_surface(gmsh, plan)
        cad.measures = {name: _measure(gmsh, name) for name in plan.tags}
    cad.tags = plan.tags
    _judge(gmsh, plan, cad)
    return cad


def _take_over(gmsh: Any, plan: Plan, file: MeshFile) -> Cad:
    """The mesh of a file, in the plan's units."""
    cad = Cad(tags=load(gmsh, file.path, plan.geometry, file.unit, file.facets))
    gmsh.model.mesh.affineTransform((file.unit / plan.unit * np.eye(3, 4)).ravel())
    cad.measures = {name: _measure(gmsh, name) for name in cad.tags}
    _judge(gmsh, plan, cad)
    return cad


def _judge(gmsh: Any, plan: Plan, cad: Cad) -> None:
    """Count what was made; refuse bad elements."""
    elements, _ = gmsh.model.mesh.getElementsByType(SIMPLEX[plan.dimension])
    cad.cells, cad.nodes = len(elements), len(gmsh.model.mesh.getNodes()[0])
    if cad.cells == 0:
        raise MeshError("no elements were made")
    if plan.dimension > 1:
        cad.quality = float(min(gmsh.model.mesh.getElementQualities(elements, "gamma")))
    if cad.quality < WORST_QUALITY:
        cause = "the edge of a flaw grazes a side" if plan.circle else "the metal surface is too steep"
        raise MeshError(f"the worst element has a quality of {cad.quality:.1g}: {cause}")


def _measure(gmsh: Any, name: str) -> float:
    """Number, length, area or volume of the simplices in a physical group, in the model's units."""
    total = 0.0
    for dimension, entity in gmsh.model.getEntitiesForPhysicalName(name):
        elements, _ = gmsh.model.mesh.getElementsByType(SIMPLEX[dimension], entity)
        volumes = gmsh.model.mesh.getElementQualities(elements, "volume") if dimension else elements > 0
        total += float(np.sum(volumes))
    return total


def _follow_surface(gmsh: Any, plan: Plan) -> None:
    """Lift the nodes of flat layers by s(x, y): all of it in the fine band, linearly less outside, nothing
    from the bottom of the metal downwards and from the top of the next layer upwards."""
    if plan.surface.flat:
        return
    down, up = plan.levels[0], plan.levels[2]
    crest, trough = max(0.0, plan.surface.crest) / plan.unit, max(0.0, -plan.surface.trough) / plan.unit
    high = max(0.0, min(plan.band[1], up - crest / (1.0 - MOST_SQUEEZED)))
    low = min(0.0, max(plan.band[0], down + trough / (1.0 - MOST_SQUEEZED)))
    tags, nodes, _ = gmsh.model.mesh.getNodes()
    nodes = nodes.reshape(-1, 3)
    moving = (nodes[:, 2] > down) & (nodes[:, 2] < up)
    x, y, z = nodes[moving].T
    lift = plan.surface.height(x * plan.unit, y * plan.unit) / plan.unit
    z = z + lift * np.interp(z, [down, low, high, up], [0.0, 1.0, 1.0, 0.0])
    for tag, node in zip(tags[moving], np.column_stack([x, y, z]), strict=True):
        gmsh.model.mesh.setNode(tag, node, [])
    gmsh.model.mesh.optimize("")  # swaps edges and faces where the shear has made slivers
