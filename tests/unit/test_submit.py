"""Job scripts, carried out by bash with an mpirun and an sbatch that only take notes."""

import os
import subprocess
from pathlib import Path

import pytest

from fem_sei import cli, submit
from fem_sei.units import UnitError

CASE = Path(__file__).parents[2] / "cases/tutorials/planar_plating.toml"
MPIRUN = """#!/bin/bash
echo "mpirun $@" >> {notes}
{does}
"""


@pytest.mark.parametrize(
    "text, seconds",
    [("2 h", 7200), ("12:30:00", 45000), ("1-00:30:15", 88215), ("100:05", 360300), ("90 min", 5400)],
)
def test_times(text, seconds):
    assert submit.job_time(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["soon", "12 mm", "1:75:00", "-2:00"])
def test_no_times(text):
    with pytest.raises(UnitError):
        submit.job_time(text)


@pytest.fixture
def job(tmp_path, monkeypatch):
    """Writes a script and carries it out: what mpirun and sbatch were asked, and the exit code."""
    tools, notes = tmp_path / "bin", tmp_path / "notes"
    tools.mkdir()
    environment = os.environ | {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "8", "TMPDIR": str(tmp_path)}
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    run = tmp_path / "the run"

    def go(does, *options):
        script = tmp_path / "job.slurm"
        if not script.exists():
            arguments = [
                "submit",
                str(CASE),
                "--nodes",
                "2",
                "--ranks-per-node",
                "4",
                "--time",
                "1 h",
                *options,
            ]
            assert cli.main([*arguments, "--out", str(run), "--script", str(script)]) == 0
        for name, text in (("mpirun", does), ("sbatch", "")):
            (tools / name).write_text(MPIRUN.format(notes=notes, does=text).replace("mpirun", name))
            (tools / name).chmod(0o755)
        notes.write_text("")
        code = subprocess.run(["bash", str(script)], env=environment, check=False).returncode
        return notes.read_text().splitlines(), code

    go.run = run
    return go


CHECKPOINTS = (
    'mkdir -p "{run}/checkpoint"; touch "{run}/run.json" "{run}/checkpoint/checkpoint_{n}.json"; exit {code}'
)


def test_a_run_goes_on_in_further_jobs(job):
    asked, code = job(CHECKPOINTS.format(run=job.run, n="000000", code=130), "--set", 'case.title="a b"')
    assert code == 0 and len(asked) == 2
    assert asked[0].startswith(f"mpirun -n 8 fem-sei run {CASE} --set case.title=")
    assert "--max-wall 3420 s" in asked[0] and asked[1].startswith("sbatch ")
    asked, code = job(CHECKPOINTS.format(run=job.run, n="000001", code=130))
    assert code == 0 and asked[0].startswith(f"mpirun -n 8 fem-sei restart {job.run}") and len(asked) == 2
    asked, code = job("exit 0")
    assert code == 0 and len(asked) == 1  # done: not submitted again


def test_a_job_without_progress_is_not_submitted_again(job):
    asked, code = job("exit 130")
    assert code == 130 and len(asked) == 1


def test_a_failure_is_not_submitted_again(job):
    asked, code = job(CHECKPOINTS.format(run=job.run, n="000000", code=3))
    assert code == 3 and len(asked) == 1


def test_directives(tmp_path, capsys):
    image, script = tmp_path / "image.sif", tmp_path / "a.slurm"
    image.touch()
    options = ["--nodes", "3", "--ranks-per-node", "64", "--time", "1-00:00:00", "--apptainer", str(image)]
    options += ["--sbatch=--account=abc", "--out", str(tmp_path / "r"), "--script", str(script)]
    assert cli.main(["submit", str(CASE), *options]) == 0
    text = script.read_text()
    for line in ("nodes=3", "ntasks-per-node=64", "time=24:00:00", "account=abc"):
        assert f"#SBATCH --{line}\n" in text
    assert f"apptainer exec {image} fem-sei run" in text


def test_all_that_is_wrong_is_said_at_once(tmp_path, capsys):
    script = tmp_path / "a.slurm"
    options = ["--nodes", "0", "--ranks-per-node", "4", "--time", "12 mm", "--apptainer", "none.sif"]
    assert cli.main(["submit", str(CASE), *options, "--sbatch=x", "--script", str(script)]) == 2
    said = capsys.readouterr().err
    for part in ("--nodes 0", "--time", "none.sif", "--sbatch x"):
        assert part in said
    assert not script.exists()
