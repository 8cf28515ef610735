import numpy as np
import pytest
from scipy.integrate import quad

from fem_sei.closed_form import transport
from fem_sei.closed_form.kinetics import F, butler_volmer
from fem_sei.closed_form.transport import Layer

T = 298.15
THERMAL = 0.025692579
LITHIUM = 1.0 / 7.64e4
ELECTRODE = dict(i0=30.0, alpha=0.5, z=1, T=T)


def test_nernst_einstein_agrees_with_the_ions():
    z, c, cation, anion = 2, 800.0, 2e-10, 5e-10
    D = (1 + z) * cation * anion / (z * cation + anion)
    t_plus = z * cation / (z * cation + anion)
    kappa = F / THERMAL * (z**2 * cation * c + anion * z * c)
    assert transport.nernst_einstein_kappa(D, c, t_plus, z, T) == pytest.approx(kappa, rel=1e-7)
    one = F / THERMAL * D * c / (2 * t_plus * (1 - t_plus))
    assert transport.nernst_einstein_kappa(D, c, t_plus, 1, T) == pytest.approx(one, rel=1e-7)


def test_concentration_cell():
    assert 1e3 * transport.concentration_cell_voltage(1000.0, 100.0, 0.3, 1, T) == pytest.approx(
        82.823, abs=1e-3
    )
    # z = 2, anions do not move (t+ = 1): no voltage; t+ = 0: both ions diffuse, 3/2 RT/F
    assert transport.concentration_cell_voltage(1000.0, 100.0, 1.0, 2, T) == 0.0
    full = transport.concentration_cell_voltage(np.e, 1.0, 0.0, 2, T)
    assert full == pytest.approx(1.5 * THERMAL, rel=1e-7)


@pytest.mark.parametrize(
    "D, expected", [(1.0e-13, (193, 9.65, 0.48)), (4.6e-13, (888, 44.4, 2.2)), (1.4e-11, (27000, 1351, 67.5))]
)
def test_limiting_current_of_the_coatings_without_migration(D, expected):
    got = [transport.limiting_current(D, L, 1000.0, 0.0, 1) for L in (50e-9, 1e-6, 20e-6)]
    assert got == pytest.approx(expected, rel=1.1e-2)


def test_limiting_current_of_a_symmetric_separator():
    i = transport.limiting_current_closed(2.905e-10 * 0.4**1.5, 25e-6, 1000.0, 0.325, 1)
    assert i == pytest.approx(840.0, rel=1e-2)


def test_layers_of_one_material_are_one_layer():
    D, t_plus, L = 1e-13, 0.3, 1e-6
    for limit in (transport.limiting_current, transport.limiting_current_closed):
        whole = limit(D, L, 1000.0, t_plus, 2)
        assert limit([D] * 3, [0.2e-6, 0.5e-6, 0.3e-6], 1000.0, [t_plus] * 3, 2) == pytest.approx(
            whole, rel=1e-12
        )
    whole = transport.steady_stack_voltage(5.0, [Layer(L, D, t_plus)], 1000.0, **ELECTRODE, V_m=LITHIUM)
    split = [Layer(0.2e-6, D, t_plus), Layer(0.8e-6, D, t_plus)]
    parts = transport.steady_stack_voltage(5.0, split, 1000.0, **ELECTRODE, V_m=LITHIUM)
    assert parts.total == pytest.approx(whole.total, rel=1e-12)
    assert parts.ohmic == pytest.approx(whole.ohmic, rel=1e-12)


def test_front_concentration_falls_to_zero_at_the_limiting_current():
    layers = [Layer(50e-9, 1e-13, 0.9), Layer(20e-6, 3e-10, 0.3)]
    limit = transport.limiting_current([1e-13, 3e-10], [50e-9, 20e-6], 1000.0, [0.9, 0.3], 2)
    for molar_volume in (None, LITHIUM):
        front = transport.steady_front_concentration(limit, layers, 1000.0, 2, molar_volume)
        assert front == pytest.approx(0.0, abs=1e-8)
    with pytest.raises(ValueError, match="limiting"):
        transport.steady_stack_voltage(1.01 * limit, layers, 1000.0, i0=30.0, alpha=0.5, z=2, T=T)


def test_salt_balance_of_the_swept_salt():
    layer, i = Layer(1e-6, 1e-13, 0.3), 10.0
    c = transport.steady_concentrations(i, [layer], 1000.0, 1, LITHIUM)
    flux = -layer.D * (c[1] - c[0]) / layer.thickness + 0.7 * i / F
    assert flux == pytest.approx(c[0] * i * LITHIUM / F, rel=1e-10)


