"""The case file of study = "delamination": elastic layers, joined by interfaces of which some may open.

What must hold between keys is in `delamination_rules.py`, the defaults that depend on other keys are in
`delamination_filling.py`, whether the run makes sense in `delamination_checks.py`.
"""

from typing import Annotated, Literal

from pydantic import Field

from fem_sei.case import common
from fem_sei.case.common import (
    SCHEMA,
    Fraction,
    MaterialTable,
    MeshSource,
    Name,
    PositiveNumber,
    Solver,
    Sweep,
    Table,
    Variant,
)
from fem_sei.case.quantity import (
    Length,
    ModulusProfile,
    PositiveDuration,
    PositiveFractureEnergy,
    PositiveInterfaceStiffness,
    PositiveLength,
    PositiveStress,
    Potential,
    Stress,
    TwoLengths,
)

Share = Annotated[float, Field(gt=0.0, le=1.0)]


class DelaminationInfo(common.Identity):
    """What the case is called and which kind of simulation it is."""

    study: Literal["delamination"]
    """Kind of simulation."""


class ElasticLayer(common.Layer):
    """One layer of the stack: elastic with E and nu of its material, or rigid."""

    rigid: bool = False
    """First or last layer only: it does not move and has no mesh."""
    residual_stress: Stress = 0.0
    """Stress in the plane of the layer before anything moves, tension positive."""
    eigenstrain: Annotated[float, Field(gt=-0.5, lt=0.5)] = 0.0
    """Strain in all directions that the layer would take without stress, growth positive."""
    modulus_profile: ModulusProfile | None = None
    """Young's modulus against the height over the thickness, [[0.0, "30 GPa"], [1.0, "165 GPa"]], linear
    between; instead of that of the material."""


class FilmGeometry(Table):
    """A stack of flat layers. The last coordinate goes through them, 0 at the top of the first layer."""

    dimension: Literal[2, 3]
    """2: width and height. 3: with a depth."""
    width: PositiveLength
    """Size along the layers (x); in axisymmetric cases from the axis."""
    depth: PositiveLength | None = None
    """Size along the layers across the width (y), 3-D only."""
    layers: list[ElasticLayer] = Field(min_length=1)
    """From the bottom; at least one that is not rigid."""


class Mechanics(Table):
    """How the layers deform."""

    assumption: Literal["plane_strain", "plane_stress", "axisymmetric"] | None = None
    """2-D only: what the third dimension does; plane_strain if not given."""
    strain: Literal["small", "st_venant_kirchhoff", "neo_hookean"] = "small"
    """Small strain and rotation, or an elastic law for large ones."""


class StripFlaw(Table):
    """2-D: a range of x that is debonded from the start; in axisymmetric cases a disc or a ring."""

    start: Length
    """Where it begins."""
    end: Length
    """Where it ends."""


class DiscFlaw(Table):
    """3-D: a disc that is debonded from the start."""

    centre: TwoLengths
    """Its middle [x, y]; on an edge of the domain a half disc, in a corner a quarter."""
    radius: PositiveLength
    """Its radius."""


class Interface(Table):
    """An interface that may open: a bilinear law between traction and opening. All others are bonded."""

    on: str
    """The two layers it joins, "metal|sei"."""
    strength: PositiveStress
    """Largest normal traction sigma_c (mode I)."""
    fracture_energy: PositiveFractureEnergy
    """Energy G_c that opening takes (mode I)."""
    shear_strength: PositiveStress | None = None
    """Largest shear traction (mode II); by default that of mode I."""
    shear_fracture_energy: PositiveFractureEnergy | None = None
    """Energy that sliding takes (mode II); by default that of mode I."""
    stiffness: PositiveInterfaceStiffness | None = None
    """Stiffness K before damage, and against overlap; by default from the layers and the law."""
    shear_stiffness: PositiveInterfaceStiffness | None = None
    """The same in shear; by default such that the energy taken does not depend on the path (Turon 2010)."""
    mixing: Literal["benzeggagh_kenane", "power_law"] = "benzeggagh_kenane"
    """Fracture energy between the two modes."""
    mixing_exponent: PositiveNumber = 2.0
    """Exponent of that: eta of Benzeggagh and Kenane, alpha of the power law."""
    viscosity: Annotated[float, Field(ge=0.0, allow_inf_nan=False)] = 0.0
    """Load factor over which damage lags behind, only with path.control = "load"; 0 switches it off."""
    flaw: StripFlaw | DiscFlaw | None = None
    """Part that is debonded from the start."""


class Displacement(Table):
    """Prescribed components of the displacement; those not given are free."""

    x: Length | None = None
    """Along the width (in axisymmetric cases radial)."""
    y: Length | None = None
    """In 2-D through the layers, in 3-D along the depth."""
    z: Length | None = None
    """3-D only: through the layers."""


