import pytest

from cases.verification.planar_speed import verify


@pytest.mark.parametrize(("eta", "alpha", "z"), verify.CONDITIONS)
def test_speed_is_that_of_butler_volmer(eta, alpha, z):
    assert abs(verify.speed_error(eta, alpha, z, 4)) < 5e-3
    assert abs(verify.speed_error(eta, alpha, z, 8)) < 1e-3


def test_speed_converges_with_second_order_in_the_element_size():
    assert verify.order(verify.convergence((8, 16, 32))) > 1.9
