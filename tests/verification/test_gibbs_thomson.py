"""A circle at rest: potential within 1 % of its curvature's, area kept to round-off."""

from cases.verification.gibbs_thomson.verify import rest


def test_circle_of_ten_interface_widths():
    found = rest(10, 4)
    assert abs(found.ratio - 1) < 0.01
    assert found.drift < 1e-12
