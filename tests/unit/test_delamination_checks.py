"""Whether a delamination run makes sense: verdicts and the numbers behind them."""

import math

import pytest
from test_delamination_case import E_PLANE, FILM, beams

from fem_sei.case.checks import assess
from fem_sei.case.loader import load
from fem_sei.cli import main


def rows_of(*changes):
    return {row.name: row for row in assess(load(FILM, changes).case).rows}


def test_the_worked_film():
    found = assess(load(FILM).case)
    rows = {row.name: row for row in found.rows}
    assert found.verdict == "ok"
    assert rows["""modulus E' of "sei\""""].value == pytest.approx(E_PLANE)
    assert rows["metal|sei: opening delta_0 at the onset of damage"].value == pytest.approx(1e-12)
    assert rows["metal|sei: opening delta_f without traction"].value == pytest.approx(4e-9)
    assert rows["""metal|sei: E' G_c/(sigma_c^2 h) of "sei\""""].value == pytest.approx(266.7, rel=1e-3)
    assert rows["metal|sei: length of the flaw a_0/h"].value == pytest.approx(2.0)
    expected = math.sqrt(18 * E_PLANE * 4e-9**3 / 12 * 0.2) / (8e-9 + 0.72 * 4e-9) ** 2
    assert rows["critical pressure of a sharp crack"].value == pytest.approx(expected)


def test_few_elements_are_refused_with_length_and_size():
    row = rows_of("mesh.elements_per_cohesive_length=3")["metal|sei: elements per cohesive length"]
    assert row.verdict == "refuse"
    assert row.advice == (
        "the cohesive length 16.16 nm needs at least 4 elements, of at most 4 nm; choose "
        "mesh.elements_per_cohesive_length = 8"
    )
    assert rows_of("mesh.elements_per_cohesive_length=4")[row.name].verdict == "ok"


def test_a_film_that_ends_too_soon_is_refused():
    row = rows_of("geometry.width=72 nm")["metal|sei: bonded interface beside the flaw / cohesive length"]
    assert row.verdict == "refuse" and "false limit load: 65 nm" in row.advice
    assert rows_of("geometry.width=73 nm")[row.name].verdict == "ok"


def test_a_free_edge_in_the_middle_of_a_flaw_is_pointed_out():
    name = 'metal|sei: flaw at the edge "left"'
    assert rows_of("boundaries=[]")[name].verdict == "warn"
    assert name not in rows_of()
    assert name not in rows_of("boundaries=[]", "mechanics.assumption=axisymmetric")
    right = 'interfaces[0].flaw={ start = "72 nm", end = "80 nm" }'
    assert rows_of(right)['metal|sei: flaw at the edge "right"'].verdict == "warn"


def test_a_soft_interface_is_pointed_out():
    row = rows_of("interfaces[0].stiffness=1e17 Pa/m")["metal|sei: opening delta_0 at the onset of damage"]
    assert row.verdict == "warn" and row.advice.endswith("choose at least 2.5e+17 Pa/m")


def test_both_modes_are_shown_where_they_differ():
    name = "metal|sei: opening delta_f without traction, shear"
    assert rows_of("interfaces[0].shear_strength=50 MPa")[name].value == pytest.approx(8e-9)
    assert name not in rows_of()


def test_strain_before_anything_moves():
    name = 'strain that "sei" starts with'
    residual = "geometry.layers[sei].residual_stress=5 GPa"
    assert rows_of(residual)[name].verdict == "warn"
    assert rows_of(residual, "mechanics.strain=neo_hookean")[name].verdict == "ok"


def test_beams_are_judged_without_loading():
    found = assess(beams(geometry__width="150 mm"))
    rows = {row.name: row for row in found.rows}
    assert found.verdict == "ok"
    assert not any("pressure" in name for name in rows)
    assert rows["lower|upper: cohesive length l_cz"].value == pytest.approx(
        (E_PLANE * 300 / 20e6**2) ** 0.25 * 1.5e-3**0.75
    )


def test_unknowns_grow_as_the_elements_shrink():
    name = "degrees of freedom, about"
    coarse, fine = rows_of()[name].value, rows_of("mesh.elements_per_cohesive_length=32")[name].value
    assert 3.0 < fine / coarse < 16.0
    assert rows_of("mesh.order=1")[name].value == pytest.approx(coarse / 3.5, rel=0.1)


@pytest.mark.parametrize(
    ("file", "changes", "unknowns"),
    [
        ("tutorials/film_delamination.toml", (), 878),
        ("tutorials/film_delamination.toml", ("mesh.elements_per_cohesive_length=32",), 4770),
        ("verification/strip_blister/case.toml", ("interfaces[0].strength=10 GPa",), 5698),
        ("verification/end_notched_flexure/case.toml", (), 23042),
        ("tutorials/blister_3d.toml", (), 27378),
        ("hpc/blister_3d.toml", (), 109956),
        ("hpc/blister_3d.toml", ("mesh.elements_per_cohesive_length=14",), 313827),
    ],
)
def test_unknowns_of_meshes_that_were_made(file, changes, unknowns):
    rows = {row.name: row for row in assess(load(FILM.parents[1] / file, changes).case).rows}
    assert rows["degrees of freedom, about"].value == pytest.approx(unknowns, rel=0.25)


def test_check_prints_the_case_and_its_numbers(capsys):
    assert main(["check", str(FILM)]) == 0
    out = capsys.readouterr().out
    assert "interfaces[0].shear_strength = 100000000 Pa  (100 MPa)" in out
    assert "metal|sei: cohesive length l_cz" in out and "film      E         5e+10  Pa    user" in out
    assert main(["check", str(FILM), "--set", "geometry.width=20 nm"]) == 2
