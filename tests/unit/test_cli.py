"""The command line: verbs, exit codes, what goes where."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import fem_sei
from fem_sei import cli
from fem_sei.cli import main

ROOT = Path(__file__).parents[2]
PLANAR = ROOT / "cases" / "tutorials" / "planar_plating.toml"
JIN = ROOT / "cases" / "validation" / "jin_coatings.toml"
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def python(code, *command):
    """Run Python code in a process of its own, after `command` such as mpirun."""
    return subprocess.run(
        [*command, sys.executable, "-c", code], capture_output=True, text=True, env=ENVIRONMENT, timeout=120
    )


@pytest.fixture
def studies(monkeypatch):
    """A stand-in for the studies, which records what it is asked to do."""
    calls = []

    def run(loaded, out, force, pictures, petsc_args, deadline, at_once):
        calls.append((loaded.case.case.name, out, force, pictures, petsc_args))
        return 0

    fake = SimpleNamespace(
        run=run, mesh_only=lambda loaded, out: calls.append((loaded.case.case.name, out)) or 0
    )
    monkeypatch.setitem(sys.modules, "fem_sei.studies", fake)
    monkeypatch.setattr(fem_sei, "studies", fake, raising=False)
    monkeypatch.setattr(cli, "_require_dolfinx", lambda: None)
    return SimpleNamespace(calls=calls, module=fake)


def test_run_hands_over_the_case_and_the_options(studies, capsys):
    assert main(["run", str(PLANAR)]) == 0
    options = ["--out", "x", "--force", "--no-pictures", "--", "-ksp_monitor", "-snes_rtol", "1e-3"]
    assert main(["run", str(PLANAR), *options]) == 0
    assert studies.calls == [
        ("planar_plating", None, False, True, []),
        ("planar_plating", Path("x"), True, False, ["-ksp_monitor", "-snes_rtol", "1e-3"]),
    ]
    assert capsys.readouterr().out.startswith("planar_plating: ok, about ")


def test_mesh_hands_over_the_case(studies):
    assert main(["mesh", str(PLANAR), "--out", "mesh.msh"]) == 0
    assert studies.calls == [("planar_plating", Path("mesh.msh"))]


def test_the_exit_code_of_a_study_is_that_of_the_program(studies):
    studies.module.run = lambda *arguments: 3
    assert main(["run", str(PLANAR)]) == 3


def test_interrupts_and_bugs(studies, capsys):
    def raising(error):
        def run(*arguments):
            raise error

        return run

    studies.module.run = raising(KeyboardInterrupt())
    assert main(["run", str(PLANAR)]) == 130
    assert capsys.readouterr().err == "interrupted\n"
    studies.module.run = raising(ZeroDivisionError("a bug"))
    assert main(["run", str(PLANAR)]) == 1
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err


def test_a_run_folder_that_cannot_be_had_is_bad_input(studies, capsys):
    run_folder = pytest.importorskip("fem_sei.results.run_folder")

    def run(*arguments):
        raise run_folder.RunFolderError("runs/x holds the results of an earlier run.")

    studies.module.run = run
    assert main(["run", str(PLANAR)]) == 2
    assert capsys.readouterr().err == "runs/x holds the results of an earlier run.\n"


def test_petsc_options_belong_to_run(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["check", str(PLANAR), "--", "-ksp_monitor"])
    assert stop.value.code == 2
    assert 'only "run" and "restart" pass on options' in capsys.readouterr().err


@pytest.mark.parametrize("argv", [[], ["rum"], ["run"], ["run", str(PLANAR), "--fource"]])
def test_wrong_command_lines_end_with_2(argv):
    with pytest.raises(SystemExit) as stop:
        main(argv)
    assert stop.value.code == 2


def test_check_prints_case_sources_and_numbers(capsys):
    assert main(["check", str(JIN)]) == 0
    out = capsys.readouterr().out
    assert "geometry.layers[1].thickness = 1.2e-06 m  (1.2 um)" in out
    assert "film (Al2O3)" in out and "Jin et al., Small 18 (2022) e2203045" in out
    limits = next(line for line in out.splitlines() if line.startswith('limiting current of "coating"'))
    assert limits.split()[4:] == ["52.84", "A/m^2", "11.49", "A/m^2", "1608", "A/m^2"]
    assert "\njin_coatings/LiAlOx: " in out


def test_check_marks_what_is_wrong_and_ends_with_2(capsys):
    assert main(["check", str(JIN), "--set", "phase_field.interface_width=60 nm"]) == 2
    out = capsys.readouterr().out
    assert "0.3 (X)" in out
    assert "  refused: delta / width of features[0] = 0.3: choose interface_width = 25 nm" in out


def test_materials(capsys):
    assert main(["materials"]) == 0
    assert "  Al2O3_model " in capsys.readouterr().out
    assert main(["materials", "Li", "LiPF6_EC_DMC"]) == 0
    out = capsys.readouterr().out
    surface = next(line for line in out.splitlines() if line.startswith("surface_energy"))
    assert surface.split()[:6] == ["surface_energy", "0.5", "J/m^2", "0.46", "-", "0.59"]
    assert "landesfeind2019_conductivity: p1 (1 + T - p2) c" in out
    assert "estimated: derived from other numbers" in out
    assert main(["materials", "Lii"]) == 2
    assert capsys.readouterr().err == 'there is no material "Lii" in the library. Did you mean "Li"?\n'


def test_schema(capsys):
    assert main(["schema"]) == 0
    studies = json.loads(capsys.readouterr().out)["oneOf"]
    names = [each["$ref"].rsplit("/", 1)[1] for each in studies]
    assert names == ["Case", "DelaminationCase", "FilmGrowthCase"]
    assert main(["schema", "--keys"]) == 0
    out = capsys.readouterr().out
    assert "phase_field.interface_width" in out and "materials.NAME.D" in out
    assert 'study = "delamination":' in out and "interfaces[].fracture_energy" in out


def test_info_names_the_versions(capsys):
    assert main(["info"]) == 0
    assert capsys.readouterr().out.splitlines()[0].split() == ["fem_sei", fem_sei.__version__]


def test_plot_and_compare_reach_the_pictures(monkeypatch, capsys):
    calls = []
    fake = SimpleNamespace(
        plot=lambda run, times: calls.append((run, times)) or [Path("a.png")],
        compare=lambda runs, out: calls.append((runs, out)) or [Path("b.png")],
    )
    monkeypatch.setattr(cli, "_post", lambda: fake)
    assert main(["plot", "run1", "run2", "--time", "1 min"]) == 0
    assert main(["compare", "run1", "run2", "--out", "c"]) == 0
    both = [Path("run1"), Path("run2")]
    assert calls == [(Path("run1"), [60.0]), (Path("run2"), [60.0]), (both, Path("c"))]
    assert capsys.readouterr().out == "a.png\na.png\nb.png\n"
    assert main(["plot", "run1", "--time", "1 nm"]) == 2
    assert capsys.readouterr().err == '--time needs a time (like "10 min"), got a length\n'


NO_DOLFINX = """
import sys
sys.modules.update(dict(dolfinx=None, mpi4py=None))
from fem_sei.cli import main
sys.exit(main({}))
"""


def test_without_dolfinx_run_says_what_to_do(tmp_path):
    done = python(NO_DOLFINX.format(["run", str(PLANAR), "--out", str(tmp_path / "run")]))
    assert done.returncode == 2, done.stderr
    assert "DOLFINx" in done.stderr and "docker/run" in done.stderr and "conda-forge" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("verb", [["check", str(JIN)], ["materials", "Li"], ["schema"], ["info"]])
def test_the_verbs_that_need_no_dolfinx_work_without_it(verb):
    done = python(NO_DOLFINX.format(verb))
    assert done.returncode == 0, done.stderr


def test_importing_the_case_room_needs_no_dolfinx_mpi_or_pint():
    code = "import sys, fem_sei, fem_sei.case.loader, fem_sei.case.checks, fem_sei.cli; "
    done = python(code + "print(sorted({'dolfinx', 'mpi4py', 'petsc4py', 'ufl', 'pint'} & set(sys.modules)))")
    assert done.stdout == "[]\n", done.stderr


def test_a_closed_pipe_is_no_error():
    done = subprocess.run(
        f"{sys.executable} -m fem_sei schema | head -1",
        shell=True,
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )
    assert done.stdout == "{\n" and done.stderr == ""


FAILING_RANK = f"""
import sys, types
import mpi4py.MPI as MPI
import fem_sei
def run(*arguments):
    if MPI.COMM_WORLD.rank == 1:
        raise RuntimeError("rank 1 has had enough")
    MPI.COMM_WORLD.Barrier()
sys.modules["fem_sei.studies"] = fem_sei.studies = types.SimpleNamespace(run=run)
from fem_sei.cli import main
sys.exit(main({["run", str(PLANAR)]}))
"""


@pytest.mark.mpi
def test_a_rank_that_fails_ends_the_job_with_its_message():
    pytest.importorskip("dolfinx")
    done = python(FAILING_RANK, "mpirun", "-n", "2")
    assert done.returncode not in (0, 2)
    assert "rank 1 has had enough" in done.stderr


@pytest.mark.mpi
def test_bad_input_is_reported_once_by_several_ranks(tmp_path):
    pytest.importorskip("mpi4py")
    code = f"import sys; from fem_sei.cli import main; sys.exit(main({['run', str(tmp_path / 'none.toml')]}))"
    done = python(code, "mpirun", "-n", "2")
    assert done.returncode == 2
    assert done.stderr.count("no such file") == 1
