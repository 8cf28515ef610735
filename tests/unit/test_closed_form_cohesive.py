"""The bilinear law against integrals of its traction along paths; process zones against each other."""

from itertools import pairwise

import numpy as np
import pytest

from fem_sei.closed_form.cohesive import (
    HUI,
    MIXING,
    Bilinear,
    mixed_toughness,
    process_zone,
    slender_process_zone,
)

MPA, NM = 1e6, 1e-9
K_N = 1e18
LAW = Bilinear(100 * MPA, 150 * MPA, 0.5, 1.2, K_N, K_N * (0.5 / 1.2) * 1.5**2, 1.7)


def follow(law, delta_n, delta_t):
    """Damage, tractions and work [J/m^2] along a path of openings."""
    damage, d = [], 0.0
    for opening, sliding in zip(delta_n, delta_t, strict=True):
        d = float(law.damage(opening, sliding, d))
        damage.append(d)
    damage = np.array(damage)
    normal, shear = law.traction(delta_n, delta_t, damage)
    steps = 0.5 * (normal[1:] + normal[:-1]) * np.diff(delta_n)
    steps += 0.5 * (shear[1:] + shear[:-1]) * np.diff(delta_t)
    return damage, normal, shear, np.concatenate([[0.0], np.cumsum(steps)])


@pytest.mark.parametrize("mixing", MIXING)
@pytest.mark.parametrize("angle", [0.0, 0.4, 1.0, np.pi / 2.0])
def test_the_work_along_a_direction_is_the_toughness(angle, mixing):
    """The traction is piecewise linear: the trapezoidal rule is exact but for the step over each kink."""
    law = Bilinear(LAW.N, LAW.S, LAW.G_I, LAW.G_II, LAW.K_n, LAW.K_t, 1.7, mixing)
    direction = np.cos(angle), np.sin(angle)
    _, start, end, G_c = law.limits(*direction)
    size = np.concatenate([np.linspace(0.0, start, 3), np.linspace(start, end, 2001)[1:]])
    delta_n, delta_t = size * direction[0], size * direction[1]
    damage, normal, shear, work = follow(law, delta_n, delta_t)
    assert work[-1] == pytest.approx(G_c, rel=1e-9)
    assert damage[2] == pytest.approx(0.0, abs=1e-12) and damage[-1] == pytest.approx(1.0, abs=1e-12)
    assert np.hypot(normal[2] / law.N, shear[2] / law.S) == pytest.approx(1.0, rel=1e-12)
    lost = law.dissipated(delta_n[3:], delta_t[3:], damage[3:])
    assert lost + law.stored(delta_n[3:], delta_t[3:], damage[3:]) == pytest.approx(work[3:], rel=1e-9)
    B = law.K_t * direction[1] ** 2 / (law.K_n * direction[0] ** 2 + law.K_t * direction[1] ** 2)
    assert G_c == pytest.approx(float(mixed_toughness(B, 0.5, 1.2, 1.7, mixing)), rel=1e-12)


def test_unloading_returns_to_the_origin_and_loses_nothing():
    size = np.concatenate([np.linspace(0.0, 4.0, 4001), np.linspace(4.0, -0.5, 2001)[1:]]) * NM
    damage, normal, _, work = follow(LAW, size, 0.0 * size)
    down = slice(4000, None)
    assert np.ptp(damage[down]) == 0.0
    opened = size > 0.0
    assert normal[down][opened[down]] == pytest.approx((1.0 - damage[4000]) * K_N * size[down][opened[down]])
    assert normal[-1] == pytest.approx(-0.5 * NM * K_N, rel=1e-12)
    closed = np.argmin(np.abs(size[down])) + 4000
    lost = LAW.dissipated(size[4000], 0.0, damage[4000])
    assert work[closed] == pytest.approx(float(lost), rel=2e-4)  # the kink lies between steps of 1 pm


def test_with_matched_stiffnesses_opening_then_sliding_never_heals_or_gains():
    """A closed loop of open - slide - close - slide back costs what has been dissipated, and not less."""
    corners = np.array([(0.0, 0.0), (0.6, 0.0), (0.6, 3.0), (0.0, 3.0), (0.0, 0.0)]) * NM
    path = np.concatenate([np.linspace(a, b, 3001) for a, b in pairwise(corners)])
    damage, _, _, work = follow(LAW, path[:, 0], path[:, 1])
    assert np.all(np.diff(damage) >= 0.0)
    lost = work - LAW.stored(path[:, 0], path[:, 1], damage)
    assert np.diff(lost).min() > -1e-6 * lost[-1]


def test_arrays_may_hold_closed_and_open_places():
    found = LAW.damage([0.0, -1 * NM, 0.05 * NM, 1.0], [0.0, 0.0, 0.0, 1.0], [0.2, 0.0, 0.0, 0.0])
    assert found == pytest.approx([0.2, 0.0, 0.0, 1.0], abs=1e-12)


def test_mixing_rules_end_at_the_pure_modes():
    for mixing in MIXING:
        assert mixed_toughness([0.0, 1.0], 0.5, 1.2, 1.7, mixing) == pytest.approx([0.5, 1.2], rel=1e-12)
    linear = mixed_toughness(0.3, 0.5, 1.2, 1.0, "power_law")
    assert 0.7 * linear / 0.5 + 0.3 * linear / 1.2 == pytest.approx(1.0, rel=1e-12)


def test_process_zones():
    """E' = 40 GPa, 0.5 J/m^2 and 200 MPa: 500 nm in a large body, less in an arm of 4 nm."""
    assert process_zone(40e9, 0.5, 200 * MPA) == pytest.approx(500 * NM, rel=1e-12)
    assert process_zone(40e9, 0.5, 200 * MPA, HUI) == pytest.approx(106.1 * NM, rel=1e-3)
    assert slender_process_zone(40e9, 0.5, 200 * MPA, 4 * NM) == pytest.approx(13.4 * NM, rel=5e-3)
    assert slender_process_zone(40e9, 0.5, 200 * MPA, 1e-3) == pytest.approx(500 * NM, rel=1e-12)
