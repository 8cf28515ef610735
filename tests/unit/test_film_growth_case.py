"""Case files of film growth: what is filled in, and all that is wrong at once."""

import copy
from typing import Any

import pytest

from fem_sei.case.checks import assess
from fem_sei.case.loader import CaseError, resolve
from fem_sei.case.studies import STUDIES

GOOD: dict[str, Any] = {
    "schema": 1,
    "case": {"name": "growth", "study": "film_growth"},
    "geometry": {
        "dimension": 2,
        "width": "20 nm",
        "layers": [
            {"name": "metal", "material": "Li", "thickness": "20 nm"},
            {"name": "sei", "material": "film", "thickness": "4 nm"},
        ],
        "features": [{"kind": "half_cosine", "at": "0 nm", "height": "1 nm", "radius": "4 nm"}],
    },
    "operation": {"overpotential": "-0.1 V", "until": {"thickness": "2 nm"}},
    "interfaces": [{"on": "metal|sei", "strength": "100 MPa", "fracture_energy": "0.2 J/m^2"}],
    "materials": {"film": {"kind": "solid", "E": "50 GPa", "nu": 0.25}},
}


def changed(*changes: tuple[str, Any]) -> dict[str, Any]:
    """GOOD with values at dotted places; numbers are entries of lists, None removes a key."""
    case = copy.deepcopy(GOOD)
    for place, value in changes:
        *path, last = [int(part) if part.isdigit() else part for part in place.split(".")]
        table: Any = case
        for part in path:
            table = table[part] if isinstance(table, list) else table.setdefault(part, {})
        if value is None:
            del table[last]
        else:
            table[last] = value
    return case


def problems(*changes: tuple[str, Any]) -> list[str]:
    with pytest.raises(CaseError) as caught:
        resolve(changed(*changes))
    return caught.value.problems


def test_what_is_left_out_is_filled_in() -> None:
    case = resolve(changed())
    assert case.kinetics.exchange_current_density == 10.0
    assert (case.kinetics.alpha, case.kinetics.surface_energy) == (0.5, 0.5)
    assert case.geometry.top == "conformal"
    assert case.geometry.layers[0].rigid and not case.geometry.layers[1].rigid
    assert not case.operation.ohmic_drop
    assert case.mesh.size == pytest.approx(0.2e-9)
    assert case.interfaces[0].shear_strength == 100e6
    assert case.interfaces[0].stiffness > 50.0 * 50e9 / 4e-9 * 0.999
    assert case.time.max_step == pytest.approx(0.05 * 2e-9)
    assert assess(case).verdict == "ok"
    used = STUDIES["film_growth"].properties(case)
    assert used["film"] == ("E", "nu")
    assert "V_m" in used["Li"]


def test_conductive_film_and_modulus_by_thickness() -> None:
    table = [["4 nm", "20 GPa"], ["10 nm", "50 GPa"]]
    case = resolve(
        changed(
            ("materials.film.kappa", "1e-6 S/m"),
            ("geometry.layers.1.modulus_of_thickness", table),
            ("geometry.layers.1.thickness", "7 nm"),
        )
    )
    assert case.operation.ohmic_drop
    rows = {row.name: row.value for row in assess(case).rows}
    assert rows['modulus of "sei"'] == pytest.approx(35e9)
    assert rows["normal stress that stops growth"] == pytest.approx(-742.2e6, rel=1e-3)


def test_too_much_pressure_is_refused() -> None:
    case = resolve(changed(("operation.stack_pressure", "800 MPa")))
    assert assess(case).verdict == "refuse"


def test_every_problem_is_listed_at_once() -> None:
    found = problems(
        ("geometry.layers.0.residual_stress", "1 MPa"),
        ("geometry.layers.1.material", "Li"),
        ("geometry.features.0.radius", "30 nm"),
        ("geometry.features.0.at", "5 nm"),
        ("operation.current_density", "10 A/m^2"),
        ("interfaces.0.on", "sei|metal"),
        ("interfaces.0.stiffness", "1 Pa/m"),
        ("time.min_step", "1 nm"),
        ("time.max_step", "0.1 nm"),
        ("mesh.file", "a.msh"),
        ("solver.profile", "iterative"),
        ("kinetics.alfa", 0.5),
    )
    text = "\n".join(found)
    for expected in (
        "geometry.layers[0].residual_stress",
        "only the first layer can be a metal",
        "geometry.features[0].at",
        "does not go with overpotential",
        'only the metal\'s can open, "metal|sei"',
        "interfaces[0].stiffness",
        "time.max_step",
        "mesh.file",
        "solver.profile",
        "alpha",  # close match of the misspelt key
    ):
        assert expected in text
    assert len(found) == 10


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ((("operation.overpotential", None),), "needs overpotential"),
        ((("operation.overpotential", "0 V"),), "needs a value other than zero"),
        ((("operation.until.thickness", "-2 nm"),), "deposits, so it must be positive"),
        ((("operation.until", {}),), "needs thickness"),
        ((("operation.ohmic_drop", True),), "has no constant kappa"),
        ((("geometry.dimension", 3),), "a 3-D case needs a length"),
        ((("geometry.top", "level"), ("geometry.layers.1.thickness", "0.8 nm")), "nothing is left"),
        ((("geometry.features.0.height", "-30 nm"),), "the surface goes down"),
        (
            (
                (
                    "geometry.features.0",
                    {"kind": "circular", "at": "0 nm", "height": "5 nm", "radius": "4 nm"},
                ),
            ),
            "radius",
        ),
        ((("geometry.layers.0.material", "film"),), "the first layer must be a metal"),
        ((("materials.film.nu", None),), "has no nu"),
        ((("geometry.layers.1.modulus_of_thickness", [["4 nm", "2 GPa"], ["1 nm", "2 GPa"]]),), "increase"),
        ((("geometry.layers.1.modulus_of_thickness", [[4, "2 GPa"]]),), "needs a list of pairs"),
        ((("geometry.layers.1.rigid", True),), "rigid"),
        ((("interfaces.0.flaw", {"start": "0 nm", "end": "30 nm"}),), "outside"),
    ],
)
def test_messages(changes: tuple[tuple[str, Any], ...], message: str) -> None:
    assert message in "\n".join(problems(*changes))
