"""What a case plans: growth, the band that the mesh refines, element sizes."""

from pathlib import Path

import numpy as np
import pytest

from fem_sei.case import plan
from fem_sei.case.checks import assess
from fem_sei.case.estimates import surface_extent
from fem_sei.case.loader import load

TUTORIALS = Path(__file__).parents[2] / "cases" / "tutorials"
PLANAR, BUMPS = TUTORIALS / "planar_plating.toml", TUTORIALS / "two_bumps.toml"
NM = 1e-9
SPEED = 5.0 * 13.00e-6 / 96485.33212  # of lithium at 5 A/m^2, m/s


def case_of(*changes, path=PLANAR):
    return load(path, changes).case


def steps(*entries):
    return "operation.steps=[" + ",".join(entries) + "]"


PLATE = '{current_density="5 A/m^2", until={thickness="30 nm"}}'
REST = '{current_density="0 A/m^2", until={duration="60 s"}}'
STRIP = '{current_density="-5 A/m^2", until={thickness="-50 nm"}}'


@pytest.mark.parametrize(
    ("entries", "lowest", "highest", "path"),
    [
        ((PLATE,), 0, 30, 30),
        ((STRIP,), -50, 0, 50),
        ((REST,), 0, 0, 0),
        ((PLATE, REST, STRIP, REST, PLATE), -20, 30, 110),
        ((PLATE, STRIP, STRIP), -70, 30, 130),
    ],
    ids=["plating", "stripping", "rest", "cycle", "deep"],
)
def test_growth_of_given_thicknesses(entries, lowest, highest, path):
    growth = plan.planned_growth(case_of(steps(*entries)))
    found = np.array([growth.lowest, growth.highest, growth.path]) / NM
    np.testing.assert_allclose(found, [lowest, highest, path], atol=1e-9)


def test_growth_of_given_times():
    timed = '{current_density="5 A/m^2", until={duration="40 s"}}'
    assert plan.planned_growth(case_of(steps(timed))).highest == pytest.approx(40 * SPEED, rel=1e-3)
    ramped = timed.replace("}}", '}, ramp="10 s"}')
    assert plan.planned_growth(case_of(steps(ramped))).highest == pytest.approx(35 * SPEED, rel=1e-3)
    turned = '{current_density="-5 A/m^2", until={duration="30 s"}, ramp="20 s"}'
    growth = plan.planned_growth(case_of(steps(ramped, turned)))
    assert growth.lowest == 0.0  # 35 s up, the ramp cancels itself, 10 s down
    assert growth.path == pytest.approx(45 * SPEED, rel=1e-3)


def test_growth_at_a_potential_is_that_of_the_steady_current():
    potential = '{potential="-20 mV", until={duration="100 s"}}'
    case = case_of("operation.mode=potentiostatic", steps(potential))
    current = plan.largest_current(case)
    assert 1.0 < current < 10.0
    assert plan.planned_growth(case).highest == pytest.approx(100 * SPEED * current / 5.0, rel=1e-3)
    stripping = case_of("operation.mode=potentiostatic", steps(potential.replace("-20", "20")))
    assert plan.planned_growth(stripping).lowest < 0 < plan.largest_current(stripping)


def test_element_sizes():
    case = case_of("mesh.elements_across_interface=5")
    assert plan.cell_size(case) == pytest.approx(10 * NM)
    assert plan.coarse_size(case) == pytest.approx(5e-6 / 12)
    assert plan.coarse_size(case_of(path=BUMPS)) == pytest.approx(2e-6 / 12)
    assert plan.coarse_size(case_of('mesh.coarse_size="77 nm"')) == pytest.approx(77 * NM)
    thin = case_of('geometry.width="0.2 um"', "geometry.features=[]", path=BUMPS)
    assert plan.coarse_size(thin) == pytest.approx(0.2e-6 / 12)


def inside(band, x, y):
    return any(r.x_min <= x <= r.x_max and r.y_min <= y <= r.y_max for r in band)


def test_flat_band_has_room_on_both_sides():
    (band,) = plan.fine_band(case_of(steps(PLATE, STRIP)))
    pad, margin = 2 * 50 * NM, 1.3
    assert (band.x_min, band.x_max) == (0.0, 0.0)
    assert band.y_max == pytest.approx(30 * NM * margin + pad)
    assert band.y_min == pytest.approx(-20 * NM * margin - pad)


def test_margins_widen_the_band():
    (narrow,) = plan.fine_band(case_of("mesh.growth_margin=1.0"))
    (wide,) = plan.fine_band(case_of("mesh.growth_margin=2.0"))
    assert wide.y_max - narrow.y_max == pytest.approx(200 * NM)
    tips = [
        max(r.y_max for r in plan.fine_band(case_of(f"mesh.tip_margin={m}", path=BUMPS))) for m in (1.0, 3.0)
    ]
    assert tips[1] - tips[0] == pytest.approx(2 * 130 * NM)


