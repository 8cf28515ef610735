"""Runs that are stopped, killed or broken, and continued: the same tables and fields as without a break."""

import errno
import fcntl
import json
import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fem_sei.cli import main
from fem_sei.numerics.newton import BlockNewton, NewtonFailure
from fem_sei.post.open import open_run
from fem_sei.results import checkpoint, run_folder
from fem_sei.studies import stopping

ROOT = Path(__file__).parents[2]
CYCLE = ROOT / "cases" / "verification" / "restart" / "case.toml"
PLANAR = ROOT / "cases" / "tutorials" / "planar_plating.toml"
SHORT = [
    'operation.steps[0].until={thickness="4 nm"}',
    'operation.steps[1].until={duration="4 s"}',
    'output.fields_every={thickness="1 nm"}',
]
STEADY = [
    'operation.steps=[{current_density="5 A/m^2", until={duration="4 s"}}]',
    'output.fields_every={time="1 s"}',
    'time.max_step="0.3 s"',
]
DURATION = "operation.steps[0].until.duration="


def run(folder, *changes, case=CYCLE, options=()):
    """Exit code of `fem-sei run` in this process."""
    sets = [part for change in changes or SHORT for part in ("--set", change)]
    return main(["run", str(case), "--out", str(folder), "--no-pictures", *sets, *options])


def restart(folder, *options):
    return main(["restart", str(folder), "--no-pictures", *options])


def contents(folder):
    """Every file below a folder with its bytes."""
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def results(folder):
    """The tables and fields of a run, byte by byte, and what its checkpoint says."""
    files = {str(name): data for name, data in contents(folder).items()}
    kept = {name: files[name] for name in files if name.startswith("fields") or name == "history.csv"}
    return kept, json.loads(checkpoint.latest(folder / "checkpoint").read_text())["meta"]


@pytest.fixture
def stop_after(monkeypatch):
    """Stop the next runs after so many steps, as a signal does."""
    after_step = stopping.Watch.after_step

    def set_up(steps):
        taken = []

        def counted(self, now):
            taken.append(now)
            if len(taken) == steps:
                os.kill(os.getpid(), signal.SIGTERM)
            return after_step(self, now)

        monkeypatch.setattr(stopping.Watch, "after_step", counted)

    yield set_up
    monkeypatch.undo()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The folder of a run without a break."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert run(folder) == 0
    return folder


@pytest.fixture(scope="module")
def half_kept(tmp_path_factory):
    """The folder of a run that was stopped in the first step of its operation; not to be changed."""
    folder = tmp_path_factory.mktemp("half") / "run"
    with pytest.MonkeyPatch.context() as patch:
        after_step, taken = stopping.Watch.after_step, []

        def counted(self, now):
            taken.append(now)
            if len(taken) == 25:
                self._received.append(signal.SIGTERM)
            return after_step(self, now)

        patch.setattr(stopping.Watch, "after_step", counted)
        assert run(folder) == 130
    return folder


@pytest.fixture
def half(half_kept, tmp_path):
    """A copy of the run that was stopped."""
    return Path(shutil.copytree(half_kept, tmp_path / "half"))


# The same as without a break


def test_a_run_that_is_stopped_again_and_again_is_the_same_run(tmp_path, whole, stop_after):
    folder, codes = tmp_path / "run", []
    for steps in (1, 12, 9, 7, 30):  # also right after a ramp and between the steps of the operation
        stop_after(steps)
        codes.append(restart(folder) if codes else run(folder))
    stop_after(-1)
    while codes[-1] == 130:
        codes.append(restart(folder))
    assert codes[:4] == [130] * 4 and codes[-1] == 0
    assert results(folder) == results(whole)
    manifest = json.loads((folder / "run.json").read_text())
    assert manifest["status"] == "done"
    assert [entry["step"] for entry in manifest["restarts"]][:4] == [1, 13, 22, 29]


