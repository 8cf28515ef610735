"""Run folders of film growth: history, fields along the surface, restart."""

import csv
from pathlib import Path

import meshio
import pytest

from fem_sei.cli import main

CASE = """\
schema = 1

[case]
name  = "growth"
study = "film_growth"

[geometry]
dimension = 2
width     = "10 nm"
layers    = [
    { name = "metal", material = "Li", thickness = "20 nm" },
    { name = "film", material = "film", thickness = "4 nm" },
]
features  = [{ kind = "half_cosine", at = "0 nm", height = "0.5 nm", radius = "4 nm" }]

[operation]
overpotential = "-0.1 V"
until         = { thickness = "0.2 nm" }

[time]
max_step = "0.04 nm"

[mesh]
size = "0.5 nm"

[[interfaces]]
on              = "metal|film"
strength        = "100 MPa"
fracture_energy = "0.02 J/m^2"

[materials.film]
kind = "solid"
E    = "50 GPa"
nu   = 0.25
"""


def rows(folder: Path) -> list[dict[str, float]]:
    with open(folder / "history.csv", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]


def test_run_and_restart(tmp_path: Path) -> None:
    """A run that goes on from its checkpoint ends as one in a single piece; its steps are about the same."""
    case = tmp_path / "case.toml"
    case.write_text(CASE, encoding="utf-8")
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main(["run", str(case), "--out", str(whole), "--no-pictures"]) == 0
    half = 'operation.until.thickness="0.1 nm"'
    assert main(["run", str(case), "--out", str(parts), "--no-pictures", "--set", half]) == 0
    full = 'operation.until.thickness="0.2 nm"'
    assert main(["restart", str(parts), "--no-pictures", "--set", full]) == 0
    one, other = rows(whole)[-1], rows(parts)[-1]
    assert one["thickness [m]"] == pytest.approx(0.2e-9, rel=1e-5)
    for key in ("thickness [m]", "amplitude_far [m]", "charge [C/m^2]", "time [s]"):
        assert other[key] == pytest.approx(one[key], rel=1e-3)
    assert other["max_damage"] == pytest.approx(one["max_damage"], rel=0.05)
    assert one["charge_balance"] < 1e-10
    assert one["work_balance"] < 0.01
    surfaces = sorted((whole / "fields").glob("interface_*_0000.vtu"))
    last = meshio.read(surfaces[-1])
    assert {"growth", "traction_n", "current_density", "delta_n"} <= set(last.point_data)
    assert last.point_data["growth"].max() > 0.2e-9
