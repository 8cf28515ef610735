"""Films and beams that come apart: fracture mechanics, plate theory, an independent program."""

import numpy as np
import pytest

from cases.verification import common
from cases.verification.disc_blister import verify as disc
from cases.verification.double_cantilever import verify as double_cantilever
from cases.verification.elastic_films import verify as elastic
from cases.verification.end_notched_flexure import verify as end_notched
from cases.verification.mixed_mode import verify as mixed
from cases.verification.strip_blister import verify as strip
from fem_sei.closed_form import blisters, films

FILM = end_notched.HERE.parents[1] / "tutorials" / "film_delamination.toml"
MPA = 1e6


def test_double_cantilever():
    found = double_cantilever.measure(double_cantilever.SHORT, step=0.02)
    assert np.abs(found.error).max() < 0.01
    assert found.energy_per_advance == pytest.approx(300.0, rel=5e-3)
    assert found.balance < 2e-3


def test_viscosity_takes_energy_that_falls_with_it():
    """Its energy is reported beside the fracture energy, and the balance is kept."""
    taken = []
    for viscosity in (0.003, 0.001):
        changes = (*double_cantilever.SHORT, f"interfaces[0].viscosity={viscosity}")
        found = double_cantilever.measure(changes, step=0.02)
        assert found.balance < 0.01
        taken.append(found.viscous)
    assert taken[0] > 1.5 * taken[1] > 0.05


def test_end_notched_flexure():
    found = end_notched.measure(end_notched.SHORT)
    assert np.abs(found.error).max() < 0.015
    assert found.energy_per_advance == pytest.approx(600.0, rel=0.02)


def test_mixed_mode_by_the_power_law():
    """With exponent 1 and Turon's stiffness the work does not depend on how the mode turns on the way."""
    found = mixed.measure((*mixed.SHORT, *mixed.POWER_LAW), "power_law")
    assert np.abs(found.error).max() < 0.015
    assert found.balance < 0.01


@pytest.mark.parametrize(
    ("case", "formula", "root"),
    [
        (strip.HERE, blisters.strip_critical_pressure, strip.ROOT),
        (disc.HERE, blisters.disc_critical_pressure, disc.ROOT),
    ],
    ids=["strip", "disc"],
)
def test_blister_with_a_short_process_zone(case, formula, root):
    found = strip.measure(case / "case.toml", formula, root, ["interfaces[0].strength=10 GPa"])
    assert abs(found.error) < 0.02


@pytest.mark.parametrize(("name", "changes"), [("strip", {}), ("disc", elastic.DISC)])
def test_clamped_plates(name, changes):
    D = blisters.bending_stiffness(elastic.E, elastic.NU, elastic.H)
    small = 0.01 * elastic.H * {"strip": 24.0, "disc": 64.0}[name] * D / elastic.A**4
    assert elastic.deflection([small], changes)[0] == pytest.approx(0.01 * elastic.H, rel=5e-3)
    large = elastic.deflection(small * np.array([50.0, 200.0]), changes, elastic.SVK)
    exact = [elastic.plate(name == "strip", pressure) for pressure in small * np.array([50.0, 200.0])]
    np.testing.assert_allclose(large, exact, rtol=5e-3)


def test_buckling_of_a_strip():
    critical = float(films.strip_buckling_stress(elastic.E, elastic.NU, elastic.H, elastic.A))
    stresses = critical * np.concatenate([[0.3, 0.6, 0.8, 0.9], np.linspace(0.95, 1.2, 11)[1:], [1.3, 1.4]])
    found, southwell = elastic.buckling(stresses, pull=20.0)
    assert southwell == pytest.approx(critical, rel=0.01)
    exact, _ = films.buckled_strip(stresses[-1], elastic.E, elastic.NU, elastic.H, elastic.A)
    assert found[-1] == pytest.approx(float(exact), rel=0.02)


