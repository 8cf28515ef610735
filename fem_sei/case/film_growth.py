"""The case file of study = "film_growth": metal that is plated under elastic films, with a sharp surface.

What must hold between keys is in `film_growth_rules.py`, what a case leaves out in `film_growth_filling.py`,
whether the run makes sense in `film_growth_checks.py`.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from fem_sei.case import common, delamination, schema
from fem_sei.case.common import SCHEMA, Fraction, MaterialTable, Name, Solver, Sweep, Table, Variant
from fem_sei.case.quantity import (
    CurrentDensity,
    Duration,
    Length,
    ModulusOfThickness,
    PositiveCurrentDensity,
    PositiveDuration,
    PositiveLength,
    Potential,
    Stress,
    SurfaceEnergy,
    Temperature,
)


class GrowthInfo(common.Identity):
    """What the case is called and which kind of simulation it is."""

    study: Literal["film_growth"]
    """Kind of simulation."""


class Surroundings(Table):
    """The surroundings."""

    temperature: Temperature = 298.15
    """Temperature, the same everywhere."""


class GrowthLayer(common.Layer):
    """One layer: the metal, of which only the surface counts, or an elastic film with E and nu of its
    material and, for the ohmic drop, kappa."""

    rigid: ClassVar[bool] = False
    residual_stress: Stress = 0.0
    """Films only: stress in the plane of the film before anything moves, tension positive."""
    modulus_of_thickness: ModulusOfThickness | None = None
    """Films only: Young's modulus against the film's thickness, linear between and constant beyond,
    [["4 nm", "20 GPa"], ["10 nm", "50 GPa"]]; instead of that of the material."""


class MetalLayer(GrowthLayer):
    """The first layer of a resolved case: it has no mesh."""

    rigid: ClassVar[bool] = True


class HalfCosine(Table):
    """2-D only: a bump (a valley if the height is negative), height (1 + cos(pi (x - at)/radius))/2 as far as
    the radius."""

    kind: Literal["half_cosine"]
    """A smooth bump of finite width."""
    at: Length
    """Where its middle is: x from the left edge."""
    height: Length
    """How far it rises above the flat surface."""
    radius: PositiveLength
    """Half of its width at the foot."""


class CircularBump(Table):
    """2-D only: a bump (a valley if the height is negative) with the outline of a circular cap, and a fillet
    of half the cap's radius at its foot (into an edge no film could follow the growth)."""

    kind: Literal["circular"]
    """A circular cap on the flat surface."""
    at: Length
    """Where its middle is: x from the left edge."""
    height: Length
    """How far it rises above the flat surface."""
    radius: PositiveLength
    """Half of its width at the foot, more than the height."""


GrowthFeature = Annotated[
    HalfCosine | CircularBump | schema.Bump | schema.Sinusoid | schema.Roughness, Field(discriminator="kind")
]


class GrowthGeometry(Table):
    """A metal surface and the films on it. The last coordinate is the direction of growth, 0 at the flat
    metal surface; the side walls are planes of symmetry."""

    dimension: Literal[2, 3]
    """2: with a width. 3: with a width and a depth."""
    width: PositiveLength
    """Size along the surface (x)."""
    depth: PositiveLength | None = None
    """Size along the surface across the width (y), 3-D only."""
    layers: list[GrowthLayer] = Field(min_length=2)
    """From the bottom: the metal, then one or more films."""
    top: Literal["conformal", "level"] | None = None
    """2-D: the films have the same height everywhere (conformal, the default), or flat tops. 3-D: level."""
    features: list[GrowthFeature] = []
    """Features of the metal surface; their heights add up."""


class FilmMechanics(Table):
    """How the films deform; 2-D cases are in plane strain."""

    assumption: Literal["plane_strain"] | None = None
    """2-D only: plane_strain."""
    strain: Literal["small", "st_venant_kirchhoff", "neo_hookean"] = "neo_hookean"
    """An elastic law for large strain, or small strain and rotation (for comparison)."""


