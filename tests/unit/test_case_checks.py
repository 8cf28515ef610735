"""Whether a run makes sense: verdicts and the numbers behind them."""

import math
from pathlib import Path

import pytest

from fem_sei.case.checks import assess
from fem_sei.case.estimates import stack, surface_extent
from fem_sei.case.loader import load
from fem_sei.closed_form import transport

CASES = Path(__file__).parents[2] / "cases"
PLANAR = CASES / "tutorials" / "planar_plating.toml"
TWO_BUMPS = CASES / "tutorials" / "two_bumps.toml"
JIN = CASES / "validation" / "jin_coatings.toml"
CURRENT = "operation.steps[0].current_density"
UNTIL = "operation.steps[0].until"


def case_of(path, *changes):
    return load(path, changes).case


def row_of(case, name):
    found = [row for row in assess(case).rows if row.name.startswith(name)]
    assert len(found) == 1, [row.name for row in assess(case).rows]
    return found[0]


@pytest.mark.parametrize("path", [PLANAR, TWO_BUMPS, JIN], ids=lambda path: path.stem)
def test_the_cases_of_the_repository_are_sound(path):
    for case in load(path).runs.values():
        assert assess(case).verdict in (("ok",) if path.parent.name == "tutorials" else ("ok", "warn"))


def test_limiting_currents_of_jin():
    limits = {name: row_of(case, 'limiting current of "coating"') for name, case in load(JIN).runs.items()}
    assert limits["Al2O3"].value == pytest.approx(11.49, rel=1e-3)
    assert limits["bare"].value == pytest.approx(52.84, rel=1e-3)
    assert limits["LiAlOx"].value == pytest.approx(1608, rel=1e-3)
    series = row_of(load(JIN).variants["Al2O3"], "limiting current of the stack").value
    alone = row_of(load(JIN).variants["Al2O3"], 'limiting current of "electrolyte"').value
    assert 1 / series == pytest.approx(1 / limits["Al2O3"].value + 1 / alone)


def test_steady_state_is_that_of_the_closed_form():
    case = load(JIN).variants["Al2O3"]
    layers = [transport.Layer(1.2e-6, 1e-13, 0.3), transport.Layer(3e-6, 3e-10, 0.3)]
    expected = transport.steady_stack_voltage(10.0, layers, 1000.0, i0=30.0, alpha=0.5, z=1, T=298.15)
    assert row_of(case, "cell voltage, steady").value == pytest.approx(expected.total)
    assert row_of(case, "at 10 A/m^2: concentration at the metal").value == pytest.approx(expected.c_front)


def test_a_closed_cell_of_one_layer_carries_twice_the_current():
    one = [f'geometry.layers[coating].{key}="{value}"' for key, value in (("thickness", "5 um"),)]
    one += ["geometry.layers[coating].material=dilute_electrolyte_model"]
    fed = stack(*_parts(case_of(PLANAR, *one)))
    closed = stack(*_parts(case_of(PLANAR, *one, "operation.counter=closed")))
    assert closed.limit == pytest.approx(2 * fed.limit)
    state = closed.voltage(0.5 * closed.limit)
    assert state.c_front == pytest.approx(0.5 * closed.c0)


def test_the_current_of_a_potential_gives_that_potential():
    cell = stack(*_parts(case_of(PLANAR)))
    for potential in (-0.03, -0.2, 0.03):
        assert cell.voltage(cell.current(potential)).total == pytest.approx(potential, rel=1e-6)
    assert cell.current(-5.0) == pytest.approx(cell.limit, rel=1e-6)
    assert cell.current(0.0) == 0.0


def test_depletion_takes_sands_time_of_the_layer_that_cannot_carry_the_current():
    cell = stack(*_parts(case_of(PLANAR)))
    first, second = cell.layers
    assert cell.depletion_time(0.9 * cell.limit) == math.inf
    assert cell.depletion_time(1000.0) == transport.sand_time(first.D, 1000.0, 1000.0, 0.3, 1)
    thin = stack(
        *_parts(
            case_of(PLANAR, "geometry.layers[coating].thickness=100 nm", "phase_field.interface_width=10 nm")
        )
    )
    left = 1000.0 * (1 - 130.0 / thin.layer_limit(0))
    assert thin.depletion_time(130.0) == math.inf
    i = 1.0001 * thin.limit
    left = 1000.0 * (1 - i / thin.layer_limit(0))
    assert thin.depletion_time(i) == pytest.approx(transport.sand_time(second.D, left, i, 0.3, 1))


