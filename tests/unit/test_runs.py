"""What a user sees of `fem-sei run`, end to end on small 1-D cases: files, refusals, failures, signals."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from petsc4py import PETSc

from fem_sei.case.checks import assess
from fem_sei.case.loader import load
from fem_sei.cli import main
from fem_sei.post.open import open_run
from fem_sei.studies.observation import COLUMNS

ROOT = Path(__file__).parents[2]
CASES = ROOT / "cases"
PLANAR = CASES / "tutorials" / "planar_plating.toml"
SHORT = ['operation.steps[0].until={thickness="2 nm"}', "output.fields_every={count=2}"]
ABOVE_THE_LIMIT = [
    'operation.steps[0].current_density="5 mA/cm^2"',
    'operation.steps[0].until={duration="30 s"}',
]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def run(folder, *changes, case=PLANAR, options=()):
    """Exit code of `fem-sei run` in this process; without changes a short run."""
    sets = [part for change in changes or SHORT for part in ("--set", change)]
    return main(["run", str(case), "--out", str(folder), "--no-pictures", *sets, *options])


def contents(folder):
    """Every file below a folder with its bytes."""
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder of a short run with two field outputs."""
    folder = tmp_path_factory.mktemp("finished") / "run"
    assert run(folder) == 0
    return folder


# A run that ends well


def test_run_folder(finished):
    names = {entry.name for entry in finished.iterdir()}
    files = {"case.toml", "run.json", "mesh.msh", "history.csv", "fields.pvd"}
    assert names == {*files, "fields", "checkpoint"}
    assert (finished / "case.toml").read_text() == PLANAR.read_text()
    assert len(list((finished / "checkpoint").glob("*.h5"))) == 2  # start and end


def test_history_of_a_run(finished):
    header, *rows = (finished / "history.csv").read_text().splitlines()
    assert header.split(",") == [f"{name} [{unit}]" if unit else name for name, unit in COLUMNS.items()]
    history = open_run(finished).history
    steps = len(rows)
    np.testing.assert_array_equal(history["step"], np.arange(1, steps + 1))
    np.testing.assert_allclose(np.cumsum(history["dt"]), history["time"], rtol=1e-12)
    assert history["deposited_thickness"][-1] == pytest.approx(2e-9, rel=1e-9)
    np.testing.assert_allclose(history["current_density"], 5.0)
    np.testing.assert_allclose(history["charge"], 5.0 * history["time"], rtol=1e-9)
    assert history["charge_balance"].max() < 1e-10 and history["salt_balance"].max() < 1e-10
    np.testing.assert_allclose(history["roughness"], history["tip"] - history["valley"])
    assert np.all(history["metal_regions"] == 1)
    assert np.all(np.abs(history["profile_width"] - 1) < 0.02)
    assert np.all(np.diff(history["cell_voltage"]) < 0) and np.all(np.diff(history["c_tip"]) < 0)


def test_manifest_of_a_run(finished):
    manifest = json.loads((finished / "run.json").read_text())
    assert (manifest["status"], manifest["exit_code"], manifest["kind"]) == ("done", 0, "run")
    assert manifest["name"] == "planar_plating" and manifest["ranks"] == 1
    assert manifest["warnings"] == []
    assert manifest["case"]["geometry"]["layers"][1]["thickness"] == 1e-6
    assert manifest["case"]["kinetics"]["exchange_current_density"] == 10.0  # of the library
    used = {(row["material"], row["property"]): row for row in manifest["materials"]}
    assert used["Al2O3_model", "D"]["value"] == 1e-13
    for row in used.values():
        assert row["unit"] is not None and row["flag"] and row["source"]
    assert {"dolfinx", "petsc", "mpi", "python", "gmsh"} <= set(manifest["versions"])
    mesh = manifest["mesh"]
    assert mesh["dofs"] == 3 * mesh["nodes"] and list(mesh["regions"]) == ["metal", "coating", "electrolyte"]
    assert [(layer["bottom"], layer["top"]) for layer in mesh["layers"]] == [
        pytest.approx(ends) for ends in ((-0.5e-6, 0.0), (0.0, 1e-6), (1e-6, 6e-6))
    ]
    assert max(manifest["balances"][key] for key in ("charge", "salt")) < 1e-10
    assert manifest["timings"]["total"] > 0 and manifest["solver"]["steps"] > 0
    assert manifest["started"] <= manifest["ended"]