def test_voltage_is_the_integral_of_the_current_law():
    i, z, c0 = 12.0, 2, 1000.0
    layers = [
        Layer(0.3e-6, 1e-13, 0.3),
        Layer(0.1e-6, 5e-12, 0.9, kappa=1e-4),
        Layer(5e-6, 3e-10, 0.4, tdf=1.5),
    ]
    state = transport.steady_stack_voltage(i, layers, c0, i0=30.0, alpha=0.3, z=z, T=T, c_ref=500.0)
    inner, potential = state.c_front, 0.0
    for k in layers:
        slope = (1 - k.t_plus) * i / (z * F * k.D)

        def gradient(x, k=k, slope=slope, inner=inner):
            c = inner + slope * x
            kappa = k.kappa or transport.nernst_einstein_kappa(k.D, c, k.t_plus, z, T)
            return i / kappa + 1.5 * THERMAL * (1 - k.t_plus) * k.tdf * slope / c

        potential -= quad(gradient, 0.0, k.thickness)[0]
        inner += slope * k.thickness
    assert inner == pytest.approx(c0)
    assert state.concentration + state.ohmic == pytest.approx(potential, rel=1e-7)
    assert butler_volmer(state.kinetic, 30.0, 0.3, z, T, state.c_front / 500.0) == pytest.approx(i, rel=1e-12)


def test_anions_at_rest_make_the_potential_a_function_of_concentration():
    state = transport.steady_stack_voltage(
        10.0, [Layer(0.5e-6, 1e-13, 0.3), Layer(2e-6, 1e-12, 0.7)], 1000.0, **ELECTRODE
    )
    expected = 2.0 * THERMAL * np.log(state.c_front / 1000.0)
    assert state.concentration + state.ohmic == pytest.approx(expected, rel=1e-7)


def test_thin_resistive_layer_has_the_measured_voltage():
    layers = [Layer(100e-9, 1e-10, 0.99, kappa=1e-5)]
    state = transport.steady_stack_voltage(10.0, layers, 1000.0, **ELECTRODE)
    assert state.ohmic == pytest.approx(-0.1, rel=1e-12)
    assert state.kinetic == pytest.approx(-2 * THERMAL * np.arcsinh(10.0 / 60.0), rel=1e-4)


@pytest.mark.parametrize("voltage", [-0.4, -0.05, -1e-4, 0.0, 0.02])
def test_current_of_a_voltage_inverts_the_voltage_of_a_current(voltage):
    layers = [Layer(0.5e-6, 1e-13, 0.3), Layer(3e-6, 3e-10, 0.3)]
    i = transport.steady_stack_current(voltage, layers, 1000.0, **ELECTRODE, V_m=LITHIUM)
    back = transport.steady_stack_voltage(i, layers, 1000.0, **ELECTRODE, V_m=LITHIUM)
    assert back.total == pytest.approx(voltage, abs=1e-7)


def test_deep_potentials_give_the_limiting_current():
    layers = [Layer(0.5e-6, 1e-13, 0.3)]
    limit = transport.limiting_current(1e-13, 0.5e-6, 1000.0, 0.3, 1)
    assert transport.steady_stack_current(-5.0, layers, 1000.0, **ELECTRODE) == pytest.approx(limit)


def test_single_ion_conductor_has_no_limiting_current():
    assert transport.limiting_current(1e-13, 1e-6, 1000.0, 1.0, 1) == np.inf
    i = transport.steady_stack_current(-1.0, [Layer(1e-7, 1e-13, 1.0, kappa=1e-5)], 1000.0, **ELECTRODE)
    eta = -2.0 * THERMAL * np.arcsinh(i / 60.0)
    assert eta - i * 1e-7 / 1e-5 == pytest.approx(-1.0, rel=1e-7)


@pytest.mark.parametrize("i, seconds", [(10.0, 46618.0), (26.1, 6843.0), (50.0, 1865.0), (100.0, 466.0)])
def test_sand_time_of_ec_dmc(i, seconds):
    assert transport.sand_time(2.905e-10, 1000.0, i, 0.325, 1) == pytest.approx(seconds, rel=1e-3)


def test_sand_time_with_a_moving_front():
    arguments = (3e-10, 1000.0, 1000.0, 0.3, 1)
    assert transport.sand_time(*arguments) == pytest.approx(4.4765, abs=1e-4)
    assert transport.moving_front_sand_time(*arguments, LITHIUM) == pytest.approx(4.5802, abs=1e-4)
    # without swept salt (tiny molar volume) it is Sand's formula
    assert transport.moving_front_sand_time(*arguments, 1e-6 * LITHIUM) == pytest.approx(4.47649, rel=1e-5)
    with pytest.raises(ValueError, match="never depleted"):
        transport.moving_front_sand_time(3e-10, 6e4, 1000.0, 0.3, 1, LITHIUM)
