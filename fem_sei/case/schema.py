"""The case file of study = "plating": every table and key it may have, with its meaning. This is the one
definition; the messages about bad input, `fem-sei schema` (JSON Schema) and `fem-sei schema --keys` (a list
to read) come from it. The other studies have theirs, see `studies.py`.

What must hold between keys is in `plating_rules.py`, whether the run makes sense in `plating_checks.py`.
"""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from fem_sei.case import common, condition
from fem_sei.case.common import (
    SCHEMA,
    Fraction,
    MaterialTable,
    MeshSource,
    Name,
    Solver,
    Sweep,
    Table,
    Variant,
)
from fem_sei.case.condition import Condition
from fem_sei.case.quantity import (
    Concentration,
    CurrentDensity,
    Duration,
    Length,
    Position,
    PositiveCurrentDensity,
    PositiveDuration,
    PositiveInterfaceMobility,
    PositiveLength,
    Potential,
    Pressure,
    Stress,
    SupportStiffness,
    SurfaceEnergy,
    Temperature,
)
from fem_sei.materials.library import Material


class CaseInfo(common.Identity):
    """What the case is called and which kind of simulation it is."""

    study: Literal["plating"]
    """Kind of simulation."""


class Conditions(Table):
    """The surroundings."""

    temperature: Temperature = 298.15
    """Temperature, the same everywhere."""
    concentration: Concentration
    """Salt concentration at the start, and of the reservoir."""


class Layer(common.Layer):
    """One layer of the stack."""

    thickness: PositiveLength
    """For the metal below the flat metal surface, for the first layer on it upwards from that surface."""
    residual_stress: Stress | None = None
    """Stress in the plane of a solid layer before anything grows, tension positive; with [mechanics] only."""


class Bump(Table):
    """A bump of the metal surface (a valley if the height is negative): height exp[-(r/width)^2]."""

    kind: Literal["bump"]
    """A single bump or valley."""
    at: Position
    """Where its middle is: x from the left edge, in 3-D a list [x, y]."""
    height: Length
    """How far it rises above the flat surface."""
    width: PositiveLength
    """Half of its width at 37 % of its height."""


class Sinusoid(Table):
    """A wavy metal surface: amplitude cos(2 pi x/wavelength), in 3-D also times cos(2 pi y/wavelength_y)."""

    kind: Literal["sinusoid"]
    """A wave across the whole width."""
    amplitude: Length
    """Half of the height from trough to crest."""
    wavelength: PositiveLength
    """The width must hold an integer number of half wavelengths."""
    wavelength_y: PositiveLength | None = None
    """3-D only: the depth must hold an integer number of its halves. Without it nothing changes along y."""


class Nucleus(Table):
    """A half ball of metal (in 2-D a half disc) sitting on the surface that the other features make."""

    kind: Literal["nucleus"]
    """A hemispherical nucleus."""
    at: Position
    """Where its middle is: x from the left edge, in 3-D a list [x, y]."""
    radius: PositiveLength
    """Its radius."""


class Roughness(Table):
    """A random surface: Gaussian heights with the correlation exp[-(r/correlation_length)^2], mirrored at the
    walls. The same seed gives the same surface on every mesh and number of processes."""

    kind: Literal["roughness"]
    """Random roughness of the whole surface."""
    rms: PositiveLength
    """Root mean square of the heights, exact."""
    correlation_length: PositiveLength
    """Distance at which the correlation has fallen to 37 %."""
    seed: Annotated[int, Field(ge=0, le=2**32 - 1)]
    """Which of the random surfaces."""


Feature = Annotated[Bump | Sinusoid | Nucleus | Roughness, Field(discriminator="kind")]


class Geometry(Table):
    """A stack of layers. The last coordinate is the direction of growth, 0 at the flat metal surface."""

    dimension: Literal[1, 2, 3]
    """1: layers only. 2: with a width, and features of the metal surface. 3: with a width and a depth."""
    width: PositiveLength | None = None
    """Size along the surface (x), 2-D and 3-D."""
    depth: PositiveLength | None = None
    """Size along the surface across the width (y), 3-D only."""
    mirror: bool = False
    """2-D only: the domain is the right half of a cell symmetric about x = 0; pictures show the whole."""
    layers: list[Layer] = Field(min_length=2)
    """From the bottom: the metal, one or more layers of SEI or coating, the electrolyte."""
    features: list[Feature] = []
    """Features of the metal surface, 2-D and 3-D. Their heights add up; nuclei sit on top."""