def test_what_a_killed_run_leaves_behind_does_no_harm(half, whole):
    """Rows and fields after the checkpoint, torn files, a checkpoint under way, run.json saying running."""
    history = half / "history.csv"
    rows = history.read_text()
    history.write_text(rows + rows.splitlines()[-1].replace("25,", "26,", 1) + "\n27,1.234,0.0")
    (half / "fields.pvd").write_text((half / "fields.pvd").read_text()[:120])
    (half / "fields" / "fields_000009_0002.vtu").write_text("<VTK")
    (half / "checkpoint" / "checkpoint_000099.h5.tmp").write_bytes(b"\x89HDF")
    (half / "checkpoint" / "checkpoint_000099.h5").write_bytes(b"\x89HDF")
    manifest = json.loads((half / "run.json").read_text())
    (half / "run.json").write_text(json.dumps(manifest | {"status": "running", "exit_code": None}))
    assert len(open_run_without_index(half).history["step"]) == 26
    assert restart(half) == 0
    assert results(half) == results(whole)


def open_run_without_index(folder):
    """As `plot` opens it; the list of the fields is torn on purpose here."""
    torn = (folder / "fields.pvd").read_text()
    (folder / "fields.pvd").unlink()
    opened = open_run(folder)
    (folder / "fields.pvd").write_text(torn)
    assert opened.title.endswith("(running)")
    return opened


def test_the_checkpoint_before_is_used_if_the_last_one_is_broken(half, whole):
    newest = checkpoint.latest(half / "checkpoint").with_suffix(".h5")
    newest.write_bytes(newest.read_bytes()[:700])
    assert restart(half) == 0
    assert results(half) == results(whole)


@pytest.mark.parametrize(
    ("first", "then"),
    [(["--until", "2 s"], ["--until", "4 s"]), (["--set", DURATION + "2 s"], ["--set", DURATION + "4 s"])],
)
def test_half_a_run_and_then_the_rest(tmp_path, stop_after, first, then):
    """4 s at once, or 2 s (when a step ends anyway, to write fields) and then the rest: the same."""
    assert run(tmp_path / "whole", *STEADY, case=PLANAR) == 0
    folder = tmp_path / "run"
    stop_after(5)
    assert run(folder, *STEADY, case=PLANAR) == 130
    stop_after(-1)
    assert restart(folder, *first) == 0
    assert open_run(folder).history["time"][-1] == pytest.approx(2.0, rel=1e-12)
    assert restart(folder, *then) == 0
    found, expected = open_run(folder), open_run(tmp_path / "whole")
    np.testing.assert_allclose(found.times, expected.times, rtol=1e-12)
    assert_same_history(found.history, expected.history)


def assert_same_history(found, expected):
    """To 1e-10 of the largest value; what rounding decides is left out."""
    for name, values in expected.items():
        if not name.endswith(("balance", "iterations")):
            limit = 1e-10 * np.abs(values).max()
            np.testing.assert_allclose(found[name], values, rtol=0, atol=limit, err_msg=name)


def test_until_another_time(tmp_path, stop_after):
    """A time that is no output of the long run cuts a step there; a later one extends the last step."""
    folder = tmp_path / "run"
    stop_after(5)
    assert run(folder, *STEADY, case=PLANAR) == 130
    stop_after(-1)
    assert restart(folder, "--until", "2.5 s") == 0
    assert open_run(folder).times.tolist() == pytest.approx([0.0, 1.0, 2.0, 2.5])
    assert restart(folder, "--until", "5 s") == 0
    assert open_run(folder).times.tolist() == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0, 5.0])
    assert open_run(folder).history["charge"][-1] == pytest.approx(25.0)
    assert json.loads((folder / "run.json").read_text())["given"]["until"] == 5.0