def _parts(case):
    return case, case.metal, case.ion_conductors


def test_a_thickness_that_the_salt_cannot_give_is_refused_with_a_current_to_choose():
    row = row_of(case_of(PLANAR, f"{CURRENT}=100 A/m^2"), "steps[0]: current / limiting current")
    assert row.verdict == "refuse"
    assert row.advice == (
        "the salt at the metal runs out after about 149 ms, before the thickness is reached; "
        "choose at most 11 A/m^2"
    )


def test_a_duration_beyond_depletion_only_warns():
    case = case_of(PLANAR, f"{CURRENT}=100 A/m^2", f'{UNTIL}={{duration="10 s"}}')
    row = row_of(case, "steps[0]: current / limiting current")
    assert (row.verdict, "before the step's end" in row.advice) == ("warn", True)
    case = case_of(PLANAR, f"{CURRENT}=100 A/m^2", f'{UNTIL}={{duration="0.1 s"}}')
    row = row_of(case, "steps[0]: current / limiting current")
    assert (row.verdict, "the step ends before" in row.advice) == ("warn", True)


@pytest.mark.parametrize(
    ("path", "change", "name", "verdict", "advice"),
    [
        (
            PLANAR,
            "mesh.elements_across_interface=3.5",
            "elements",
            "warn",
            "choose elements_across_interface = 6",
        ),
        (
            PLANAR,
            "mesh.elements_across_interface=2",
            "elements",
            "refuse",
            "choose elements_across_interface = 6",
        ),
        (PLANAR, "phase_field.interface_width=170 nm", 'delta / thickness of "coating"', "ok", ""),
        (
            PLANAR,
            "geometry.layers[coating].thickness=200 nm",
            'delta / thickness of "coating"',
            "warn",
            "choose interface_width = 40 nm",
        ),
        (
            PLANAR,
            "geometry.layers[coating].thickness=90 nm",
            'delta / thickness of "coating"',
            "refuse",
            "choose interface_width = 18 nm",
        ),
        (
            TWO_BUMPS,
            "geometry.features[0].width=0.3 um",
            "delta / width of features[0]",
            "warn",
            "interface_width = 37 nm",
        ),
        (
            TWO_BUMPS,
            "geometry.features[0].width=0.19 um",
            "delta / width of features[0]",
            "refuse",
            "interface_width = 23 nm",
        ),
        (
            TWO_BUMPS,
            "geometry.features[0].width=0.11 um",
            "curvature times l of features[0]",
            "warn",
            "= 12 nm",
        ),
        (PLANAR, f"{CURRENT}=13 A/m^2", "steps[0]: current", "warn", "choose at most 11 A/m^2"),
        (PLANAR, f"{CURRENT}=13 A/m^2", "at 13 A/m^2: concentration", "warn", "nearly depleted"),
        (
            PLANAR,
            f'{UNTIL}={{thickness="0.9 um"}}',
            "highest tip",
            "warn",
            'through "coating" into "electrolyte"',
        ),
        (
            PLANAR,
            f'{UNTIL}={{thickness="5.9 um"}}',
            "highest tip",
            "refuse",
            'choose a thicker "electrolyte"',
        ),
        (PLANAR, "conditions.temperature=200 degC", "temperature", "warn", "melts at 453.7 K"),
        (PLANAR, "mesh.elements_across_interface=100", "memory", "ok", ""),
    ],
)
def test_limits_of_the_rules(path, change, name, verdict, advice):
    row = row_of(case_of(path, change), name)
    assert (row.verdict, advice in row.advice) == (verdict, True), row
    assert bool(row.advice) == (verdict != "ok")


def test_a_sinusoid_needs_twenty_interface_widths():
    wave = 'geometry.features=[{kind="sinusoid", amplitude="10 nm", wavelength="1 um"}]'
    assert row_of(case_of(TWO_BUMPS, wave), "delta / wavelength").verdict == "ok"
    row = row_of(case_of(TWO_BUMPS, wave, "phase_field.interface_width=80 nm"), "delta / wavelength")
    assert (row.verdict, row.advice) == ("warn", "choose interface_width = 50 nm")