class PhaseField(Table):
    """The diffuse metal surface."""

    interface_width: PositiveLength
    """Width delta = 4 l of the profile xi = [1 - tanh(x/2l)]/2."""
    formulation: Literal["conservative", "chen2015"] = "conservative"
    """The equations: those of this program, or those of the literature for comparison only."""
    interface_mobility: PositiveInterfaceMobility | None = None
    """L_s of chen2015: how fast the profile recovers and curved fronts flatten."""


class Mesh(MeshSource):
    """How fine the mesh is."""

    elements_across_interface: Annotated[float, Field(gt=0.0, le=100.0)] = 6.0
    """Interface width divided by the element size in the band that the front crosses."""
    coarse_size: PositiveLength | None = None
    """Largest element far from the front; by default from the thickness of the layers."""
    growth_margin: Annotated[float, Field(ge=1.0, le=10.0)] = 1.3
    """The fine band is as high as the planned growth times this."""
    tip_margin: Annotated[float, Field(ge=1.0, le=20.0)] = 2.0
    """Around features the fine band is higher by this factor, because tips grow faster."""


class Kinetics(Table):
    """Charge transfer at the metal surface. What is left out comes from the metal's library values."""

    exchange_current_density: PositiveCurrentDensity | None = None
    """Exchange current density i0 at the reference concentration."""
    alpha: Fraction | None = None
    """Transfer coefficient of deposition, between 0 and 1."""
    surface_energy: SurfaceEnergy | None = None
    """Energy gamma of the metal surface; zero switches the Gibbs-Thomson shift off."""
    reference_concentration: Concentration | None = None
    """Concentration at which i0 holds; by default that of [conditions]."""


class Mechanics(Table):
    """The stress at the metal surface, and what it does to the kinetics."""

    stress: Literal["uniform", "elastic"] = "elastic"
    """uniform: the stack pressure acts on the metal surface everywhere. elastic: found from the moduli E and
    nu of the metal and the layers (a layer without is a liquid, at the stack pressure everywhere)."""
    stack_pressure: Pressure = 0.0
    """Pressure on the top of the stack."""
    stack_stiffness: SupportStiffness = 0.0
    """Pressure by which the top is held back when it rises, per rise: zero for a constant stack pressure,
    large for a fixed gap. Needs a solid last layer."""
    growth_strain: Annotated[float, Field(gt=-0.5, lt=0.5)] = 0.0
    """Strain in all directions that new metal would take if the layer it grows in did not hold it."""
    stress_shift: bool = True
    """Whether the normal stress at the metal surface shifts its equilibrium potential."""


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


StopCondition = Annotated[
    Condition, PlainValidator(condition.read), PlainSerializer(lambda found: found.text)
]
CONDITION = {"type": "string", "pattern": r"^\s*\w+\s*[<>]\s*\S", "examples": ["roughness > 1 um"]}
StopConditions = Annotated[
    list[StopCondition],
    BeforeValidator(_as_list),
    WithJsonSchema({"anyOf": [CONDITION, {"type": "array", "items": CONDITION}]}),
]


class Until(Table):
    """When a step ends: at the first of what is given."""

    duration: PositiveDuration | None = None
    """The step lasts so long at most."""
    thickness: Length | None = None
    """Mean thickness grown in the step, negative for stripping."""
    when: StopConditions = []
    """Conditions, one or a list: a column of the history compared with a value, "cell_voltage < -200 mV"."""

    @model_validator(mode="after")
    def ends_for_certain(self) -> "Until":
        if self.duration is None and self.thickness is None:
            needed = 'duration = "10 s" or thickness = "0.3 um"'
            never = ": the condition alone may never be met" if self.when else ""
            raise ValueError(f"needs one of {needed}{never}")
        return self


class Step(Table):
    """One step of operation, with a current density or a potential."""

    current_density: CurrentDensity | None = None
    """Positive deposits, negative strips, zero rests."""
    potential: Potential | None = None
    """Potential of the metal against the counter electrode; negative deposits."""
    until: Until
    """Stop condition, { duration = "10 s" } or { thickness = "0.3 um" }."""
    ramp: Duration = 0.0
    """Time over which the value changes linearly from what it was (from zero at first)."""


class Cycle(Table):
    """Steps that are repeated: pulses, or plating and stripping in turn."""

    repeat: Annotated[int, Field(ge=1, le=10_000)]
    """How often the steps are taken, one after the other."""
    steps: list[Step] = Field(min_length=1)
    """The steps."""


