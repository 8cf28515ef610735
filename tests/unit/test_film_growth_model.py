"""Metal growing under a film, against closed forms: waves, rigid growth, equilibrium, balances, a bump."""

from typing import Any

import numpy as np
import pytest
from mpi4py import MPI

from fem_sei.case.loader import resolve
from fem_sei.closed_form.film_growth import layer_reactions, stopping_stress, stress_sensitivity, wave
from fem_sei.closed_form.kinetics import F, butler_volmer, inverse_butler_volmer
from fem_sei.numerics.time import StepControl
from fem_sei.studies.film_growth_march import GrowthMarch
from fem_sei.studies.film_growth_setup import build_march

NM = 1e-9
E, NU, V_M, T, I0, GAMMA = 50e9, 0.25, 13.0e-6, 298.15, 10.0, 0.5
C_1 = stress_sensitivity(-0.1, 0.5, 1, T, V_M)
FILM = {"kind": "solid", "E": "50 GPa", "nu": NU}
BUMP = {"kind": "half_cosine", "at": "0 nm", "height": "1 nm", "radius": "4 nm"}


def march(
    width: float,
    h: float,
    features: tuple[dict[str, Any], ...] = (),
    film: dict[str, Any] = FILM,
    operation: dict[str, Any] | None = None,
    **tables: Any,
) -> GrowthMarch:
    """Lithium under one film (lengths in nm), at -0.1 V unless told otherwise."""
    case = {
        "schema": 1,
        "case": {"name": "test", "study": "film_growth"},
        "geometry": {
            "dimension": 2,
            "width": f"{width} nm",
            "layers": [
                {"name": "metal", "material": "Li", "thickness": "20 nm"},
                {"name": "film", "material": "film", "thickness": f"{h} nm"},
            ],
            "features": list(features),
        },
        "operation": operation or {"overpotential": "-0.1 V", "until": {"thickness": "1 nm"}},
        "materials": {"film": film},
        **tables,
    }
    found = build_march(resolve(case), MPI.COMM_WORLD)
    found.start()
    return found


def tractions(found: GrowthMarch) -> np.ndarray:
    return found.measures.profile()["traction"] * found.model.S


@pytest.mark.parametrize("wavelength", [5.0, 10.0, 20.0])
@pytest.mark.parametrize("h", [1.0, 4.0, "half-space"])
def test_waves_decay_as_the_two_by_two_system_says(wavelength: float, h: float | str) -> None:
    A_0, tau = 1e-4, 2.0  # nm
    h = 1.5 * wavelength if isinstance(h, str) else h
    found = march(
        wavelength / 2,
        h,
        ({"kind": "sinusoid", "amplitude": f"{A_0} nm", "wavelength": f"{wavelength} nm"},),
        time={"tolerance": f"{1e-5 * A_0} nm", "max_step": "0.2 nm"},
        mesh={"size": f"{wavelength / 48} nm", "coarse_size": f"{wavelength / 8} nm"},
    )
    k = 2.0 * np.pi / (wavelength * NM)
    expected, _ = wave(tau * NM, k, layer_reactions(k, h * NM, E, NU), C_1, GAMMA)
    found.run(tau * NM / found.model.L)
    x = found.measures.profile()["x"] * found.model.L / NM
    assert (x[0, 1] - x[-1, 1]) / (2.0 * A_0) == pytest.approx(expected, rel=0.01)


def test_a_flat_film_rides_on_growing_metal_without_stress() -> None:
    found = march(5.0, 4.0)
    found.run(2.0 * NM / found.model.L)
    w = found.measures.profile()["displacement"] * found.model.L
    assert w[:, 1] == pytest.approx(2.0 * NM, rel=1e-10)
    assert np.abs(tractions(found)).max() < 1e-10 * E


def test_nothing_flows_at_the_stress_of_equilibrium() -> None:
    stop = stopping_stress(-0.1, 1, V_M)
    operation = {
        "overpotential": "-0.1 V",
        "until": {"duration": "1 s"},
        "stack_pressure": f"{-stop / 1e6!r} MPa",
    }
    found = march(5.0, 4.0, operation=operation)
    assert stop == pytest.approx(-742e6, rel=1e-3)
    assert tractions(found) == pytest.approx(stop, rel=1e-8)
    assert abs(found.measures.integral("current") / found.model.projected_area) < 1e-8