@pytest.mark.parametrize("residual", [True, False], ids=["residual stress", "eigenstrain"])
def test_curvature_of_a_bilayer(residual):
    thin, thick = elastic.bilayer(0.02 * elastic.H_S, residual), elastic.bilayer(elastic.H_S, residual)
    assert thin.found == pytest.approx(thin.exact, rel=5e-3)
    assert thin.stoney == pytest.approx(thin.exact, rel=0.06)
    assert thick.found == pytest.approx(thick.exact, rel=5e-3)


def test_release_of_residual_stress():
    energies = elastic.release(1e9, (16.0 * elastic.H, 14.0 * elastic.H))
    found = (energies[0] - energies[1]) / (2.0 * elastic.H)
    assert found == pytest.approx(
        float(films.plane_strain_release(1e9, elastic.E, elastic.NU, elastic.H)), rel=1e-3
    )


# an independent program: p_max/sigma_c for K h/E' = 7.5 at E' h = 213 N/m, sigma_c = 100 MPa
MAP = {(3, 2): 0.254, (3, 6): 0.0433, (10, 3): 0.218, (100, 2): 0.859, (100, 6): 0.181}


@pytest.mark.parametrize(("ductility", "length"), MAP)
def test_map_of_critical_pressures(ductility, length):
    """Lambda = E' G_c/(sigma_c^2 h) and a0/h decide; within 1 %."""
    changes = [
        "geometry.width=120 nm",
        f"interfaces[0].fracture_energy={7.5e-4 * ductility} J/m^2",
        f"interfaces[0].flaw.end={4 * length} nm",
        "loading.pressure=3 MPa",
        "mesh.elements_per_cohesive_length=6",
    ]
    result = common.run(FILM, changes).manifest["result"]
    assert result["critical_pressure"] / (100.0 * MPA) == pytest.approx(MAP[ductility, length], rel=0.01)


def test_a_film_of_4_nm_as_the_independent_program_has_it():
    """Critical pressure 117.4 MPa, opening over thickness 0.3106 at 100 MPa."""
    found = common.run(FILM)
    assert found.manifest["result"]["critical_pressure"] == pytest.approx(117.4 * MPA, rel=3e-3)
    assert found.manifest["result"]["normalised_opening"] == pytest.approx(0.3106, rel=0.01)
    sodium = common.run(FILM, ["loading.pressure=59 MPa"]).manifest["result"]
    assert sodium["normalised_opening"] == pytest.approx(0.0782, rel=0.01)
    spread = common.run(FILM, ["loading.spread=debonded"]).manifest["result"]
    assert spread["critical_pressure"] == pytest.approx(95.2 * MPA, rel=3e-3)


MEMBRANE = [
    "geometry.layers[sei].thickness=1 nm",
    "mechanics.strain=st_venant_kirchhoff",
    "interfaces[0].flaw.end=20 nm",
    "path.stop_opening=100 nm",
]


def test_thin_film_comes_off_at_a_pressure_that_no_longer_rises():
    """With pressure on the flaw alone a long crack under a membrane is neutral; the film is 1 nm thick, its
    bending stiffness makes the last percent."""
    result = common.run(FILM, [*MEMBRANE, "geometry.width=120 nm"]).manifest["result"]
    assert result["limit"] == "plateau" and result["outcome"] == "delaminates"
    plateau = blisters.plateau_pressure(50e9, 0.25, 1e-9, 20e-9, 0.2)
    assert result["critical_pressure"] == pytest.approx(plateau, rel=0.02)


def test_a_film_that_ends_too_early_is_not_said_to_come_off():
    """Its load falls because the crack reaches the end, which says nothing about the interface."""
    run = common.run(FILM, [*MEMBRANE, "geometry.width=60 nm"])
    assert run.manifest["result"]["limit"] == "film_end"
    assert run.manifest["result"]["outcome"] == "unknown"
    assert any("end of the film" in warning for warning in run.manifest["warnings"])