def test_variants_that_are_done_are_left_and_the_others_go_on(tmp_path, stop_after):
    variants = "\n".join(
        f'[[variants]]\nname = "{name}"\nset = {{ "operation.steps[0].potential" = "{value}" }}'
        for name, value in (("a", "-30 mV"), ("b", "-25 mV"), ("c", "-20 mV"))
    )
    case = tmp_path / "case.toml"
    case.write_text(CYCLE.read_text() + variants)
    little = [*SHORT, 'operation.steps[0].until={thickness="1 nm"}', DURATION.replace("0", "1") + "2.1 s"]
    assert run(tmp_path / "whole", *little, case=case) == 0
    steps = [len(open_run(tmp_path / "whole" / name).history["step"]) for name in "abc"]
    stop_after(steps[0] + 10)
    assert run(tmp_path / "run", *little, case=case) == 130
    stop_after(-1)
    done = contents(tmp_path / "run" / "a")
    assert not (tmp_path / "run" / "c").exists()
    assert restart(tmp_path / "run") == 0
    assert contents(tmp_path / "run" / "a") == done
    for name in "abc":
        assert results(tmp_path / "run" / name) == results(tmp_path / "whole" / name)
    assert (tmp_path / "run" / "summary.csv").read_text() == (tmp_path / "whole" / "summary.csv").read_text()


def test_a_run_that_is_done_is_left(whole, capsys):
    before = contents(whole)
    assert restart(whole) == 0
    assert "is done" in capsys.readouterr().out
    assert contents(whole) == before


def test_checkpoints_by_simulated_time(tmp_path, monkeypatch):
    times, save = [], checkpoint.save

    def noted(folder, domain, functions, meta, submeshes):
        times.append(meta["time"])
        return save(folder, domain, functions, meta, submeshes)

    monkeypatch.setattr(checkpoint, "save", noted)
    assert run(tmp_path / "run", *SHORT, 'output.checkpoint_every={time="3 s"}') == 0
    moments = open_run(tmp_path / "run").history["time"]
    due = [moments[moments >= limit][0] for limit in np.arange(3.0, moments[-1], 3.0)]
    np.testing.assert_allclose(times, [0.0, *due, moments[-1]], rtol=1e-12)
    assert len(list((tmp_path / "run" / "checkpoint").iterdir())) == 4  # two, of two files


def test_max_wall_stops_in_time(tmp_path, monkeypatch, capsys):
    """With steps of a quarter of a second (and what else takes time) a run of 6 s ends after 1 to 6 s."""
    clock = iter(np.arange(0.0, 100.0, 0.25))
    monkeypatch.setattr(stopping, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr("fem_sei.cli.STARTED", 0.0)
    assert run(tmp_path / "run", *SHORT, options=["--max-wall", "6 s"]) == 130
    assert "--max-wall" in capsys.readouterr().out
    assert 1.0 < next(clock) < 6.0 - 2.0
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"] == "interrupted"
    assert run(tmp_path / "other", options=["--max-wall", "3 nm"]) == 2


# What cannot be continued


def without_checkpoint(folder):
    shutil.rmtree(folder / "checkpoint")


def without_mesh(folder):
    (folder / "mesh.msh").unlink()


def with_another_mesh(folder):
    finer = ["--set", "mesh.elements_across_interface=7"]
    assert main(["mesh", str(CYCLE), "--out", str(folder / "mesh.msh"), *finer]) == 0


def without_a_row(folder):
    header, first, _, *rest = (folder / "history.csv").read_text().splitlines()
    (folder / "history.csv").write_text("\n".join([header, first, *rest]) + "\n")


def without_a_manifest(folder):
    (folder / "run.json").write_text('{"schema": ')


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (without_checkpoint, "there is no checkpoint in"),
        (without_mesh, "mesh.msh is missing"),
        (with_another_mesh, "was made on a mesh of"),
        (without_a_row, "does not have all of the 25 steps"),
        (without_a_manifest, "run.json cannot be read"),
    ],
)
def test_a_folder_that_cannot_be_continued_is_left_alone(half, capsys, spoil, said):
    spoil(half)
    before = contents(half)
    assert restart(half) == 2
    assert said in capsys.readouterr().err
    assert contents(half) == before