class Operation(Table):
    """What is done to the cell."""

    mode: Literal["galvanostatic", "potentiostatic"] | None = None
    """Not needed: all steps must give the current density, or the potential, if it is given."""
    counter: Literal["reservoir", "closed"] = "reservoir"
    """Far end: at fixed concentration, or a counter electrode that conserves the salt."""
    counter_electrode: Literal["uniform_current", "equipotential"] = "uniform_current"
    """Where a current is given: the same current density all over the far end, or the same potential."""
    steps: list[Step | Cycle] = Field(min_length=1)
    """Steps, one after the other."""
    stop: StopConditions = []
    """Conditions that end the whole run, in whichever step, such as "roughness > 1 um"."""

    @property
    def places(self) -> list[tuple[tuple[str | int, ...], Step]]:
        """Every step that is written down, once, with its place below [operation]."""
        found: list[tuple[tuple[str | int, ...], Step]] = []
        for n, entry in enumerate(self.steps):
            inner = getattr(entry, "steps", None)
            if inner is None:
                found.append((("steps", n), entry))
            else:
                found += [(("steps", n, "steps", m), step) for m, step in enumerate(inner)]
        return found

    @property
    def sequence(self) -> list[Step]:
        """The steps as they are taken."""
        taken: list[Step] = []
        for entry in self.steps:
            taken += entry.steps * entry.repeat if isinstance(entry, Cycle) else [entry]
        return taken


class Time(Table):
    """Time steps; chosen automatically within these limits."""

    initial_step: PositiveDuration | None = None
    """First time step."""
    min_step: PositiveDuration | None = None
    """The solver gives up below this."""
    max_step: PositiveDuration | None = None
    """Largest time step."""
    front_travel: Annotated[float, Field(gt=0.0, le=1.0)] = 0.35
    """The front moves at most this many l = interface_width/4 per step."""
    tolerance: Annotated[float, Field(gt=0.0, le=1000.0)] = 1.0
    """Factor on the tolerances of the error control: smaller is more accurate."""


class FieldsEvery(Table):
    """How often fields are written: give one of the three."""

    count: Annotated[int, Field(ge=1, le=100_000)] | None = None
    """So many times, evenly over the run."""
    time: PositiveDuration | None = None
    """After every such time."""
    thickness: PositiveLength | None = None
    """After every such mean thickness grown or stripped."""

    @model_validator(mode="after")
    def one_of_three(self) -> "FieldsEvery":
        if sum(value is not None for value in (self.count, self.time, self.thickness)) != 1:
            raise ValueError('needs one of count = 20, time = "10 s" or thickness = "50 nm"')
        return self


class CheckpointEvery(Table):
    """How often the state is saved for a restart: give one of the two."""

    wall: PositiveDuration | None = None
    """After so much wall time."""
    time: PositiveDuration | None = None
    """At the first step that ends after every such time; no step is shortened for it."""

    @model_validator(mode="after")
    def one_of_two(self) -> "CheckpointEvery":
        if (self.wall is None) == (self.time is None):
            raise ValueError('needs one of wall = "10 min" or time = "1 h"')
        return self


class Output(Table):
    """What is written."""

    fields_every: FieldsEvery = FieldsEvery(count=20)
    """How often the fields are written."""
    checkpoint_every: CheckpointEvery = CheckpointEvery.model_construct(wall=600.0)
    """How often the state is saved; it is also saved at the start, at the end and when stopped."""


class Case(Table):
    """A case of fem_sei."""

    schema_version: Literal[SCHEMA] = Field(alias="schema")
    """Version of this format."""
    case: CaseInfo
    conditions: Conditions
    geometry: Geometry
    phase_field: PhaseField
    mesh: Mesh = Mesh()
    kinetics: Kinetics = Kinetics()
    mechanics: Mechanics | None = None
    """Stress: without this table there is none."""
    operation: Operation
    time: Time = Time()
    solver: Solver = Solver()
    output: Output = Output()
    materials: dict[Name, MaterialTable] = {}
    """Materials of this case, made from library materials or anew."""
    variants: list[Variant] = []
    """Variants of the case; without any, the case itself is run."""
    sweep: list[Sweep] = []
    """Axes of a sweep, whose product is run."""

    @property
    def metal(self) -> Material:
        """The material of the first layer."""
        return self.materials[self.geometry.layers[0].material]

    @property
    def ion_conductors(self) -> list[Material]:
        """The materials of the layers above the metal, from the metal outwards."""
        return [self.materials[layer.material] for layer in self.geometry.layers[1:]]

    @property
    def l(self) -> float:  # noqa: E743 (the letter of the literature)
        """Length l = interface_width/4 of the profile (m)."""
        return self.phase_field.interface_width / 4.0
