"""What must hold for the [[boundaries]] of a delamination case, and for the layers that they hold."""

from collections.abc import Iterator

from fem_sei.case.cohesive_sizes import levels
from fem_sei.case.delamination import Boundary, DelaminationCase
from fem_sei.case.rules import Rule
from fem_sei.problems import Place, Problem, did_you_mean
from fem_sei.units import show

AXES = {2: ("x", "y"), 3: ("x", "y", "z")}  # the last goes through the layers
NORMAL = {2: {"left": "x", "right": "x", "bottom": "y", "top": "y"}}
NORMAL[3] = {"left": "x", "right": "x", "front": "y", "back": "y", "bottom": "z", "top": "z"}
SIDES = ("left", "right", "front", "back")


def boundary_exists(case: DelaminationCase, place: Place, boundary: Boundary) -> Iterator[Problem]:
    names = NORMAL[case.geometry.dimension]
    if boundary.on not in names:
        hint = did_you_mean(boundary.on, names) or f" There are: {', '.join(names)}."
        yield Problem((*place, "on"), f"is no boundary of a {case.geometry.dimension}-D case.{hint}")
    layers = case.geometry.layers
    for name, layer in (("bottom", layers[0]), ("top", layers[-1])):
        if boundary.on == name and layer.rigid:
            yield Problem((*place, "on"), f'belongs to the rigid layer "{layer.name}", which does not move')


def part_of_a_boundary_exists(case: DelaminationCase, place: Place, boundary: Boundary) -> Iterator[Problem]:
    geometry = case.geometry
    if boundary.layer is not None:
        rigid = {layer.name: layer.rigid for layer in geometry.layers}
        if boundary.layer not in rigid:
            hint = did_you_mean(boundary.layer, rigid) or f" There are: {', '.join(rigid)}."
            yield Problem((*place, "layer"), f"is no layer.{hint}")
        elif rigid[boundary.layer]:
            yield Problem((*place, "layer"), "is rigid and does not move")
        if boundary.on in ("top", "bottom"):
            yield Problem(
                (*place, "layer"), f"goes with sides only; {boundary.on} belongs to one layer anyway"
            )
    if boundary.between is None:
        return
    low, high = boundary.between
    place = (*place, "between")
    if geometry.dimension == 3:
        yield Problem(place, "a 3-D case has none; whole sides only")
        return
    start, end, along = 0.0, geometry.width, "width"
    if boundary.on in SIDES:
        heights = levels(case)
        meshed = [
            (bottom, top)
            for bottom, top, layer in zip(heights, heights[1:], geometry.layers, strict=False)
            if not layer.rigid and boundary.layer in (None, layer.name)
        ]
        if not meshed:
            return
        start, end, along = meshed[0][0], meshed[-1][1], "height"
    slack = 1e-9 * (end - start)
    if low > high:
        yield Problem(place, "needs a lower and a higher end, or the same place twice for a point")
    elif low == high and boundary.pressure is not None:
        yield Problem(place, "a point has no area for a pressure")
    elif low < start - slack or high > end + slack:
        yield Problem(place, f"is outside; the {along} goes from {show(start, 'm')} to {show(end, 'm')}")


def boundary_says_what_it_does(case: DelaminationCase, place: Place, boundary: Boundary) -> Iterator[Problem]:
    given = [key for key in ("condition", "displacement", "pressure") if getattr(boundary, key) is not None]
    if not given:
        message = 'needs condition = "symmetry", displacement = { y = "1 um" } or pressure = "1 MPa"'
        yield Problem(place, message)
    yield from (Problem((*place, key), f"does not go with {given[0]} in one entry") for key in given[1:])
    if boundary.follower and boundary.pressure is None:
        yield Problem((*place, "follower"), "goes only with a pressure")
    if boundary.held and given == ["condition"]:
        yield Problem((*place, "held"), "goes only with a displacement or a pressure")


def displacement_has_components(
    case: DelaminationCase, place: Place, boundary: Boundary
) -> Iterator[Problem]:
    if boundary.displacement is None:
        return
    place, axes = (*place, "displacement"), AXES[case.geometry.dimension]
    given = [axis for axis in AXES[3] if getattr(boundary.displacement, axis) is not None]
    if not given:
        yield Problem(place, f"needs one of the components {', '.join(axes)}")
    for axis in given:
        if axis not in axes:
            yield Problem((*place, axis), f"a {case.geometry.dimension}-D case has no such component")


RULES_OF_BOUNDARIES: tuple[Rule, ...] = (
    boundary_exists,
    part_of_a_boundary_exists,
    boundary_says_what_it_does,
    displacement_has_components,
)


def something_holds_every_layer(case: DelaminationCase) -> Iterator[Problem]:
    """Layers that hang together, bonded or by interfaces that may open, need a rigid layer or boundaries that
    keep them from moving along each axis. (Only the first and last layer can be rigid, so all the others
    hang together.)"""
    layers = case.geometry.layers
    if any(layer.rigid for layer in layers):
        return
    dimension = case.geometry.dimension
    held = {"x"} if case.mechanics.assumption == "axisymmetric" else set()
    for boundary in case.boundaries:
        if boundary.condition == "clamped":
            held |= set(AXES[dimension])
        elif boundary.condition == "symmetry":
            held.add(NORMAL[dimension].get(boundary.on, ""))
        elif boundary.displacement is not None:
            held |= {axis for axis in AXES[3] if getattr(boundary.displacement, axis) is not None}
    if free := [axis for axis in AXES[dimension] if axis not in held]:
        names = " and ".join(f'"{layer.name}"' for layer in layers)
        message = (
            f"let {names} move freely along {' and '.join(free)}; give a condition, a displacement"
            " or a rigid layer"
        )
        yield Problem(("boundaries",), message, about_key=True)
