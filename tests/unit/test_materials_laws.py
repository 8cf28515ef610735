"""Laws of the electrolytes against values evaluated independently from the published forms."""

import numpy as np
import pytest
from scipy.constants import R

from fem_sei.closed_form.transport import nernst_einstein_kappa
from fem_sei.materials import laws, library

KEYS = ("kappa", "D", "thermodynamic_factor", "t_plus")
# c (mol/L), T (K): kappa (S/m), D (1e-10 m^2/s), thermodynamic factor, t_plus
EC_DMC = {
    (0.1, 298): (0.374, 4.80, 1.31, 0.510),
    (0.5, 298): (1.023, 3.84, 1.65, 0.420),
    (1.0, 298): (1.182, 2.91, 2.20, 0.325),
    (1.5, 298): (1.000, 2.20, 2.96, 0.249),
    (2.0, 298): (0.731, 1.66, 4.01, 0.193),
    (1.0, 263): (0.488, 1.06, 1.44, -0.06),
    (1.0, 323): (1.728, 5.21, 2.89, 0.52),
}
EC_EMC = {
    (0.1, 298): (0.258, 5.07, 0.55, 0.373),
    (0.5, 298): (0.756, 3.95, 1.37, 0.305),
    (1.0, 298): (0.913, 2.89, 2.18, 0.221),
    (1.5, 298): (0.810, 2.12, 2.94, 0.150),
    (2.0, 298): (0.594, 1.55, 3.85, 0.106),
    (1.0, 263): (0.418, 1.16, 1.25, -0.38),
    (1.0, 323): (1.286, 4.92, 2.63, 0.40),
}
NYMAN = {
    (0.1, 298): (0.254, 4.47),
    (0.5, 298): (0.793, 3.10),
    (1.0, 298): (0.949, 1.77),
    (1.5, 298): (0.820, 0.88),
    (2.0, 298): (0.596, 0.44),
}
VALOEN = {  # the third is (1 - t_plus) times the thermodynamic factor
    (0.1, 298): (0.267, 5.77, 0.556),
    (0.5, 298): (0.950, 4.47, 0.778),
    (1.0, 298): (1.194, 3.22, 1.343),
    (1.5, 298): (1.068, 2.31, 2.111),
    (2.0, 298): (0.796, 1.65, 3.039),
    (1.0, 263): (0.546, 0.31, 1.522),
    (1.0, 323): (1.758, 5.55, 1.215),
}
TABLES = {
    "LiPF6_EC_DMC": EC_DMC,
    "LiPF6_EC_EMC": EC_EMC,
    "LiPF6_EC_EMC_Nyman": NYMAN,
    "LiPF6_PC_EC_DMC": VALOEN,
}
ROWS = [(name, state, row) for name, table in TABLES.items() for state, row in table.items()]
LAST_DIGIT = {"kappa": 6e-4, "D": 6e-13, "thermodynamic_factor": 6e-3, "t_plus": 6e-4}


@pytest.mark.parametrize(("name", "state", "row"), ROWS)
def test_electrolytes_have_the_published_values(name, state, row):
    electrolyte = library.from_library(name)
    c, T = 1000.0 * state[0], state[1] + 0.15
    for key, expected in zip(KEYS, row, strict=False):
        value = electrolyte[key](c, T)
        if key == "D":
            expected *= 1e-10
        if key == "thermodynamic_factor" and name == "LiPF6_PC_EC_DMC":
            value *= 1.0 - electrolyte.value("t_plus")
        tolerance = 6e-3 if key == "t_plus" and state[1] != 298 else LAST_DIGIT[key]
        assert value == pytest.approx(expected, abs=tolerance)


def test_nyman_with_temperature_is_an_arrhenius_factor():
    plain, warm = (library.from_library(f"LiPF6_EC_EMC_{name}") for name in ("Nyman", "OKane"))
    factor = np.exp(-17.0e3 / R * (1.0 / 323.15 - 1.0 / 298.15))
    for key in ("D", "kappa"):
        assert warm[key](1000.0, 323.15) == pytest.approx(factor * plain[key](1000.0, 298.15), rel=1e-12)
        assert warm[key](1000.0, 298.15) == pytest.approx(plain[key](1000.0, 298.15), rel=1e-12)


def test_arrhenius_of_the_library_is_a_fit_of_its_table():
    D = library.from_library("PTFSI_swollen")["D"]
    for celsius, measured in ((30, 0.31e-10), (50, 0.57e-10), (70, 0.95e-10), (90, 1.49e-10)):
        assert D(0.0, celsius + 273.15) == pytest.approx(measured, rel=0.03)


@pytest.mark.parametrize("z", [1, 2, 3])
def test_nernst_einstein_is_the_closed_form(z):
    kappa = library.from_library("Al2O3_model").with_valence(z)["kappa"]
    c = np.array([1.0, 300.0, 1000.0])
    assert kappa(c, 310.0) == pytest.approx(nernst_einstein_kappa(1e-13, c, 0.3, z, 310.0), rel=1e-14)


def test_ranges_of_validity():
    assert library.from_library("LiPF6_EC_DMC")["kappa"].law.c_range == (100.0, 3000.0)
    assert library.from_library("LiPF6_EC_DMC")["kappa"].law.T_range == (263.15, 323.15)
    assert library.from_library("LiPF6_EC_EMC_Nyman")["D"].law.T_range == (298.15, 298.15)
    both = laws.nernst_einstein(
        laws.nyman2008_diffusivity(17e3), laws.landesfeind2019_polynomial([0.3] + 8 * [0.0]), 1
    )
    assert (both.c_range, both.T_range) == ((200.0, 2000.0), (273.15, 318.15))
    assert library.from_library("Al2O3_model")["D"].as_law.c_range == (0.0, float("inf"))


ALL = [
    (name, key)
    for name in library.names("ion_conductor")
    for key, found in library.from_library(name).properties.items()
    if found.law is not None
]


@pytest.mark.parametrize(("name", "key"), ALL)
def test_laws_take_floats_arrays_and_ufl_expressions(name, key):
    ufl = pytest.importorskip("ufl")
    law = library.from_library(name)[key].law
    c, T = np.array([200.0, 1000.0]), 300.0
    values = np.broadcast_to(law(c, T), c.shape)
    assert values == pytest.approx([law(200.0, T), law(1000.0, T)], rel=1e-14)
    basix = pytest.importorskip("basix.ufl")
    x = ufl.SpatialCoordinate(ufl.Mesh(basix.element("Lagrange", "triangle", 1, shape=(2,))))
    expression = law(x[0], x[1], ufl)
    assert [expression((c_, T)) for c_ in c] == pytest.approx(list(values), rel=1e-13)


def test_laws_describe_themselves():
    text = library.from_library("PTFSI_swollen")["D"].describe()
    assert text.startswith(
        "arrhenius: value exp[-(energy/R)(1/T - 1/T_ref)] with value = 3.1e-11, energy = 23900"
    )