def test_a_run_that_is_still_going_on_is_left_alone(half, capsys):
    before = contents(half)
    with open(half / "mesh.msh", "r+b") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        assert restart(half) == 2
    assert "another process is running in" in capsys.readouterr().err
    assert contents(half) == before
    assert restart(half) == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--until", "1 ms"], "after --until"),
        (["--until", "1 nm"], "--until needs a time"),
        (["--set", "mesh.elements_across_interface=7"], "mesh.elements_across_interface = 7.0: was 6.0"),
        (["--set", 'geometry.layers[metal].thickness="1 um"'], "can only change operation, time, solver and"),
        (["--set", 'materials.layer.D="2e-13 m^2/s"'], "materials: "),
        (["--set", 'time.max_stepp="1 s"'], 'Did you mean "max_step"?'),
    ],
)
def test_bad_input_changes_nothing(half, capsys, options, said):
    before = contents(half)
    assert restart(half, *options) == 2
    assert said in capsys.readouterr().err
    assert contents(half) == before


# Faults


def no_room(monkeypatch, folder):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))


def read_only(monkeypatch, folder):
    def refuse(temporary, path):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(run_folder, "put_in_place", refuse)


def vanished(monkeypatch, folder):
    folder.rename(folder.with_name("moved"))


@pytest.mark.parametrize(
    ("fault", "said"),
    [(no_room, "no room for a checkpoint"), (read_only, "Read-only"), (vanished, "No such file")],
)
def test_results_that_cannot_be_written_end_the_run_and_harm_nothing(
    tmp_path, whole, monkeypatch, capsys, fault, said
):
    folder, taken = tmp_path / "run", []
    after_step = stopping.Watch.after_step
    with monkeypatch.context() as patch:

        def counted(self, now):
            taken.append(now)
            if len(taken) == 30:
                fault(patch, folder)
            return after_step(self, now)

        patch.setattr(stopping.Watch, "after_step", counted)
        assert run(folder) == 4
    message = capsys.readouterr().err
    assert message.startswith("cannot write the results: ") and said in message and "restart" in message
    if not folder.exists():
        folder.with_name("moved").rename(folder)
    assert restart(folder) == 0
    assert results(folder)[0] == results(whole)[0]


def test_a_step_that_cannot_be_solved_leaves_both_states_and_can_be_tried_again(tmp_path, monkeypatch):
    folder, solve = tmp_path / "run", BlockNewton.solve
    with monkeypatch.context() as patch:

        def failing(self):
            if folder.joinpath("history.csv").read_text().count("\n") < 12:
                return solve(self)
            self.u.x.array[:] += 0.25
            raise NewtonFailure("DIVERGED_MAX_IT", "c", {"xi": 0.1, "c": 3.0, "phi_e": 0.2})

        patch.setattr(BlockNewton, "solve", failing)
        assert run(folder, *STEADY, case=PLANAR) == 3
    opened = open_run(folder)
    message = opened.manifest["message"]
    assert "largest residual in the equation of c (max-norms: xi 1.00e-01, c 3.00e+00" in message
    assert "failed.pvd" in message and len(opened.history["step"]) == 11
    good = opened.fields()
    (folder / "fields.pvd").rename(folder / "good.pvd")
    shutil.copy(folder / "failed.pvd", folder / "fields.pvd")
    attempt = open_run(folder)
    assert attempt.times[0] == opened.times[-1] == opened.history["time"][-1]
    np.testing.assert_allclose(attempt.fields()["xi"] - good["xi"], 0.25, atol=0.1)
    gentle = ["--set", "operation.steps[0].current_density=1 A/m^2"]
    assert restart(folder, *gentle) == 0
    history = open_run(folder).history
    np.testing.assert_array_equal(history["step"], np.arange(1, len(history["step"]) + 1))
    assert history["time"][-1] == pytest.approx(4.0)
    np.testing.assert_allclose(history["current_density"][11:], 1.0)
    assert history["dt"][11] < 0.2 * history["dt"][10]  # the jump is resolved
    assert history["charge_balance"].max() < 1e-10 and history["salt_balance"].max() < 1e-10
    assert open_run(folder).times.tolist() == pytest.approx([0.0, 1.0, 2.0, 3.0, 4.0])