def test_fields_of_a_run(finished):
    opened = open_run(finished)
    end = opened.history["time"][-1]
    np.testing.assert_allclose(opened.times, [0.0, end / 2, end], rtol=1e-12)
    first, last = opened.fields(index=0), opened.fields()
    x = last.points[:, 0]
    order = np.argsort(x)
    assert (x.min(), x.max()) == (-0.5, 6.0)
    np.testing.assert_allclose(first["c"], 1000.0)
    xi, c = last["xi"][order], last["c"][order]
    assert xi[0] == pytest.approx(1.0) and xi[-1] == pytest.approx(0.0, abs=1e-6)
    assert np.interp(0.0, -(xi - 0.5), x[order]) * 1e-6 == pytest.approx(opened.history["tip"][-1], abs=2e-10)
    assert c[-1] == pytest.approx(1000.0) and c.min() < 900.0
    assert -last["phi_e"][order][-1] == pytest.approx(opened.history["cell_voltage"][-1])
    assert set(np.unique(last["region"])) == set(opened.mesh["regions"].values())


def test_progress_is_shown(tmp_path, capsys):
    assert run(tmp_path / "run") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("planar_plating: ok, about ")
    assert " % " in said[1] and " t " in said[1] and " charge " in said[1] and " left " in said[1]
    assert "done: " in said[-2] and "wall time" in said[-2]
    assert said[-1] == f"results in {tmp_path / 'run'}"


def test_mesh_of_a_case(tmp_path):
    assert main(["mesh", str(PLANAR), "--out", str(tmp_path / "stack.msh")]) == 0
    text = (tmp_path / "stack.msh").read_text()
    assert all(f'"{name}"' in text for name in ("metal", "coating|electrolyte", "top"))


# Folders that exist


def test_an_existing_run_is_refused_and_left_alone(finished, capsys):
    before = contents(finished)
    assert run(finished) == 2
    assert "--force" in capsys.readouterr().err
    assert contents(finished) == before


def test_force_replaces_a_run(tmp_path):
    assert run(tmp_path / "run") == 0
    (tmp_path / "run" / "notes.txt").write_text("mine")
    steps = len((tmp_path / "run" / "history.csv").read_text().splitlines())
    assert run(tmp_path / "run", *SHORT, 'time.max_step="0.05 s"', options=["--force"]) == 0
    assert len((tmp_path / "run" / "history.csv").read_text().splitlines()) > steps
    assert (tmp_path / "run" / "notes.txt").read_text() == "mine"


def test_bad_input_writes_nothing(tmp_path):
    assert run(tmp_path / "run", 'geometry.layers[coating].thickness="-1 um"') == 2
    assert run(tmp_path / "run", 'phase_field.interface_width="0.9 um"') == 2
    assert not (tmp_path / "run").exists()


# Variants


VARIANTS = """
[[variants]]
name = "slow"
set  = { "geometry.layers[coating].material" = "bare_Li_surface_model" }

[[variants]]
name = "{second}"
set  = {changes}
"""


def with_variants(folder, second, changes):
    case = folder / "case.toml"
    end = '"0.5 mA/cm^2"\nuntil           = { thickness = "0.2 um" }'
    text = PLANAR.read_text()
    assert end in text
    case.write_text(
        text.replace(end, end.replace("0.2 um", "1 nm"))
        + VARIANTS.replace("{second}", second).replace("{changes}", changes)
    )
    return case


def summary_of(folder):
    with open(folder / "summary.csv", newline="") as file:
        return list(csv.DictReader(file))


def test_variants_have_folders_and_a_summary(tmp_path):
    case = with_variants(tmp_path, "fast", '{ "materials" = {} }')
    folder = tmp_path / "run"
    assert main(["run", str(case), "--out", str(folder), "--no-pictures"]) == 0
    assert {entry.name for entry in folder.iterdir()} == {
        "case.toml",
        "run.json",
        "summary.csv",
        "slow",
        "fast",
    }
    manifest = json.loads((folder / "run.json").read_text())
    assert (manifest["kind"], manifest["status"]) == ("variants", "done")
    assert manifest["variants"] == ["slow", "fast"]
    rows = summary_of(folder)
    assert [(row["name"], row["status"]) for row in rows] == [("slow", "done"), ("fast", "done")]
    for row in rows:
        own = open_run(folder / row["name"])
        assert own.manifest["variant"] == row["name"]
        assert float(row["cell_voltage [V]"]) == own.history["cell_voltage"][-1]
    assert open_run(folder).variants[1].label == "fast"
    voltages = [float(row["cell_voltage [V]"]) for row in rows]
    assert voltages[1] < voltages[0]  # Al2O3 conducts less


