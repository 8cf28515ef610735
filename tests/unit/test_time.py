"""Time stepping: BDF2 on unequal steps, predictor, error estimate, choice of the steps."""

import itertools

import numpy as np
import pytest

from fem_sei.numerics.time import (
    Landing,
    Levels,
    StepControl,
    bdf_coefficients,
    error_fraction,
    integrate_rate,
)

UNEQUAL = [0.1, 0.24, 0.13, 0.3, 0.07, 0.16]  # ratios from 0.23 to 2.4


def test_bdf2_is_exact_for_quadratics_on_unequal_steps():
    def u(t):
        return 3.0 - 2.0 * t + 5.0 * t**2

    for dt_old, dt in itertools.pairwise(UNEQUAL):
        t = 0.7
        weights = bdf_coefficients(dt, dt_old)
        found = np.dot(weights, [u(t), u(t - dt), u(t - dt - dt_old)])
        assert found == pytest.approx(-2.0 + 10.0 * t, rel=1e-12)
        assert sum(weights) == pytest.approx(0.0, abs=1e-12 * weights[0])


def test_first_step_is_backward_euler():
    assert bdf_coefficients(0.25, None) == (4.0, -4.0, 0.0)
    assert bdf_coefficients(0.5, 0.5) == pytest.approx((3.0, -4.0, 1.0))


def decay(pattern, repeats):
    """Error at t = 1 of du/dt = -u with steps in the ratios of ``pattern``, repeated."""
    steps = np.tile(pattern, repeats) / (repeats * np.sum(pattern))
    values, before = [1.0], None
    for dt in steps:
        a0, a1, a2 = bdf_coefficients(dt, before)
        older = values[-2] if before else 0.0
        values.append(-(a1 * values[-1] + a2 * older) / (a0 + 1.0))
        before = dt
    return abs(values[-1] - np.exp(-1.0))


def test_variable_steps_keep_second_order():
    errors = [decay(UNEQUAL, repeats) for repeats in (8, 16, 32)]
    orders = np.log2(np.array(errors[:-1]) / errors[1:])
    assert np.all(orders > 1.9)


def test_an_integrated_rate_balances_what_is_stored_to_rounding():
    rng = np.random.default_rng(1)
    stored = np.cumsum(rng.normal(size=7))
    integral, before, dt_old = [0.0], 0.0, None
    for n, dt in enumerate(UNEQUAL, start=1):
        weights = bdf_coefficients(dt, dt_old)
        rate = np.dot(weights, [stored[n], stored[n - 1], stored[n - 2] if n > 1 else 0.0])
        integral.append(integrate_rate(rate, integral[-1], before, weights))
        before, dt_old = integral[-2], dt
    np.testing.assert_allclose(integral, stored - stored[0], atol=1e-12)


def levels_of(function, times):
    levels = Levels()
    for t in times:
        levels.push(t, function(t))
    return levels


def test_predictor_is_exact_for_polynomials_up_to_its_order():
    def quadratic(t):
        return np.array([1.0 + t - 2.0 * t**2, t**2])

    levels = levels_of(quadratic, [9.0, 0.0, 0.3, 0.4])  # the first is pushed out
    assert levels.times == [0.4, 0.3, 0.0]
    np.testing.assert_allclose(levels.extrapolate(1.0), quadratic(1.0), atol=1e-12)
    line = quadratic(0.4) + (quadratic(0.4) - quadratic(0.3)) / 0.1 * 0.6
    np.testing.assert_allclose(levels.extrapolate(1.0, order=1), line, rtol=1e-12)


def test_predictor_uses_what_there_is():
    levels = levels_of(lambda t: np.array([2.0 * t]), [0.1])
    assert levels.extrapolate(5.0) == pytest.approx(0.2)
    levels.push(0.3, np.array([0.6]))
    assert levels.extrapolate(5.0) == pytest.approx(10.0)
    levels.push(0.4, np.array([7.0]))
    levels.forget()
    assert levels.times == [0.4] and levels.extrapolate(5.0) == pytest.approx(7.0)


def test_levels_keep_copies():
    value, levels = np.array([1.0]), Levels()
    levels.push(0.0, value)
    value[0] = 2.0
    assert levels.extrapolate(1.0) == pytest.approx(1.0)


def test_error_fraction_on_equal_steps():
    assert error_fraction([3.0, 2.0, 1.0], 4.0) == pytest.approx(2 / 11)
    assert error_fraction([3.0, 2.0], 4.0) == 1.0  # a restarted formula has nothing to compare with


@pytest.mark.parametrize("times", list(itertools.pairwise(itertools.pairwise(UNEQUAL))))
def test_error_fraction_gives_the_error_of_a_cubic(times):
    """du/dt = 3 t^2 with an exact past: the share of corrector - predictor is the corrector's error."""
    (h2, h1), (_, h) = times
    past = [2.0, 2.0 - h1, 2.0 - h1 - h2]
    t = past[0] + h
    a0, a1, a2 = bdf_coefficients(h, h1)
    corrector = (3.0 * t**2 - a1 * past[0] ** 3 - a2 * past[1] ** 3) / a0
    predictor = levels_of(lambda s: np.array([s**3]), reversed(past)).extrapolate(t)[0]
    assert error_fraction(past, t) * abs(corrector - predictor) == pytest.approx(abs(corrector - t**3))


