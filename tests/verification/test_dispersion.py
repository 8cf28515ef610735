"""Growth rates of a sinusoid: 2 %, 5 % where the surface energy matters."""

import pytest

from cases.verification.dispersion import verify
from cases.verification.dispersion.verify import NM, UM, Setting


@pytest.mark.parametrize(
    "setting",
    [
        Setting(1 * UM, 50 * NM),
        Setting(2 * UM, 50 * NM),
        Setting(4 * UM, 100 * NM),
        Setting(2 * UM, 25 * NM, i0=300.0, grown=0.08 * UM),  # fast kinetics need a thinner interface
        Setting(2 * UM, 50 * NM, i0=3.0),
    ],
)
def test_growth_rate_is_that_of_the_dispersion_relation(setting):
    assert abs(verify.measure(setting).error) < 0.02


def test_surface_energy_slows_the_growth_as_it_should():
    growth = verify.measure(Setting(0.6 * UM, 30 * NM, gamma=5.0, grown=0.1 * UM))
    assert abs(growth.error) < 0.05


def test_a_short_wave_decays_under_surface_energy():
    growth = verify.measure(Setting(0.3 * UM, 15 * NM, gamma=5.0, grown=0.07 * UM))
    assert growth.omega < 0.0
    assert abs(growth.error) < 0.05