def test_a_variant_that_fails_does_not_stop_the_others(tmp_path):
    case = with_variants(
        tmp_path,
        "too_fast",
        '{ "operation.steps[0].current_density" = "50 mA/cm^2",'
        ' "operation.steps[0].until" = { duration = "30 s" } }',
    )
    text = case.read_text()
    slow = text.index("[[variants]]")
    case.write_text(
        text[:slow] + text[text.index("[[variants]]", slow + 1) :] + "\n" + VARIANTS.split("\n\n")[0]
    )
    folder = tmp_path / "run"
    assert main(["run", str(case), "--out", str(folder), "--no-pictures"]) == 3
    assert [(row["name"], row["status"]) for row in summary_of(folder)] == [
        ("too_fast", "failed"),
        ("slow", "done"),
    ]
    assert json.loads((folder / "run.json").read_text())["exit_code"] == 3


# Runs that end badly


def test_the_last_good_state_is_kept_when_the_salt_runs_out(tmp_path, capsys):
    folder = tmp_path / "run"
    assert run(folder, *ABOVE_THE_LIMIT) == 3
    opened = open_run(folder)
    assert (opened.manifest["status"], opened.manifest["exit_code"]) == ("failed", 3)
    message = opened.manifest["message"]
    assert "largest residual in the equation of " in message and "smaller current" in message
    assert message in capsys.readouterr().out
    history = opened.history
    assert 0.5 < history["time"][-1] < 3.0 and history["c_min"][-1] < 1.0  # Sand's time is 0.6 s
    assert opened.times[-1] == pytest.approx(history["time"][-1], rel=1e-12)
    assert opened.fields()["c"].min() > 0
    _, index = sorted((folder / "checkpoint").glob("*.json"))
    assert json.loads(index.read_text())["meta"]["time"] == pytest.approx(history["time"][-1])
    assert history["charge_balance"].max() < 1e-8 and history["salt_balance"].max() < 1e-8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_interrupted_run_keeps_what_it_has(tmp_path, number):
    folder = tmp_path / "run"
    command = [sys.executable, "-m", "fem_sei", "run", str(PLANAR), "--out", str(folder)]
    command += ["--set", 'time.max_step="0.05 s"']  # takes minutes
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    try:
        history = folder / "history.csv"
        for _ in range(1200):
            if history.is_file() and history.read_text().count("\n") > 5:
                break
            time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(timeout=60) == 130
    finally:
        process.kill()
        process.stdout.close()
    opened = open_run(folder)
    assert (opened.manifest["status"], opened.manifest["exit_code"]) == ("interrupted", 130)
    assert len(opened.history["time"]) >= 5
    assert opened.times[-1] == pytest.approx(opened.history["time"][-1], rel=1e-12)
    assert list((folder / "checkpoint").glob("*.h5"))
    assert not (folder / "pictures").exists()


# PETSc options


@pytest.fixture
def petsc_options():
    """Options given after -- stay in this process: take them out again."""
    before = set(PETSc.Options().getAll())
    yield
    for name in set(PETSc.Options().getAll()) - before:
        PETSc.Options().delValue(name)


def test_petsc_options_of_the_command_line_win(tmp_path, petsc_options):
    weak = "solver.petsc={snes_max_it=1}"
    assert run(tmp_path / "case", *SHORT, weak) == 3
    assert "DIVERGED_MAX_IT" in open_run(tmp_path / "case").manifest["message"]
    stronger = ["--", "-femsei_plating_snes_max_it", "50"]
    assert run(tmp_path / "line", *SHORT, weak, options=stronger) == 0


def test_petsc_options_that_nothing_uses_are_reported(tmp_path, capsys):
    assert run(tmp_path / "run", *SHORT, "solver.petsc={ksp_gmres_restart=33}") == 0
    warning = "nothing used the PETSc option femsei_plating_ksp_gmres_restart"
    assert open_run(tmp_path / "run").manifest["warnings"] == [warning]
    assert f"warning: {warning}" in capsys.readouterr().out


# Odd but valid


def layers(*entries):
    parts = [
        f'{{name="{name}", material="{material}", thickness="{thickness}"}}'
        for name, material, thickness in entries
    ]
    return f"geometry.layers=[{', '.join(parts)}]"


