"""What a film_growth case leaves out, filled in: materials, kinetics, both modes of the interface, sizes."""

from fem_sei.case.cohesive_sizes import OPENING_RATIO, default_shear_stiffness, least_stiffness
from fem_sei.case.film_growth import FilmGrowthCase, FilmInterface, GrowthSteps, MetalLayer, StressedKinetics
from fem_sei.case.film_growth_rules import KINETIC, has_constant_kappa
from fem_sei.case.film_growth_sizes import default_size, film_modulus, planned_growth
from fem_sei.case.plating_filling import with_given
from fem_sei.case.rules import material

CLOSED_STIFFNESS = 50.0  # of the closed interface, over that of the film across its thickness
FIRST_STEP, LARGEST_STEP, SMALLEST_STEP = 1e-3, 0.05, 1e-8  # over the planned growth
TOLERANCE = 1e-4  # the same: amplitudes to 0.1 %


def fill_in(case: FilmGrowthCase) -> FilmGrowthCase:
    """The case with everything that it leaves out."""
    geometry = case.geometry
    metal, *films = geometry.layers
    used = {layer.material: material(case, layer.material) for layer in geometry.layers}
    used[metal.material] = with_given(used[metal.material], case.kinetics, KINETIC)
    kinetics = StressedKinetics.model_construct(
        **{key: used[metal.material].value(key) for key in KINETIC}, stress_shift=case.kinetics.stress_shift
    )
    metal = MetalLayer.model_construct(**{key: getattr(metal, key) for key in type(metal).model_fields})
    top = geometry.top or ("conformal" if geometry.dimension == 2 else "level")
    geometry = geometry.model_copy(update={"layers": [metal, *films], "top": top})
    ohmic = case.operation.ohmic_drop
    if ohmic is None:
        ohmic = all(has_constant_kappa(used[layer.material]) for layer in films)
    case = case.model_copy(
        update={
            "materials": used,
            "kinetics": kinetics,
            "geometry": geometry,
            "operation": case.operation.model_copy(update={"ohmic_drop": ohmic}),
        }
    )
    mesh = case.mesh.model_copy(update={"size": case.mesh.size or default_size(case)})
    return case.model_copy(
        update={
            "mesh": mesh,
            "interfaces": [_complete(case, interface) for interface in case.interfaces],
            "time": _steps(case),
        }
    )


def _complete(case: FilmGrowthCase, interface: FilmInterface) -> FilmInterface:
    """Both modes, and a stiffness with which the closed interface hardly yields."""
    strength, energy = interface.strength, interface.fracture_energy
    interface = interface.model_copy(
        update={
            "shear_strength": interface.shear_strength or strength,
            "shear_fracture_energy": interface.shear_fracture_energy or energy,
        }
    )
    film = case.geometry.layers[1]
    K = interface.stiffness or max(
        CLOSED_STIFFNESS * film_modulus(case, film) / film.thickness,
        OPENING_RATIO * least_stiffness(strength, energy),
    )
    K_s = interface.shear_stiffness or default_shear_stiffness(interface, K)
    return interface.model_copy(update={"stiffness": K, "shear_stiffness": K_s})


def _steps(case: FilmGrowthCase) -> GrowthSteps:
    time, growth = case.time, planned_growth(case)
    largest = time.max_step or LARGEST_STEP * growth
    first = time.initial_step or min(FIRST_STEP * growth, largest)
    return GrowthSteps.model_construct(
        max_step=largest,
        initial_step=first,
        min_step=time.min_step or min(SMALLEST_STEP * growth, first),
        tolerance=time.tolerance or TOLERANCE * growth,
    )