def test_band_covers_bumps_and_their_growth():
    case = case_of(path=BUMPS)
    band, delta = plan.fine_band(case), case.phase_field.interface_width
    surface = [(x, 0.2e-6 * np.exp(-(((x - 1e-6) / 0.4e-6) ** 2))) for x in np.linspace(0.5e-6, 1.5e-6, 50)]
    for x, y in surface:
        assert inside(band, x, y + delta) and inside(band, x, y - delta)
        assert inside(band, x, y + 100 * NM + delta)  # the planned mean growth
    assert inside(band, 1e-6, 0.2e-6 + 2 * 100 * NM)  # twice that at the tip
    assert not inside(band, 1e-6, 0.9e-6) and not inside(band, 1e-6, -0.25e-6)
    for r in band:
        assert 0.0 <= r.x_min < r.x_max <= 3e-6


def test_band_reaches_into_valleys_and_down_when_stripping():
    valley = 'geometry.features=[{kind="bump", at="1 um", height="-0.1 um", width="0.4 um"}]'
    case = case_of(valley, steps(STRIP), path=BUMPS)
    band = plan.fine_band(case)
    assert inside(band, 1e-6, -100 * NM - 50 * NM - 75 * NM)
    assert inside(band, 1.99e-6, -50 * NM - 75 * NM) and not inside(band, 1.99e-6, -0.24e-6)


def test_band_of_a_wavy_surface():
    wave = 'geometry.features=[{kind="sinusoid", amplitude="40 nm", wavelength="2 um"}]'
    (band,) = plan.fine_band(case_of(wave, path=BUMPS))
    assert (band.x_min, band.x_max) == (0.0, 3e-6)
    assert band.y_max == pytest.approx(40 * NM + 2 * 1.3 * 100 * NM + 100 * NM)
    assert band.y_min == pytest.approx(-40 * NM - 100 * NM)


ROUGH = TUTORIALS / "rough_surface_3d.toml"
PAD = 2 * 80 * NM


def test_the_band_of_a_rough_surface_follows_it_in_three_dimensions():
    (band,) = plan.fine_band(case_of(path=ROUGH))
    assert (band.x_min, band.x_max) == (0.0, 1e-6)
    assert (band.depth_min, band.depth_max) == (0.0, 0.8e-6)
    assert band.y_max == pytest.approx(50 * NM * 1.3 * 1.5 + PAD)  # above the surface, not above the mean
    assert band.y_min == pytest.approx(-PAD)


def test_the_band_of_a_rough_line_covers_its_hills():
    rough = 'geometry.features=[{kind="roughness", rms="30 nm", correlation_length="0.4 um", seed=3}]'
    case = case_of(rough, path=BUMPS)
    (band,) = plan.fine_band(case)
    crest, trough = surface_extent(case.geometry)
    assert band.y_max == pytest.approx(crest + 2 * 1.3 * 100 * NM + 2 * 50 * NM)
    assert band.y_min == pytest.approx(trough - 2 * 50 * NM)


def test_bumps_and_nuclei_have_boxes_of_their_own_in_three_dimensions():
    bump = '{kind="bump", at=["0.5 um", "0 um"], height="0.1 um", width="0.4 um"}'
    nucleus = '{kind="nucleus", at=["0.5 um", "0.4 um"], radius="0.1 um"}'
    everywhere, foot, head = plan.fine_band(case_of(f"geometry.features=[{bump}]", path=ROUGH))
    up = 50 * NM * 1.3
    assert everywhere.y_max == foot.y_max == pytest.approx(up + PAD)
    assert head.y_max == pytest.approx(1.5 * up + PAD)
    assert (head.depth_min, head.depth_max) == pytest.approx((0.0, 400 * NM + 0.6 * up + PAD))
    _, ball = plan.fine_band(case_of(f"geometry.features=[{nucleus}]", path=ROUGH))
    reach = 100 * NM + 1.5 * up + PAD
    assert (ball.x_min, ball.x_max) == pytest.approx((500 * NM - reach, 500 * NM + reach))
    assert (ball.depth_min, ball.depth_max) == pytest.approx((400 * NM - reach, 400 * NM + reach))
    assert ball.y_max == pytest.approx(reach)


def test_the_cost_in_three_dimensions_is_that_of_its_mesh():
    rows = {row.name: row for row in assess(case_of(path=ROUGH)).rows}
    assert rows["degrees of freedom, about"].value == pytest.approx(3 * 38_526, rel=0.25)  # as meshed
    assert all(row.verdict == "ok" for row in rows.values())
