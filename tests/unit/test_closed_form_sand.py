import numpy as np
import pytest

from fem_sei.closed_form import transport
from fem_sei.closed_form.kinetics import F
from fem_sei.closed_form.sand import moving_front
from fem_sei.closed_form.transport import Layer

LITHIUM = 1.0 / 7.64e4
ELECTRODE = dict(i0=30.0, alpha=0.5, z=1, T=298.15)
HALF_SPACE = [Layer(np.inf, 3e-10, 0.3)]


def test_depletion_time_agrees_with_the_exact_one_and_converges():
    exact = transport.moving_front_sand_time(3e-10, 1000.0, 1000.0, 0.3, 1, LITHIUM)
    errors = [
        moving_front(HALF_SPACE, 1000.0, 1000.0, [6.0], **ELECTRODE, V_m=LITHIUM, elements=n).depletion_time
        / exact
        - 1.0
        for n in (100, 200, 400)
    ]
    assert abs(errors[-1]) < 1e-4
    assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)
    assert errors[1] / errors[2] == pytest.approx(4.0, rel=0.05)


@pytest.mark.parametrize("current", [1000.0, -1000.0])
def test_front_concentration_agrees_with_the_exact_one(current):
    run = moving_front(HALF_SPACE, current, 1000.0, [1.0, 2.0, 4.0], **ELECTRODE, V_m=LITHIUM)
    exact = transport.moving_front_concentration(run.t, 3e-10, 1000.0, current, 0.3, 1, LITHIUM)
    assert run.c_front == pytest.approx(exact, abs=0.03)
    assert run.depletion_time is None


def test_fixed_electrode_has_the_textbook_concentration():
    run = moving_front(HALF_SPACE, 1000.0, 1000.0, [1.0, 3.0], **ELECTRODE, V_m=0.0)
    exact = 1000.0 - 2.0 * 0.7 * 1000.0 / F * np.sqrt(run.t / (np.pi * 3e-10))
    assert run.c_front == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize("current", [4.0, -4.0])
def test_closed_cell_conserves_salt(current):
    layers = [Layer(0.5e-6, 1e-13, 0.9), Layer(3e-6, 3e-12, 0.3)]
    run = moving_front(layers, current, 1000.0, [1.0, 10.0, 60.0], **ELECTRODE, V_m=LITHIUM, closed=True)
    assert run.salt == pytest.approx(1000.0 * 3.5e-6, rel=1e-12)
    assert run.x[-1, 0] == pytest.approx(current * LITHIUM / F * 60.0)


def test_fixed_stack_relaxes_to_the_steady_voltage():
    layers = [
        Layer(0.1e-6, 1e-13, 0.9, kappa=1e-4),
        Layer(0.5e-6, 4e-13, 0.3),
        Layer(2e-6, 3e-12, 0.4, tdf=1.2),
    ]
    run = moving_front(layers, 20.0, 1000.0, [0.0, 60.0], **ELECTRODE, V_m=0.0)
    steady = transport.steady_stack_voltage(20.0, layers, 1000.0, **ELECTRODE)
    assert run.c_front[-1] == pytest.approx(steady.c_front, rel=1e-6)
    assert run.voltage[-1] == pytest.approx(steady.total, rel=1e-6)
    flat = transport.steady_stack_voltage(20.0, [Layer(1e-12, 1e-10, 1.0, kappa=1.0)], 1000.0, **ELECTRODE)
    ohmic = -20.0 * sum(k.resistance(1000.0, 1000.0, 1, 298.15) for k in layers)
    assert run.voltage[0] == pytest.approx(flat.kinetic + ohmic, rel=1e-6)


def test_closed_stack_relaxes_to_the_symmetric_limit():
    layers = [Layer(0.3e-6, 1e-13, 0.5), Layer(2e-6, 3e-12, 0.3)]
    D, L, t_plus = zip(*((k.D, k.thickness, k.t_plus) for k in layers), strict=True)
    limit = transport.limiting_current_closed(D, L, 1000.0, t_plus, 1)
    run = moving_front(layers, 0.6 * limit, 1000.0, [60.0], **ELECTRODE, V_m=0.0, closed=True)
    assert run.c_front[-1] == pytest.approx(400.0, rel=1e-6)


def test_moving_front_follows_the_quasi_steady_state():
    run = moving_front([Layer(1e-6, 1e-13, 0.3)], 10.0, 1000.0, [40.0], **ELECTRODE, V_m=LITHIUM)
    left = Layer(1e-6 - run.x[-1, 0], 1e-13, 0.3)
    swept = transport.steady_stack_voltage(10.0, [left], 1000.0, **ELECTRODE, V_m=LITHIUM)
    unswept = transport.steady_stack_voltage(10.0, [left], 1000.0, **ELECTRODE)
    assert run.voltage[-1] == pytest.approx(swept.total, rel=1e-3)
    assert run.c_front[-1] == pytest.approx(swept.c_front, rel=1e-3)
    assert abs(run.c_front[-1] / unswept.c_front - 1.0) > 0.01


def test_front_may_not_cross_the_first_layer():
    with pytest.raises(ValueError, match="first layer"):
        moving_front([Layer(1e-9, 1e-13, 0.3), *HALF_SPACE], 100.0, 1000.0, [1.0], **ELECTRODE, V_m=LITHIUM)