LITHIUM, LIQUID = ("metal", "Li", "0.2 um"), ("electrolyte", "dilute_electrolyte_model", "2 um")
POTENTIAL = "operation.mode=potentiostatic"
ODD = {
    "two layers": [layers(LITHIUM, LIQUID)],
    "six layers": [
        layers(
            LITHIUM,
            *((f"film{n}", ("Al2O3_model", "LiAlOx_model")[n % 2], "250 nm") for n in range(4)),
            LIQUID,
        )
    ],
    "layer of 4 nm, grown through": [
        layers(("metal", "Li", "20 nm"), ("film", "Al2O3_model", "4 nm"), LIQUID),
        'phase_field.interface_width="0.8 nm"',
        'operation.steps[0].until={thickness="6 nm"}',
        "mesh.elements_across_interface=4",
    ],
    "trivalent metal": [layers(("metal", "Al", "0.2 um"), ("film", "Al2O3_model", "0.5 um"), LIQUID)],
    "laws in the first layer, cold": [
        layers(("metal", "Na", "0.2 um"), ("electrolyte", "LiPF6_EC_DMC", "2 um")),
        'conditions.temperature="263.15 K"',
        "kinetics.alpha=0.3",
    ],
    "rest, output by thickness": [
        'operation.steps=[{current_density="0 A/m^2", until={duration="60 s"}}]',
        'output.fields_every={thickness="1 nm"}',
    ],
    "potential until a thickness": [
        POTENTIAL,
        'operation.steps=[{potential="-20 mV", until={thickness="3 nm"}}]',
    ],
    "stripping at a potential": [
        POTENTIAL,
        'operation.steps=[{potential="20 mV", until={thickness="-3 nm"}, ramp="1 s"}]',
        "operation.counter=closed",
    ],
    "ramp longer than the step": [
        'operation.steps=[{current_density="5 A/m^2", until={thickness="3 nm"}, ramp="500 s"}]'
    ],
    "volts across a solid electrolyte": [
        layers(LITHIUM, ("film", "Al2O3_model", "250 nm"), ("solid", "LiF", "250 nm"), LIQUID),
        'operation.steps[0].until={thickness="1 nm"}',
    ],
    "volts at once": [
        layers(LITHIUM, ("film", "Al2O3_model", "250 nm"), ("solid", "LiF", "250 nm"), LIQUID),
        POTENTIAL,
        'operation.steps=[{potential="-2 V", until={duration="1 s"}}]',
    ],
}


@pytest.mark.parametrize("changes", ODD.values(), ids=ODD)
def test_odd_cases_run(tmp_path, changes):
    start = () if any("steps" in change for change in changes) else SHORT
    assert run(tmp_path / "run", *start, *changes) == 0
    opened = open_run(tmp_path / "run")
    history, warnings = opened.history, opened.manifest["warnings"]
    assert warnings == []
    assert np.all(np.isfinite(list(history.values())))
    assert history["charge_balance"].max() < 1e-9 and history["salt_balance"].max() < 1e-9
    assert np.all(np.abs(history["profile_width"] - 1) < 0.05)
    (step,) = load(PLANAR, [*start, *changes]).case.operation.steps
    if step.until.thickness:
        assert history["deposited_thickness"][-1] == pytest.approx(step.until.thickness, rel=1e-6)
    else:
        assert history["time"][-1] == pytest.approx(step.until.duration, rel=1e-12)


def test_the_charge_of_a_ramp_is_that_of_the_current(tmp_path):
    """From 0 to 5 A/m^2 in 10 s, on for 10 s, to -5 A/m^2 in 10 s, on for 10 s."""
    steps = (
        'operation.steps=[{current_density="5 A/m^2", until={duration="20 s"}, ramp="10 s"},'
        '{current_density="-5 A/m^2", until={duration="20 s"}, ramp="10 s"}]'
    )
    assert run(tmp_path / "run", steps) == 0
    history = open_run(tmp_path / "run").history
    for moment, charge in ((10.0, 25.0), (20.0, 75.0), (30.0, 75.0), (40.0, 25.0)):
        nearest = np.argmin(np.abs(history["time"] - moment))
        assert history["time"][nearest] == pytest.approx(moment)
        assert history["charge"][nearest] == pytest.approx(charge, abs=0.01)


# The repository's own cases


@pytest.mark.parametrize(
    "path", sorted(CASES.rglob("*.toml")), ids=lambda path: path.relative_to(CASES).as_posix()
)
def test_every_case_of_the_repository_can_be_run(path):
    for case in load(path).runs.values():
        beyond_the_rules = path.match("long_growth/case.toml")  # too sharp a tip, on purpose
        assert (assess(case).verdict == "refuse") == beyond_the_rules


def test_the_two_bumps_of_the_tutorial_grow(tmp_path):
    changes = ['phase_field.interface_width="100 nm"', 'geometry.layers[electrolyte].thickness="1 um"']
    changes += [*SHORT, "mesh.growth_margin=1.0", "mesh.tip_margin=1.0"]
    assert run(tmp_path / "run", *changes, case=CASES / "tutorials" / "two_bumps.toml") == 0
    history = open_run(tmp_path / "run").history
    assert history["deposited_thickness"][-1] == pytest.approx(2e-9, rel=1e-9)
    assert history["charge_balance"].max() < 1e-10 and history["salt_balance"].max() < 1e-10
    assert history["c_tip"][-1] > history["c_valley"][-1]  # nearer to the electrolyte
    assert history["tip"][-1] > history["tip"][0]
