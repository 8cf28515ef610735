import numpy as np
import pytest

from cases.verification.stack_voltage import verify


@pytest.mark.parametrize("stack", verify.STACKS)
def test_voltage_is_the_sum_of_its_parts(stack):
    comparison = verify.compare(stack)
    assert comparison.run.exit_code == 0
    assert abs(comparison.steady_error) < 0.01
    assert np.abs(comparison.voltage_error[comparison.settled]).max() < 0.01
    assert np.abs(comparison.concentration_error[comparison.settled]).max() < 0.01


@pytest.mark.parametrize("i0, delta, voltage", [(300, 100, -30), (1000, 100, -30)])
def test_current_of_fast_kinetics(i0, delta, voltage):
    error, number = verify.current_error(i0, delta, voltage)
    assert number > 1
    assert abs(error) < min(0.01 * number, 0.02)