def test_stripping_more_than_there_is():
    strip = [f"{CURRENT}=-5 A/m^2", f'{UNTIL}={{thickness="-0.45 um"}}']
    assert row_of(case_of(PLANAR, *strip), "metal left").verdict == "refuse"
    strip[1] = f'{UNTIL}={{thickness="-0.2 um"}}'
    row = row_of(case_of(PLANAR, *strip), "metal left")
    assert (row.value, row.verdict) == (pytest.approx(0.3e-6), "ok")


def test_a_thick_interface_in_a_poor_conductor_is_warned_of():
    sei = ["geometry.layers[coating].material=LiF", f"{CURRENT}=1 A/m^2"]
    row = row_of(case_of(PLANAR, *sei), "change of potential across l")
    assert row.verdict == "warn"
    assert row.value == pytest.approx(12.5e-9 * 1.0 / 1e-7 / 0.0256926, rel=1e-4)


def test_laws_outside_their_range():
    layer = "geometry.layers[electrolyte].material=LiPF6_EC_DMC"
    warm = assess(case_of(PLANAR, layer, "conditions.temperature=60 degC")).of("warn")
    assert [row.name for row in warm] == [
        f"{key} of LiPF6_EC_DMC" for key in ("D", "kappa", "t_plus", "thermodynamic_factor")
    ]
    assert warm[0].advice == "the law was fitted from 263.15 to 323.15 K"
    dense = assess(case_of(PLANAR, layer, "conditions.concentration=3.5 mol/L")).of("warn")
    assert dense[0].advice == "the law was fitted from 0.1 to 3 mol/L"
    absurd = assess(case_of(PLANAR, layer, "conditions.concentration=9 mol/L"))
    assert absurd.verdict == "refuse"


def test_laws_outside_their_range_at_the_metal():
    layers = ["geometry.layers[coating].material=LiPF6_EC_DMC", f"{CURRENT}=0.78 A/m^2"]
    layers += [
        "geometry.layers[electrolyte].material=film",
        "materials.film.extends=library:dilute_electrolyte_model",
    ]
    row = row_of(case_of(PLANAR, *layers, "materials.film.D=3e-14 m^2/s"), "at 0.78 A/m^2: concentration")
    assert (row.verdict, row.advice) == (
        "warn",
        "nearly depleted: the voltage is only good to a few per cent",
    )
    strip = [
        "operation.steps[0].until={duration='1 s'}",
        f"{CURRENT}=-2 A/m^2",
        "materials.film.D=3e-14 m^2/s",
    ]
    row = row_of(case_of(PLANAR, *layers, *strip), "at -2 A/m^2: concentration")
    assert (row.verdict, row.advice) == ("warn", "the layer's laws were fitted from 0.1 to 3 mol/L")


def test_potentiostatic_and_rest_cases_can_be_judged():
    operation = 'operation={mode="potentiostatic", steps=[{potential="-0.1 V", until={duration="10 s"}}]}'
    assert row_of(case_of(PLANAR, operation), "cell voltage, steady").value == pytest.approx(-0.1, rel=1e-6)
    rest = 'operation={mode="galvanostatic", steps=[{current_density="0 A/m^2", until={duration="10 s"}}]}'
    assert assess(case_of(PLANAR, rest)).verdict == "ok"
    potential_rest = 'operation={mode="potentiostatic", steps=[{potential="0 V", until={duration="10 s"}}]}'
    assert assess(case_of(PLANAR, potential_rest)).verdict == "ok"


def test_single_ion_conductors_have_no_limit():
    layers = ["geometry.layers[coating].material=SEI_Li", "geometry.layers[electrolyte].material=LiAlOx"]
    assert row_of(case_of(PLANAR, *layers), "limiting current of the stack").value == math.inf


def test_extent_of_the_surface():
    geometry = case_of(TWO_BUMPS).geometry
    crest, trough = surface_extent(geometry)
    assert crest == pytest.approx(0.2e-6, rel=1e-2)
    assert 0.0 <= trough < 0.05e-6
    assert surface_extent(case_of(PLANAR).geometry) == (0.0, 0.0)