class Boundary(Table):
    """What holds or loads a side of the domain, or part of it: one of condition, displacement, pressure.
    Sides that no entry names are free."""

    on: str
    """left, right, top, bottom, in 3-D also front and back."""
    layer: str | None = None
    """Of a side only the part that belongs to this layer."""
    between: TwoLengths | None = None
    """2-D only: of top and bottom the part in this range of x, of left and right in this range of y."""
    condition: Literal["symmetry", "clamped"] | None = None
    """symmetry: no normal displacement and no shear. clamped: no displacement."""
    displacement: Displacement | None = None
    """Components at load factor 1."""
    pressure: Stress | None = None
    """Pressure at load factor 1, positive inwards."""
    held: bool = False
    """Applied in full from the start instead of growing with the load factor."""
    follower: bool = False
    """Of a pressure, finite strain only: acts on the deformed area along the deformed normal."""


class Loading(Table):
    """Pressure on the faces of a flaw, such as that of metal growing there: one of pressure, overpotential
    and published. May be left out where boundaries or residual stress do the loading."""

    on: str | None = None
    """The interface; by default the only one with a flaw."""
    pressure: PositiveStress | None = None
    """Pressure at load factor 1."""
    overpotential: Potential | None = None
    """Pressure that balances an overpotential eta of depositing the metal: z F |eta| / V_m."""
    published: Literal["text", "molar_volume"] | None = None
    """Numbers of Pirayesh 2023. text: 100 MPa for Li, 59 MPa for Na, as printed. molar_volume: 100 MPa times
    V_m(Li)/V_m(metal), 54.7 MPa for Na: the paper's own formula, which its printed numbers do not follow."""
    metal: str | None = None
    """The metal of overpotential and published."""
    spread: Literal["flaw", "debonded"] = "flaw"
    """Pressure on the initial flaw only, or also where the interface opens, weighted by the share of the
    fracture energy that is spent."""
    follower: bool = False
    """Finite strain only: acts on the deformed area along the deformed normal."""


class Path(Table):
    """How the load is taken up, and down again where the layers come off."""

    control: Literal["volume", "opening", "dissipation", "arc_length", "load"] | None = None
    """What is prescribed; by default volume with [loading], load without."""
    first_step: Share = 0.02
    """First step as a fraction of the estimated way to load factor 1."""
    min_step: Fraction = 1e-6
    """The solver gives up below this."""
    max_step: Share = 0.1
    """Largest step."""
    max_steps: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """The run ends after so many steps."""
    find_limit: bool = True
    """With [loading]: go on past load factor 1 until the load falls, to the critical pressure."""
    stop_opening: PositiveLength | None = None
    """Ends the run at this largest opening."""


class FilmMesh(MeshSource):
    """How fine the mesh is."""

    elements_per_cohesive_length: Annotated[float, Field(gt=0.0, le=100.0)] = 8.0
    """Length of the process zone divided by the element size along interfaces that may open."""
    elements_across: Annotated[int, Field(ge=1, le=100)] = 2
    """Elements through every layer, at least."""
    coarse_size: PositiveLength | None = None
    """Largest element anywhere; by default from the thickness of the layers."""
    order: Literal[1, 2] = 2
    """Polynomial degree of the displacement."""


class FieldsAlongPath(Table):
    """How often fields are written."""

    count: Annotated[int, Field(ge=1, le=100_000)] = 20
    """So many times over the path."""


class CheckpointAlongPath(Table):
    """How often the state is saved for a restart."""

    wall: PositiveDuration = 600.0
    """After so much wall time."""


class PathOutput(Table):
    """What is written."""

    fields_every: FieldsAlongPath = FieldsAlongPath()
    """How often the fields are written."""
    checkpoint_every: CheckpointAlongPath = CheckpointAlongPath()
    """How often the state is saved; it is also saved at the start, at the end and when stopped."""


class DelaminationCase(Table):
    """A case of fem_sei: delamination."""

    schema_version: Literal[SCHEMA] = Field(alias="schema")
    """Version of this format."""
    case: DelaminationInfo
    geometry: FilmGeometry
    mechanics: Mechanics = Mechanics()
    interfaces: list[Interface] = []
    """Interfaces that may open; all others are bonded."""
    boundaries: list[Boundary] = []
    """What holds or loads the sides; what is not named is free."""
    loading: Loading | None = None
    """Pressure on the faces of a flaw."""
    path: Path = Path()
    mesh: FilmMesh = FilmMesh()
    solver: Solver = Solver()
    output: PathOutput = PathOutput()
    materials: dict[Name, MaterialTable] = {}
    """Materials of this case, made from library materials or anew."""
    variants: list[Variant] = []
    """Variants of the case; without any, the case itself is run."""
    sweep: list[Sweep] = []
    """Axes of a sweep, whose product is run."""
