"""Accepted on cases/validation/ahmad_planar.md: the literature model and what it does not conserve."""

import pytest

from cases.validation import ahmad


def test_the_planar_front_of_ahmad_2020():
    found = ahmad.outcome()
    assert found.exit_code == 0
    assert ahmad.advance(found) == pytest.approx(10.0, abs=1.0)
    assert found.history["salt_balance"].max() < 1e-10  # cations of electrolyte and metal
    assert found.history["profile_width"][-1] == pytest.approx(1.0, abs=0.05)


def test_conductivity_has_no_effect_on_growth_and_the_balance_says_so():
    found = ahmad.outcome(ahmad.SETTINGS["kappa / 10"])
    assert ahmad.advance(found) == pytest.approx(10.0, abs=1.0)
    assert found.history["charge_balance"][-1] > 0.5
    assert any("charge balance is broken" in line for line in found.manifest["warnings"])


def test_slow_kinetics_follow_the_closed_form():
    measured, theory = ahmad.slow_speeds(16)
    assert measured == pytest.approx(theory, rel=0.01)