class StressedKinetics(Table):
    """Charge transfer at the metal surface. What is left out comes from the metal's library values."""

    exchange_current_density: PositiveCurrentDensity | None = None
    """Exchange current density i0."""
    alpha: Fraction | None = None
    """Transfer coefficient of deposition, between 0 and 1."""
    surface_energy: SurfaceEnergy | None = None
    """Energy gamma of the metal surface under the film; zero switches its shift off."""
    stress_shift: bool = True
    """Whether the normal stress shifts the kinetics."""


class GrowthEnd(Table):
    """When the run ends: at the first of what is given."""

    thickness: Length | None = None
    """Mean growth of the metal, negative where it is stripped."""
    duration: PositiveDuration | None = None
    """Time."""

    @model_validator(mode="after")
    def one_at_least(self) -> "GrowthEnd":
        if self.thickness is None and self.duration is None:
            raise ValueError('needs thickness = "2 nm" or duration = "10 s"')
        return self


class GrowthOperation(Table):
    """What drives the growth: an overpotential, or a mean current density."""

    overpotential: Potential | None = None
    """Potential of the metal against a reference electrode of it on top of the films; negative deposits."""
    current_density: CurrentDensity | None = None
    """Mean current density; positive deposits."""
    until: GrowthEnd
    """End of the run, { thickness = "2 nm" } or { duration = "10 s" }."""
    stack_pressure: Stress = 0.0
    """Pressure on top of the films, positive inwards."""
    ohmic_drop: bool | None = None
    """Whether the potential in the films is solved for; by default if all of them have a constant kappa."""


class FilmInterface(delamination.Interface):
    """The interface by which the film may come off the metal; without it the film is bonded for good."""

    viscosity: Duration = 0.0
    """Time by which the damage lags behind; 0 switches it off."""
    flaw: delamination.StripFlaw | None = None
    """2-D only: part that is debonded from the start."""
    under_open_film: Literal["fills", "stops"] = "fills"
    """Metal under a film that has come off goes on growing into the gap, or stops for want of ions (in
    proportion to the share of the fracture energy that is spent)."""


class GrowthSteps(Table):
    """Time steps, given by the growth of an unstressed flat surface in them; chosen within these limits."""

    initial_step: PositiveLength | None = None
    """First step."""
    min_step: PositiveLength | None = None
    """The solver gives up below this."""
    max_step: PositiveLength | None = None
    """Largest step."""
    tolerance: PositiveLength | None = None
    """Largest error of the surface's place in one step."""


class SurfaceMesh(common.MeshSource):
    """How fine the mesh is."""

    size: PositiveLength | None = None
    """Length of the elements along the metal surface; by default from its features and the films."""
    elements_across: Annotated[int, Field(ge=1, le=100)] = 3
    """Elements through every film, at least."""
    coarse_size: PositiveLength | None = None
    """Largest element far from the surface."""
    order: Literal[2] = 2
    """Polynomial degree of the fields."""


class FilmGrowthCase(Table):
    """A case of fem_sei: film growth."""

    schema_version: Literal[SCHEMA] = Field(alias="schema")
    """Version of this format."""
    case: GrowthInfo
    conditions: Surroundings = Surroundings()
    geometry: GrowthGeometry
    mechanics: FilmMechanics = FilmMechanics()
    kinetics: StressedKinetics = StressedKinetics()
    operation: GrowthOperation
    interfaces: list[FilmInterface] = []
    """That of the metal and the first film, if the film may come off."""
    time: GrowthSteps = GrowthSteps()
    mesh: SurfaceMesh = SurfaceMesh()
    solver: Solver = Solver()
    output: delamination.PathOutput = delamination.PathOutput()
    materials: dict[Name, MaterialTable] = {}
    """Materials of this case, made from library materials or anew."""
    variants: list[Variant] = []
    """Variants of the case; without any, the case itself is run."""
    sweep: list[Sweep] = []
    """Axes of a sweep, whose product is run."""
