"""A circle at rest for ten hours: potential within 1 % of its curvature's, area kept, no widening."""

import pytest

from cases.verification.gibbs_thomson.verify import rest


@pytest.mark.parametrize("radius", [5, 10])
def test_circle(radius):
    found = rest(radius, 4)
    assert abs(found.ratio - 1) < 0.01
    assert abs(found.width - 1) < 0.05
    assert found.drift < 1e-12
