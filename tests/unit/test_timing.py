import time

import pytest

from fem_sei.numerics import timing


def test_parts_and_the_rest_make_up_the_total():
    watch = timing.Stopwatch()
    for _ in range(2):
        with watch("solve"):
            time.sleep(0.02)
    with pytest.raises(ZeroDivisionError), watch("failed"):
        1 / 0  # noqa: B018
    time.sleep(0.01)
    found = watch.summary()
    assert found["solve"] >= 0.04 and found["other"] >= 0.01 and "failed" in found
    assert sum(seconds for part, seconds in found.items() if part != "total") == pytest.approx(found["total"])


def test_table_begins_with_the_largest_part():
    lines = timing.table({"small": 1.0, "linear solve": 3.0, "total": 4.0})
    assert lines[0].split() == ["linear", "solve", "3.00", "s", "75.0", "%"]
    assert lines[-1].split() == ["total", "4.00", "s", "100.0", "%"]