def test_given_mean_current_through_a_film_that_resists() -> None:
    """Flat: eta is that of charge transfer and the drop i h/kappa. On a bump the mean is what is given."""
    film = FILM | {"kappa": "1e-6 S/m"}
    operation = {"current_density": "50 A/m^2", "until": {"thickness": "1 nm"}}
    found = march(5.0, 4.0, film=film, operation=operation)
    eta = float(found.model.eta.value) * found.model.potential
    expected = inverse_butler_volmer(50.0, I0, 0.5, 1, T) - 50.0 * 4.0 * NM / 1e-6
    assert eta == pytest.approx(expected, rel=1e-9)
    found = march(8.0, 4.0, (BUMP,), film, operation)
    found.run(0.5 * NM / found.model.L)
    assert found.measures.integral("current") / found.model.projected_area == pytest.approx(1.0, rel=1e-10)
    assert found.metal.value / found.model.projected_area == pytest.approx(found.time, rel=1e-10)


@pytest.fixture(scope="module")
def bump() -> dict[float, dict[str, float]]:
    """A bump at tau = 0.5 and 1 nm: lengths in nm, stress in MPa."""
    found = march(20.0, 10.0, (BUMP,), kinetics={"surface_energy": "0 J/m^2"})
    states = {}
    for tau in (0.5, 1.0):
        found.run(tau * NM / found.model.L)
        scale, profile = found.model.L / NM, found.measures.profile()
        far, lowest = found.measures.amplitudes(profile["x"])
        states[tau] = {
            "growth": found.metal.value / found.model.projected_area * scale,
            "far": far * scale,
            "lowest": lowest * scale,
            "stress": tractions(found)[0] / 1e6,
            "charge": found.charge.value / found.metal.value - 1.0,
            "work": found.work / found.measures.integral("elastic") - 1.0,
            "area": found.measures.integral("volume_of_metal"),
            "metal": found.metal.value,
        }
    return states


def test_bump_of_an_independent_program(bump: dict[float, dict[str, float]]) -> None:
    """Amplitudes to 0.2 %; its mean growth is that of heights along the arc, 1 % less than the metal's."""
    expected = {0.5: (0.440, 0.858, 0.913, -185.0), 1.0: (0.808, 0.738, 0.845, -216.0)}
    for tau, (growth, far, lowest, stress) in expected.items():
        found = bump[tau]
        assert found["far"] == pytest.approx(far, rel=2e-3)
        assert found["lowest"] == pytest.approx(lowest, rel=2e-3)
        assert found["stress"] == pytest.approx(stress, rel=0.02)
        assert found["growth"] == pytest.approx(growth, rel=0.015)


def test_charge_metal_and_work_balance(bump: dict[float, dict[str, float]]) -> None:
    for found in bump.values():
        assert abs(found["charge"]) < 1e-10
        assert abs(found["work"]) < 1e-3
    swept = bump[1.0]["metal"] - bump[0.5]["metal"]  # by the formula of the steps; the area itself:
    assert bump[1.0]["area"] - bump[0.5]["area"] == pytest.approx(swept, rel=1e-3)


def test_second_order_in_time() -> None:
    ends = []
    for steps in (10, 20, 40):
        found = march(20.0, 4.0, (BUMP,), mesh={"size": "0.4 nm"})
        dt = 0.5 * NM / found.model.L / steps
        found.control, found.tolerance = StepControl(dt, 1e-3 * dt, dt), np.inf
        found.run(steps * dt)
        ends.append([tractions(found)[0] / 1e6, found.metal.value])
    coarse, fine = np.abs(np.diff(ends, axis=0))
    assert np.all(np.log2(coarse / fine) > 1.7)


def test_tip_stress_and_amplitude_converge_with_the_mesh() -> None:
    ends = []
    for size in (0.8, 0.4, 0.2):
        found = march(20.0, 4.0, (BUMP,), mesh={"size": f"{size} nm"}, kinetics={"surface_energy": "0 J/m^2"})
        found.run(0.2 * NM / found.model.L)
        ends.append([found.measures.amplitudes(found.measures.profile()["x"])[0], tractions(found)[0]])
    coarse, fine = np.abs(np.diff(ends, axis=0)) / np.abs(ends[-1])
    assert np.all(fine < coarse / 2.0)
    assert fine[0] < 1e-3
    assert fine[1] < 0.02


