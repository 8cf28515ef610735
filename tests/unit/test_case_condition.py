"""Stop conditions and protocols of the case file: reading, messages, the order of the steps, the plan."""

from pathlib import Path

import pytest

from fem_sei.case import plan
from fem_sei.case.checks import assess
from fem_sei.case.condition import read
from fem_sei.case.describe import resolved
from fem_sei.case.estimates import planned_steps, stack
from fem_sei.case.loader import CaseError, load

PLANAR = Path(__file__).parents[2] / "cases" / "tutorials" / "planar_plating.toml"
PLATE = '{current_density="5 A/m^2", until={duration="10 s"}}'
STRIP = '{current_density="-5 A/m^2", until={duration="4 s"}}'


def case_of(*changes):
    return load(PLANAR, changes).case


def problems_of(*changes):
    with pytest.raises(CaseError) as found:
        case_of(*changes)
    return "\n".join(found.value.problems)


def test_a_condition_holds_its_limit_in_si():
    found = read("cell_voltage < -200 mV")
    assert (found.column, found.limit) == ("cell_voltage", -0.2)
    assert found.distance(-0.1) == pytest.approx(0.1) and found.distance(-0.3) < 0
    assert read(" charge>1 mA*h/cm^2 ").limit == pytest.approx(3.6e4)
    assert read("metal_regions > 1").distance(1.0) == 0.0  # not met
    assert read("profile_width > 1.3").limit == 1.3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("cell_voltage", "needs a column of the history, < or >, and a value with its unit"),
        (3, "needs a column of the history"),
        ("foo < 1 V", '"foo" is no column of the history. There are: step, time,'),
        ("cell_voltag < 1 V", 'Did you mean "cell_voltage"?'),
        ("roughness > 1 V", 'needs a length (like "20 nm"), got a potential'),
        ("roughness > 1", "got a number without a unit"),
        ("metal_regions > 1 m", 'needs a plain number (like "0.5") to compare with'),
    ],
)
def test_bad_conditions(text, message):
    with pytest.raises(ValueError) as found:
        read(text)
    assert message in str(found.value)


def test_problems_of_conditions_have_a_place():
    for key, place in (("stop", "operation.stop"), ("steps[0].until.when", "operation.steps[0].until.when")):
        text = problems_of(f'operation.{key}=["roughness > 1 um", "roughnes > 1 um"]')
        assert f'{place}[1] = "roughnes > 1 um": "roughnes" is no column of the history. Did you mean' in text
    text = problems_of('operation.steps[0].until={when="tip > 1 um"}')
    assert "the condition alone may never be met" in text


def test_a_condition_may_be_one_text_or_a_list():
    one = case_of('operation.stop="roughness > 1 um"')
    assert [condition.text for condition in one.operation.stop] == ["roughness > 1 um"]
    assert dict(resolved(one))["operation.stop[0]"] == "roughness > 1 um"
    dumped = one.model_dump(exclude={"materials", "variants"})
    assert dumped["operation"]["stop"] == ["roughness > 1 um"]


def test_cycles_are_taken_in_order():
    rest = '{current_density="0 A/m^2", until={duration="1 s"}}'
    case = case_of(f"operation={{steps=[{rest}, {{repeat=3, steps=[{PLATE}, {STRIP}]}}, {rest}]}}")
    currents = [step.current_density for step in case.operation.sequence]
    assert currents == [0, 5, -5, 5, -5, 5, -5, 0]
    places = [place for place, _ in case.operation.places]
    assert places == [("steps", 0), ("steps", 1, "steps", 0), ("steps", 1, "steps", 1), ("steps", 2)]
    planned = plan.planned_growth(case)
    speed = 13e-6 / 96485.332
    assert planned.highest == pytest.approx((2 * 30 + 50) * speed)
    assert planned.path == pytest.approx(3 * 70 * speed)
    rows = {row.name: row.value for row in assess(case).rows}
    assert rows["planned time"] == pytest.approx(44.0)
    assert "steps[1].steps[0]: current / limiting current" in rows


def test_problems_within_a_cycle_have_their_place():
    text = problems_of(
        'operation={steps=[{repeat=2, steps=[{until={duration="1 s"}}, '
        '{current_density="5 A/m^2", potential="1 V", until={thickness="-1 nm"}}]}, {repeat=2, until={}}]}'
    )
    assert "operation.steps[0].steps[0] = " in text and "needs current_density" in text
    assert "operation.steps[0].steps[1].potential" in text
    assert "operation.steps[1].until is not a known key" in text or "operation.steps[1]" in text
    assert "operation.steps[0].repeat = 0: needs a number of at least 1" in problems_of(
        f"operation={{steps=[{{repeat=0, steps=[{PLATE}]}}]}}"
    )


def test_each_step_has_its_own_control_where_no_mode_is_given():
    potential = '{potential="-20 mV", until={duration="1 s"}}'
    case = case_of(f"operation={{steps=[{PLATE}, {potential}]}}")
    assert [step.potential for step in case.operation.sequence] == [None, -0.02]
    assert "does not go with mode = galvanostatic" in problems_of(f"operation.steps=[{PLATE}, {potential}]")


def test_the_first_of_duration_and_thickness_counts():
    until = 'operation.steps[0].until={duration="10 s", thickness="1 um"}'
    case = case_of(until)
    (step,) = planned_steps(case, stack(case, case.metal, case.ion_conductors), 13e-6)
    assert step.duration == 10.0
    assert plan.planned_growth(case).path == pytest.approx(5 * 10 * 13e-6 / 96485.332)


def test_stripping_beyond_the_salt_of_the_counter_electrode_is_refused():
    strip = 'operation={counter="closed", steps=[{current_density="-60 A/m^2", until={thickness="-0.3 um"}}]}'
    thin = 'geometry.layers=[{name="metal", material="Li", thickness="1 um"}, '
    thin += '{name="coating", material="Al2O3_model", thickness="1 um"}]'
    assessed = assess(case_of(strip, thin))
    cell = stack(case_of(strip, thin), *_materials(case_of(strip, thin)))
    assert cell.stripping_limit == pytest.approx(-2 * 96485.332 * 1e-13 * 1000 / (0.7 * 1e-6), rel=1e-6)
    (row,) = [row for row in assessed.rows if row.name == "steps[0]: current / limiting current"]
    assert row.verdict == "refuse" and "the salt at the counter electrode runs out" in row.advice
    assert row.value == pytest.approx(60 / -cell.stripping_limit)
    slower = assess(case_of(strip.replace("-60", "-10"), thin))
    assert slower.verdict != "refuse"
    assert assess(case_of(strip.replace("closed", "reservoir"), thin)).verdict != "refuse"


def _materials(case):
    return case.metal, case.ion_conductors


def test_the_literature_model_says_what_it_needs():
    text = problems_of("phase_field.formulation=chen2015", "operation.counter=closed")
    assert "phase_field.interface_mobility is missing: chen2015 needs an interface mobility" in text
    assert 'operation.counter = "closed": chen2015 has no closed cell' in text
    text = problems_of('phase_field.interface_mobility="1e-6 m^3/(J*s)"')
    assert "goes only with formulation = chen2015" in text
