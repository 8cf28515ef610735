import numpy as np
import pytest

from cases.verification.rest_and_concentration_cell import verify


@pytest.mark.parametrize("concentration", ["1 mol/L", "0.1 mol/L"])
def test_rest_potential_is_zero_in_a_uniform_cell(concentration):
    assert verify.rest_potential(concentration) < 1e-6


@pytest.mark.parametrize("cell", verify.CELLS, ids=verify.CELLS.values())
def test_concentration_cell_has_the_voltage_of_the_closed_form(cell):
    history = verify.concentration_cell(*cell)
    assert abs(history["voltage"][0]) > 0.03
    assert np.abs(history["voltage"] - history["theory"]).max() < 5e-5
