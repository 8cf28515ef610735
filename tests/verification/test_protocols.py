"""Accepted on cases/verification/protocols."""

import numpy as np
import pytest

from cases.verification.protocols import verify


@pytest.mark.parametrize("counter", ["closed", "reservoir"])
@pytest.mark.parametrize("protocol", verify.PROTOCOLS)
def test_charge_and_salt_are_balanced_on_every_protocol(protocol, counter):
    found = verify.outcome(protocol, counter)
    assert found.exit_code == 0
    assert found.history["charge_balance"].max() < 1e-10
    assert found.history["salt_balance"].max() < 1e-10


@pytest.mark.parametrize("condition", verify.CONDITIONS)
def test_events_are_passed_by_a_millionth_of_a_step(condition):
    _, by = verify.passed_by(condition)
    assert 0.0 <= by <= 1e-6


def test_an_event_of_the_charge_is_at_its_time():
    time, _ = verify.passed_by("charge > 0.003 mA*h/cm^2")
    assert time == pytest.approx(0.003 * 3.6e4 / 20, rel=1e-6)


def test_in_one_dimension_both_counter_electrodes_are_the_same():
    volts = [
        verify.outcome("current, then potential", "closed", electrode).history["cell_voltage"]
        for electrode in ("uniform_current", "equipotential")
    ]
    np.testing.assert_allclose(volts[0], volts[1], rtol=0, atol=1e-9)


@pytest.mark.parametrize("profile", ["direct", "iterative"])
def test_the_total_current_of_an_equipotential_electrode_is_exact(profile):
    found = verify.counter_electrode("equipotential", profile)
    assert found["error"] < 1e-10 and found["balance"] < 1e-10
    assert found["iterations"] < 4
    assert np.ptp(found["potential"]) < 1e-12
    assert np.ptp(found["current"]) > 0.5  # A/m^2; higher above the bump than between bumps
    x, current = found["x"], found["current"]
    mean = np.trapezoid(current, x) / (x[-1] - x[0])
    assert mean == pytest.approx(10.0, rel=1e-3)
