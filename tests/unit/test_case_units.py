"""Quantities: texts with units to SI and back to texts."""

import pytest

from fem_sei.units import (
    ACTIVATION_ENERGY,
    CONCENTRATION,
    CONDUCTIVITY,
    CURRENT_DENSITY,
    DIFFUSIVITY,
    DIMENSIONS,
    LENGTH,
    TEMPERATURE,
    TOUGHNESS,
    UnitError,
    number,
    show,
    to_si,
)


@pytest.mark.parametrize(
    ("text", "dimension", "value"),
    [
        ("25 nm", LENGTH, 2.5e-8),
        ("25nm", LENGTH, 2.5e-8),
        ("  .5e1 um ", LENGTH, 5e-6),
        ("2 µm", LENGTH, 2e-6),
        ("3.49 Å", LENGTH, 3.49e-10),
        ("-3 nm", LENGTH, -3e-9),
        ("25 degC", TEMPERATURE, 298.15),
        ("298.15 K", TEMPERATURE, 298.15),
        ("1 mol/L", CONCENTRATION, 1000.0),
        ("0.4 M", CONCENTRATION, 400.0),
        ("3 mA/cm^2", CURRENT_DENSITY, 30.0),
        ("10 A m^-2", CURRENT_DENSITY, 10.0),
        ("1e-9 cm**2/s", DIFFUSIVITY, 1e-13),
        ("10 mS/cm", CONDUCTIVITY, 1.0),
        ("1.89 MPa*m^0.5", TOUGHNESS, 1.89e6),
        ("17 kJ/mol", ACTIVATION_ENERGY, 17e3),
    ],
)
def test_texts_become_si_values_without_round_off_dirt(text, dimension, value):
    assert to_si(text, dimension) == value


def test_an_activation_energy_may_be_per_particle():
    assert to_si("0.5 eV", ACTIVATION_ENERGY) == pytest.approx(0.5 * 96485.33212, rel=1e-9)
    assert to_si("5eV", ACTIVATION_ENERGY) == pytest.approx(10 * to_si("0.5 eV", ACTIVATION_ENERGY))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("20 s", 'needs a length (like "20 nm"), got a time'),
        ("20 degC", 'needs a length (like "20 nm"), got a temperature'),
        ("20 J", 'needs a length (like "20 nm"), got an energy'),
        ("20 kg/s", 'needs a length (like "20 nm"), got something in kg/s'),
        ("20", 'needs a length (like "20 nm"), got a number without a unit'),
        ("nm", 'needs a length (like "20 nm"), got a text that does not start with a number'),
        ("20 nmm", 'needs a length (like "20 nm"), and "nmm" is not a known unit. Did you mean "nm"?'),
        ("200%nm", 'needs a length (like "20 nm"), and "%nm" is not a known unit. Did you mean "nm"?'),
        ("1,5 um", 'needs a length (like "20 nm"), and ",5 um" is not a known unit. Did you mean "um"?'),
        ("nan m", 'needs a length (like "20 nm"), got a value that is not finite'),
        ("inf m", 'needs a length (like "20 nm"), got a value that is not finite'),
        ("1e999 m", 'needs a length (like "20 nm"), got a value that is not finite'),
    ],
)
def test_other_texts_are_refused_with_what_is_expected(text, message):
    with pytest.raises(UnitError) as error:
        to_si(text, LENGTH)
    assert str(error.value) == message


@pytest.mark.parametrize("dimension", [d for d in DIMENSIONS if d.unit])
def test_every_dimension_understands_its_own_example_and_units(dimension):
    to_si(dimension.example, dimension)
    assert to_si(f"1 {dimension.unit}", dimension) == 1.0
    for unit in dimension.units:
        to_si(f"3 {unit}", dimension)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.5e-8, "m", "25 nm"),
        (1e-6, "m", "1 um"),
        (0.0, "m", "0 m"),
        (1e-12, "m", "0.001 nm"),
        (44748.0, "s", "12.43 h"),
        (-0.034, "V", "-34 mV"),
        (1000.0, "mol/m^3", "1 mol/L"),
        (1e-13, "m^2/s", "1e-13 m^2/s"),
        (float("inf"), "A/m^2", "inf A/m^2"),
        (0.125, "", "0.125"),
    ],
)
def test_values_are_shown_in_a_unit_of_their_size(value, unit, text):
    assert show(value, unit) == text


def test_numbers_have_few_digits_and_no_needless_exponent():
    assert [number(v) for v in (123456.7, 13784.2, 0.0012346, 1e-7, 6.0)] == [
        "123457",
        "13784",
        "0.001235",
        "1e-07",
        "6",
    ]
