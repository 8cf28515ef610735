import pytest

from cases.verification.restart import verify

pytestmark = pytest.mark.slow


def test_a_run_that_is_killed_three_times_is_the_same_run(tmp_path):
    """The page kills it twenty times."""
    shorter = ['operation.steps[0].until={thickness="12 nm"}', 'operation.steps[1].until={duration="9 s"}']
    killed, found, expected = verify.kill_and_restart(tmp_path, 3, 1, shorter)
    assert len(killed) == 4
    assert list(verify.problems(found, expected)) == []
    assert found.history["charge_balance"].max() < 1e-10
