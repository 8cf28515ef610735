"""Some numbers of the page film_growth: waves, order in time, thin spots, balances."""

import numpy as np
import pytest

from cases.verification.film_growth import verify


@pytest.mark.parametrize(("wavelength", "h"), [(10.0, 1.0), (20.0, np.inf)])
def test_waves_of_a_thousandth_decay_as_the_closed_form_all_the_way(wavelength: float, h: float) -> None:
    _, found, expected = verify.decay(wavelength, h)
    assert found == pytest.approx(expected, rel=0.01)


def test_amplitude_tip_stress_and_metal_are_of_second_order_in_time() -> None:
    assert verify.orders(verify.in_time((10, 20, 40))).min() > 1.8


def test_a_thin_spot_carries_more_current() -> None:
    found, series, spread = verify.thin_spot(16.0)
    assert found == pytest.approx(spread, rel=2e-3)
    assert found > series + 0.02


def test_galvanostatic_and_potentiostatic_are_the_same_at_the_same_state() -> None:
    assert max(verify.galvanostatic_and_potentiostatic(4)) < 1e-10


@pytest.mark.parametrize("changes", [{"operation.stack_pressure": "50 MPa"}, verify.OPENING])
def test_charge_and_work_balance(changes: dict) -> None:
    found = verify.balances(verify.CAPILLARY, changes, growth=0.3)
    assert found["charge"] < 1e-10
    assert found["work"] < 0.01
    assert found["shape"] < 1e-3
