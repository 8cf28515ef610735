import pytest

from cases.verification.charge_and_salt import verify


@pytest.mark.parametrize("counter", verify.COUNTERS)
@pytest.mark.parametrize("mode", verify.MODES)
def test_charge_is_metal_and_salt_is_kept_at_every_step(mode, counter):
    result = verify.measure(mode, counter)
    assert result.exit_code == 0
    assert result.manifest["warnings"] == []
    assert result.history["deposited_thickness"].max() > 0.29e-6  # plated into the second layer ...
    assert result.history["deposited_thickness"][-1] < -0.05e-6  # ... and stripped below the start
    assert result.history["charge_balance"].max() < 1e-10
    assert result.history["salt_balance"].max() < 1e-10
