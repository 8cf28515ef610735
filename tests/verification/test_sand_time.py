import pytest

from cases.verification.sand_time import verify


@pytest.mark.parametrize("width", [0.2, 0.4])
def test_salt_runs_out_at_sands_time_of_a_moving_front(width):
    depletion = verify.measure(width)
    assert depletion.sharp.depletion_time == pytest.approx(depletion.exact, rel=1e-3)
    assert abs(depletion.error(depletion.voltage_time)) < 0.01
    assert abs(depletion.error(depletion.extrapolated_time)) < 0.01
    assert depletion.run.exit_code == 3  # no salt, no current: the solver gives up, and says so
    assert "gave up" in depletion.run.manifest["message"]
    assert depletion.run.history["c_min"].min() > 0.0
    assert depletion.run.history["charge_balance"].max() < 1e-10
