import pytest

from cases.verification.interface_width import verify


@pytest.mark.parametrize(("D", "current"), verify.LAYERS)
def test_results_do_not_depend_on_the_interface_width(D, current):
    found = verify.measure(D, current)
    for column in verify.COLUMNS:
        assert verify.spread(found, column, verify.WIDTHS[0]) < 0.01
        assert verify.spread(found, column, "sharp") < 0.01
