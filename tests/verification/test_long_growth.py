"""Sixty l of growth: front within an element, width within 15 %, one metal region."""

import pytest

from cases.verification.long_growth import verify


@pytest.mark.parametrize("kind", ["structured", "Gmsh"])
def test_sharp_bump_at_uniform_speed(kind):
    found = verify.grow(kind, 4)
    assert abs(found.errors).max() < 1.0
    assert found.widths[0] > 0.85 and found.widths[1] < 1.15
    assert found.pieces == 1


def test_coupled_growth():
    outcome = verify.coupled()
    history = outcome.history
    assert outcome.exit_code == 0 and outcome.manifest["warnings"] == []
    assert abs(history["profile_width"] - 1).max() < 0.15
    assert history["metal_regions"].max() == 1
    assert history["charge_balance"].max() < 1e-10
    assert history["salt_balance"].max() < 1e-10
