"""Histories of small 1-D runs against stored tables: the same on every version of DOLFINx, PETSc and Gmsh."""

import numpy as np
import pytest

from fem_sei.post.open import read_history
from tests.regression.regression_cases import CASES, history_of, table_of

TOLERANCE = 1e-8


@pytest.mark.parametrize("name", CASES)
def test_history_is_that_of_the_table(name):
    found, stored = history_of(name), read_history(table_of(name))
    assert [title.partition(" [")[0] for title in found] == list(stored)
    for (title, values), expected in zip(found.items(), stored.values(), strict=True):
        assert len(values) == len(expected), "another number of steps"
        largest = np.abs(expected).max()
        np.testing.assert_allclose(
            values, expected, rtol=TOLERANCE, atol=TOLERANCE * 1e-3 * largest, err_msg=title
        )
