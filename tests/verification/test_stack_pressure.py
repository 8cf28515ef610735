import pytest

from cases.verification.stack_pressure import verify


@pytest.mark.parametrize("metal", verify.METALS)
@pytest.mark.parametrize("stress", ["uniform", "elastic"])
def test_pressure_shifts_the_rest_potential(stress, metal):
    found, expected = verify.rest_potential(stress, metal)
    assert found == pytest.approx(expected, rel=1e-5)
    if metal == "Li":
        assert found == pytest.approx(-13.47e-3, rel=1e-2)


@pytest.mark.parametrize("stress", ["uniform", "elastic"])
def test_pressure_slows_the_front(stress):
    found, expected = verify.speed(stress)
    assert found == pytest.approx(expected, rel=1e-3)
    free, of_no_stress = verify.speed(None)
    assert found / free == pytest.approx(expected / of_no_stress, rel=1e-4)


def test_growth_in_a_frame_builds_up_pressure_that_slows_it():
    curves, current, expected = verify.growth_in_a_frame()
    assert curves["pressure"][-1] == pytest.approx(curves["theory"][-1], rel=1e-3)
    assert current == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize("name", verify.INCLUSIONS)
def test_pressure_on_an_inclusion_that_expands(name):
    mean, deviation, expected = verify.inclusion(*verify.INCLUSIONS[name])
    assert mean == pytest.approx(expected, rel=0.025)
    assert deviation < 0.015 * mean


def test_a_stressed_layer_pulls_at_metal_within_it():
    for l, limit in ((8e-9, 0.05), (4e-9, 0.02)):
        _, stress, expected = verify.metal_in_a_stressed_layer(l)
        assert abs(stress - expected).max() < limit


def test_staggering_is_of_second_order_in_the_time_step():
    first, second, third = (verify.time_to_grow(travel) for travel in (0.4, 0.2, 0.1))
    assert abs(second - third) < abs(first - second) / 2
    assert abs(second - third) < 1e-3 * third