@pytest.mark.parametrize("strain", ["small", "st_venant_kirchhoff"])
def test_elastic_laws_agree_early(strain: str) -> None:
    tips = []
    for law in ("neo_hookean", strain):
        tables = {"mechanics": {"strain": law}, "kinetics": {"surface_energy": "0 J/m^2"}}
        found = march(20.0, 10.0, (BUMP,), mesh={"size": "0.4 nm"}, **tables)
        found.run(0.25 * NM / found.model.L)
        tips.append(tractions(found)[0])
    assert tips[1] == pytest.approx(tips[0], rel=0.02)


@pytest.mark.parametrize(
    ("metal", "z", "V_m"), [("Na", 1, 23.75e-6), ("Mg", 2, 13.98e-6), ("Al", 3, 9.99e-6)]
)
def test_metals_by_name(metal: str, z: int, V_m: float) -> None:
    """Current of a flat surface under pressure: both branches shifted by V_m sigma/(z F)."""
    layers = [
        {"name": "metal", "material": metal, "thickness": "20 nm"},
        {"name": "film", "material": "film", "thickness": "4 nm"},
    ]
    operation = {"overpotential": "-50 mV", "until": {"thickness": "1 nm"}, "stack_pressure": "100 MPa"}
    found = march(5.0, 4.0, operation=operation, geometry={"dimension": 2, "width": "5 nm", "layers": layers})
    i0 = found.model.case.kinetics.exchange_current_density
    current = found.measures.integral("current") / found.model.projected_area * found.model.i_ref
    eta = -0.05 + V_m * 100e6 / (z * F)
    assert current == pytest.approx(float(butler_volmer(eta, i0, 0.5, z, T)), rel=1e-7)


def test_three_dimensions_agree_with_two() -> None:
    layers = [
        {"name": "metal", "material": "Li", "thickness": "20 nm"},
        {"name": "film", "material": "film", "thickness": "2 nm"},
    ]
    wave_of = {"kind": "sinusoid", "amplitude": "0.3 nm", "wavelength": "10 nm"}
    heights = []
    for size, geometry in (
        ("0.25 nm", {"dimension": 2, "top": "level"}),
        ("0.6 nm", {"dimension": 3, "depth": "1 nm"}),
    ):
        geometry |= {"width": "5 nm", "layers": layers, "features": [wave_of]}
        mesh = {"size": size, "elements_across": 2}
        found = march(5.0, 2.0, geometry=geometry, mesh=mesh, time={"tolerance": "1e-3 nm"})
        found.run(0.2 * NM / found.model.L)
        x = found.measures.profile()["x"][:, -1]
        heights.append((x.max() - x.min()) * found.model.L / NM)
        assert abs(found.charge.value / found.metal.value - 1.0) < 1e-10
    assert heights[1] == pytest.approx(heights[0], rel=2e-3)


def interface(**keys: Any) -> list[dict[str, Any]]:
    return [{"on": "metal|film", "strength": "100 MPa", "fracture_energy": "0.005 J/m^2"} | keys]


def energies(found: GrowthMarch) -> float:
    """What the films and the interface hold and have taken, over the work of the metal, minus 1."""
    joint = found.model.joint
    taken = np.asarray(joint.dissipated)
    held = found.measures.integral("elastic") + joint.integral(joint.values("stored"))
    return (held + joint.integral(taken)) / found.work - 1.0


@pytest.mark.parametrize("under", ["fills", "stops"])
def test_film_comes_off_and_the_energy_balance_closes(under: str) -> None:
    mesh = {"size": "0.4 nm"}
    found = march(20.0, 10.0, (BUMP,), interfaces=interface(under_open_film=under), mesh=mesh)
    found.run(0.4 * NM / found.model.L)
    joint = found.model.joint
    assert joint.integral((joint.values("damage") >= 1.0).astype(float)) > 0.0
    assert abs(energies(found)) < 0.01
    assert abs(found.charge.value / found.metal.value - 1.0) < 1e-10
    growth = found.measures.profile()["displacement"][0, 1] * found.model.L / NM  # at the tip, under the gap
    assert growth < 0.2 if under == "stops" else growth > 0.25


def test_strong_interface_is_as_good_as_bonded() -> None:
    tips = []
    strong = interface(strength="20 GPa", fracture_energy="1000 J/m^2", stiffness="1e23 Pa/m")
    for keys in ({}, {"interfaces": strong}):
        found = march(20.0, 10.0, (BUMP,), mesh={"size": "0.4 nm"}, **keys)
        found.run(0.2 * NM / found.model.L)
        tips.append([tractions(found).min(), found.metal.value])
    assert tips[1] == pytest.approx(tips[0], rel=0.01)