def march(control, milestones, error_of, limit_of=lambda time: np.inf):
    """Steps that ``control`` takes to the last milestone, and the times it stops at."""
    time, steps, stops = 0.0, [], [0.0]
    while time < milestones[-1]:
        stop = next(m for m in milestones if m > time)
        dt = control.propose(time, stop, limit_of(time))
        time = stop if dt == stop - time else time + dt
        control.accept(dt, error_of(time))
        steps.append(dt)
        stops.append(time)
    return np.array(steps), stops


def test_milestones_are_met_exactly_and_leave_no_slivers():
    milestones = [0.1, 0.31, 1.0, 1.05, 3.0, 7.7, 20.0]
    rng = np.random.default_rng(2)
    control = StepControl(dt=1e-3, dt_min=1e-9)
    steps, stops = march(control, milestones, lambda t: rng.uniform(0.02, 0.9))
    assert set(milestones) <= set(stops)
    ratio = steps[1:] / steps[:-1]
    assert ratio.max() <= 2.4 + 1e-12  # BDF2 is zero-stable below 2.414
    gaps = np.diff([0.0, *milestones])
    for milestone, gap in zip(milestones[1:], gaps[1:], strict=True):
        last = stops.index(milestone) - 1
        assert steps[last] >= min(0.2 * steps[last - 1], gap / 2 * (1 - 1e-9))


def test_a_shortened_step_does_not_hold_back_the_next():
    control = StepControl(dt=1.0, dt_min=1e-9)
    assert control.propose(0.0, 0.45) == 0.45
    control.accept(0.45, 0.1)
    assert control.dt == pytest.approx(1.0)
    control.accept(control.propose(0.45, 0.46), 0.1)
    assert control.dt == pytest.approx(0.024)  # 2.4 times a step of 0.01


def test_steps_respect_their_limits():
    control = StepControl(dt=1.0, dt_min=1e-9, dt_max=0.6)
    assert control.propose(0.0, 100.0) == 0.6
    assert control.propose(0.0, 100.0, limit=0.2) == 0.2
    assert control.propose(0.0, np.inf) == 0.6
    assert control.propose(0.0, 1.0) == 0.5  # the last two before a milestone are equal


@pytest.mark.parametrize(
    ("error", "factor"), [(0.0, 1.6), (0.01, 1.6), (1.0, 0.85), (1.7, 0.85 / 1.7 ** (1 / 3)), (100.0, 0.5)]
)
def test_the_next_step_follows_the_error(error, factor):
    control = StepControl(dt=1e-9, dt_min=1e-12)
    control.accept(2.0, error)
    assert control.dt == pytest.approx(2.0 * factor)


def test_rejected_steps_are_shortened_until_the_smallest():
    control = StepControl(dt=1.0, dt_min=0.3)
    assert control.reject(1.0) and control.dt == 0.5
    assert control.reject(1.0, error=3.0) and control.dt == pytest.approx(0.85 / 3 ** (1 / 3))
    assert control.reject(1.0, error=1.01) and control.dt == pytest.approx(0.8)
    assert not control.reject(1.0, error=1e9) and control.dt == pytest.approx(0.2)
    assert not control.reject(0.5)


def land(*quantities):
    """Where the first of the quantities (functions of the step) falls below zero, and the tries."""
    left = lambda step: np.array([quantity(step) for quantity in quantities])  # noqa: E731
    landing = Landing(1.0, left(0.0), np.full(len(quantities), True), 1e-6)
    tries = 0
    while not landing.reached(landing.aim, left(landing.aim)):
        tries += 1
        assert tries < 60
    return landing.aim, tries


@pytest.mark.parametrize(
    ("quantity", "root"),
    [
        (lambda t: 0.3 - t, 0.3),
        (lambda t: 0.25 - t**2, 0.5),
        (lambda t: np.exp(-3 * t) - 0.2, np.log(5) / 3),
        (lambda t: 0.7 - t if t < 0.69 else -5.0 * (t - 0.69) + 0.01, 0.692),  # a kink
        (lambda t: 1e-9 * (0.9 - t), 0.9),
        (lambda t: 0.2 - t**5, 0.2**0.2),
    ],
)
def test_a_step_lands_behind_the_event(quantity, root):
    step, tries = land(quantity)
    assert root < step <= root * (1 + 1.01e-6)
    assert tries <= 12


def test_a_jump_is_bisected():
    step, tries = land(lambda t: 1.0 if t < 0.37 else -1.0)
    assert 0.37 <= step <= 0.37 * (1 + 2e-6) and tries < 40


def test_the_first_of_several_events_counts():
    step, _ = land(lambda t: 0.8 - t, lambda t: 0.16 - t**2, lambda t: 2.0 - t)
    assert step == pytest.approx(0.4, rel=1e-5)
