"""Cracked beams against the derivative of their compliance and the bending moments at the crack tip."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

from fem_sei.closed_form import beams

E, B, H, SPAN = 70e9, 0.01, 1.5e-3, 50e-3
I_ARM = B * H**3 / 12.0
A = 30e-3


def tip(upper, lower):
    """G [J/m^2] from the moments in the arms: energy of both arms less that of the beam 2h ahead of them."""
    return (upper**2 + lower**2 - (upper + lower) ** 2 / 8.0) / (2.0 * B * E * I_ARM)


def slope(compliance, a, step=1e-5):
    """dC/da, error of order (step/a)^2."""
    return (compliance(a + step * a) - compliance(a - step * a)) / (2.0 * step * a)


def test_root_rotation_is_near_the_exact_elastic_one():
    """Isotropic double cantilevers have 0.673 (Wiederhorn et al. 1968, Foote and Buchwald 1985)."""
    assert beams.root_rotation(0.3) == pytest.approx(0.673, rel=0.03)
    assert beams.root_rotation(0.3, plane_strain=True) == pytest.approx(0.673, rel=0.1)


def test_dcb_compliance_is_the_virtual_work_of_two_cantilevers():
    work = 2.0 * quad(lambda x: x**2 / (E * I_ARM), 0.0, A)[0]
    assert beams.dcb_compliance(A, E, B, H) == pytest.approx(work, rel=1e-12)


@pytest.mark.parametrize("chi", [0.0, 0.66])
def test_energy_release_rates_are_derivatives_of_the_compliance(chi):
    load = 25.0
    dcb = load**2 / (2.0 * B) * slope(lambda a: beams.dcb_compliance(a, E, B, H, chi), A)
    enf = load**2 / (2.0 * B) * slope(lambda a: beams.enf_compliance(a, SPAN, E, B, H, chi), A)
    assert beams.dcb_energy_release_rate(load, A, E, B, H, chi) == pytest.approx(dcb, rel=1e-9)
    assert beams.enf_energy_release_rate(load, A, E, B, H, chi) == pytest.approx(enf, rel=1e-9)


def test_energy_release_rates_are_those_of_the_moments_at_the_tip():
    load = 25.0
    assert beams.dcb_energy_release_rate(load, A, E, B, H) == pytest.approx(
        tip(load * A, -load * A), rel=1e-12
    )
    half = load / 2.0 * A / 2.0  # half of the support's force in each arm
    assert beams.enf_energy_release_rate(load, A, E, B, H) == pytest.approx(tip(half, half), rel=1e-12)


def test_enf_compliance_is_the_virtual_work_along_the_beam():
    whole = B * (2.0 * H) ** 3 / 12.0  # second moment of area of the beam 2h
    cracked = quad(lambda x: x**2 / 4.0 / (E * 2.0 * I_ARM), 0.0, A)[0]
    ahead = quad(lambda x: x**2 / 4.0 / (E * whole), A, SPAN)[0]
    ahead += quad(lambda x: x**2 / 4.0 / (E * whole), 0.0, SPAN)[0]
    assert beams.enf_compliance(A, SPAN, E, B, H) == pytest.approx(cracked + ahead, rel=1e-12)


def test_dcb_loses_just_the_energy_of_the_new_surface():
    """From the start of growth to four times that opening: work of the load = stored energy + G_c b da."""
    G_c, chi = 300.0, 0.66
    start = brentq(
        lambda d: (
            beams.dcb_energy_release_rate(d / beams.dcb_compliance(A, E, B, H, chi), A, E, B, H, chi) - G_c
        ),
        0.0,
        0.1,
        xtol=1e-16,
    )

    def load(opening):
        return beams.dcb_load(opening, A, G_c, E, B, H, chi)

    end = 4.0 * start
    work = quad(load, start, end, epsrel=1e-12)[0]
    stored = 0.5 * (load(end) * end - load(start) * start)
    a = beams.dcb_crack_length(np.array([0.5 * start, start, end]), A, G_c, E, H, chi)
    assert a[:2] == pytest.approx(A, rel=1e-12)
    assert work - stored == pytest.approx(G_c * B * (a[2] - A), rel=1e-9)
    assert beams.dcb_energy_release_rate(load(end), a[2], E, B, H, chi) == pytest.approx(G_c, rel=1e-12)
    assert load(0.5 * start) == pytest.approx(0.5 * load(start), rel=1e-12)


def test_dcb_numbers_of_an_aluminium_like_beam():
    """h = 1.5 mm, a0 = 30 mm, G_c = 0.3 N/mm, chi = 0.673: load per mm of width at openings of 3, 4, 8 mm."""
    found = beams.dcb_load(np.array([3.0, 4.0, 8.0]) * 1e-3, 30e-3, 300.0, E, 1e-3, H, 0.673)
    assert found == pytest.approx([2.2635, 1.9603, 1.3861], abs=5e-5)


def test_enf_grows_at_the_critical_load_and_stably_beyond_0_69_of_the_span():
    G_c = 500.0
    load = beams.enf_critical_load(A, G_c, E, B, H, 0.66)
    assert beams.enf_energy_release_rate(load, A, E, B, H, 0.66) == pytest.approx(G_c, rel=1e-12)
    a = SPAN / 3.0 ** (1.0 / 3.0) * np.array([0.999, 1.0, 1.001])
    deflection = beams.enf_critical_load(a, G_c, E, B, H) * beams.enf_compliance(a, SPAN, E, B, H)
    assert deflection[1] < deflection[0] and deflection[1] < deflection[2]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_mixed_mode_bending_has_the_modes_asked_for_and_the_energy_of_its_moments(share):
    load, lever = 25.0, beams.mixed_mode_lever(share, SPAN)
    opening, shearing = beams.mixed_mode_energy_release_rates(load, A, lever, SPAN, E, B, H)
    assert shearing / (opening + shearing) == pytest.approx(share, rel=1e-12)
    pull = load * lever / SPAN  # on the upper arm's end
    support = load * (SPAN - lever) / (2.0 * SPAN)  # on the lower arm's end: moments about the other support
    assert opening + shearing == pytest.approx(tip(pull * A, support * A), rel=1e-12)


def test_levers_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="no lever gives a share"):
        beams.mixed_mode_lever(0.05, SPAN)
    with pytest.raises(ValueError, match="arms overlap"):
        beams.mixed_mode_energy_release_rates(1.0, A, 0.1 * SPAN, SPAN, E, B, H)
