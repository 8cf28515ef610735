import numpy as np
import pytest

from cases.verification.stripping import verify


@pytest.mark.parametrize(("D", "current"), verify.LAYERS)
def test_stripping_agrees_with_the_sharp_front(D, current):
    comparison = verify.compare(D, current)
    assert comparison.run.exit_code == 0
    assert comparison.run.history["deposited_thickness"][-1] == pytest.approx(-0.15e-6)
    for error in comparison.errors.values():
        assert np.abs(error).max() < 0.01
    assert comparison.run.history["charge_balance"].max() < 1e-10
