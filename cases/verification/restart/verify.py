"""A run that is killed twenty times at random moments and restarted; see README.md.

Without arguments: the kills. `begin FOLDER` makes a whole and a half run in two dimensions, `end FOLDER`
completes the half run, with another version of DOLFINx or on another number of ranks, and compares.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mpi4py import MPI

from cases.verification import common
from fem_sei import cli
from fem_sei.post.open import Run, Table, open_run, read_history
from fem_sei.results import checkpoint
from fem_sei.studies.stopping import Decision, Watch

HERE = Path(__file__).parent
KILLS, SEED = 20, 3
BEFORE_STEPPING, A_STEP = 1.0, 0.02  # s: starting takes longer than the first; about the time of a step
LEFT_OUT = ("charge_balance", "salt_balance", "newton_iterations", "linear_iterations")  # rounding decides
TINY = 1e-300  # for a column of zeros
SECONDS = 120.0  # until a process that has not begun to step is given up


@dataclass(frozen=True)
class Killed:
    """A process: the step it began after, the last step it wrote; whether it died writing a checkpoint."""

    first: int
    last: int
    in_checkpoint: bool


def start(folder: Path, changes: Sequence[str]) -> subprocess.Popen[bytes]:
    """Go on with the run in the folder if it has a checkpoint, else begin it anew."""
    if checkpoint.newest_meta(folder / "checkpoint") is None:
        sets = [part for change in changes for part in ("--set", change)]
        arguments = ["run", str(HERE / "case.toml"), "--out", str(folder), "--force", *sets]
    else:
        arguments = ["restart", str(folder)]
    command = [sys.executable, "-m", "fem_sei", *arguments, "--no-pictures"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=os.environ | {"TERM": "dumb"})


def run_with_kills(folder: Path, changes: Sequence[str], kills: int, seed: int, steps: int) -> list[Killed]:
    """Kill (SIGKILL) and restart a run of so many steps; the last process, not killed, must end well.

    A quarter of the processes is killed while starting, the others after a random share of what is left.
    """
    random, found = np.random.default_rng(seed), []
    while True:
        meta, begun = checkpoint.newest_meta(folder / "checkpoint"), time.time()
        process = start(folder, changes)
        first = 0 if meta is None else meta["step"]
        if len(found) < kills:
            if random.random() < 0.25:
                time.sleep(random.uniform(0.0, BEFORE_STEPPING))
            else:
                share = random.uniform(0.0, 2.0 / (kills - len(found) + 1))
                _wait_for_step(process, folder, begun, first + int(share * (steps - first)))
                time.sleep(random.uniform(0.0, A_STEP))
            process.kill()
        code = process.wait()
        if code == 0:
            return [*found, Killed(first, _last_step(folder), False)]
        if code != -9:
            raise RuntimeError(f"a restart ended with {code}")
        last = _last_step(folder) if _written_since(begun, folder / "history.csv") else first
        torn = any(_written_since(begun, file) for file in (folder / "checkpoint").glob("*.tmp"))
        found.append(Killed(first, last, torn))


def _wait_for_step(process: subprocess.Popen[bytes], folder: Path, begun: float, step: int) -> None:
    history = folder / "history.csv"
    while process.poll() is None and time.time() < begun + SECONDS:
        if _written_since(begun, history) and _last_step(folder) >= step:
            return
        time.sleep(0.002)


def _written_since(begun: float, file: Path) -> bool:
    return file.is_file() and file.stat().st_mtime > begun


def _last_step(folder: Path) -> int:
    file = folder / "history.csv"
    steps = read_history(file).get("step", []) if file.is_file() else []
    return int(steps[-1]) if len(steps) else 0


def differences(found: Table, expected: Table) -> dict[str, float]:
    """Largest difference in each column over the largest value there."""
    return {
        name: float(np.abs(found[name] - values).max() / max(np.abs(values).max(), TINY))
        for name, values in expected.items()
        if name not in LEFT_OUT
    }


def problems(found: Run, expected: Run, tolerance: float = 1e-10) -> Iterator[str]:
    """What was lost, doubled or changed: nothing, if all is well."""
    steps = len(expected.history["step"])
    if not np.array_equal(found.history["step"], np.arange(1, steps + 1)):
        yield f"steps are not 1 to {steps}: {found.history['step']}"
        return
    for name, difference in differences(found.history, expected.history).items():
        if not difference <= tolerance:
            yield f"{name} differs by {difference:.1e}"
    if len(found.times) != len(expected.times) or not np.allclose(
        found.times, expected.times, rtol=tolerance
    ):
        yield f"fields at {found.times} s instead of {expected.times} s"
    yield from (f"{file} is missing" for _, file in found.outputs if not file.is_file())


def kill_and_restart(
    folder: Path, kills: int, seed: int, changes: Sequence[str] = ()
) -> tuple[list[Killed], Run, Run]:
    """What happened, the run with the kills and the one without, in ``folder``."""
    start(folder / "whole", changes).wait()
    whole = open_run(folder / "whole")
    killed = run_with_kills(folder / "killed", changes, kills, seed, len(whole.history["step"]))
    return killed, open_run(folder / "killed"), whole


def begin(folder: Path) -> None:
    """A whole run and one that stops at half of its time, in two dimensions."""
    case = str(HERE / "bumps.toml")
    run = ["run", case, "--force", "--no-pictures", "--out"]
    cli.main([*run, str(folder / "whole")])
    times = open_run(folder / "whole").history["time"]
    half = times[len(times) // 2]
    Watch.after_step = lambda self, now: Decision(False, "half of it is done" if now >= half else "")
    cli.main([*run, str(folder / "half")])


def end(folder: Path) -> None:
    """Complete the half run and compare."""
    cli.main(["restart", str(folder / "half"), "--no-pictures"])
    if MPI.COMM_WORLD.rank == 0:
        found, expected = open_run(folder / "half"), open_run(folder / "whole")
        for name, difference in differences(found.history, expected.history).items():
            print(f"{name:22s} {difference:.1e}")
        print("\n".join(problems(found, expected)) or "the same to 1e-10")


def main() -> None:
    if len(sys.argv) == 3:
        {"begin": begin, "end": end}[sys.argv[1]](Path(sys.argv[2]))
        return
    with tempfile.TemporaryDirectory() as folder:
        killed, found, expected = kill_and_restart(Path(folder), KILLS, SEED)
        print("\n".join(problems(found, expected)) or "nothing lost, doubled or changed")
        worst = max(differences(found.history, expected.history).values())
        computed = sum(max(0, one.last - one.first) for one in killed)
        steps = len(expected.history["step"])
        rows = [
            ("kills", len(killed) - 1),
            ("of them while a checkpoint was written", sum(one.in_checkpoint for one in killed)),
            ("of them before the first step", sum(one.last <= one.first for one in killed[:-1])),
            ("steps of the run", steps),
            ("steps computed twice", computed - steps),
            ("largest relative difference of any column", f"{worst:.1e}"),
            ("field outputs", f"{len(found.times)} of {len(expected.times)}"),
        ]
        print(common.markdown(("", "found"), rows))
        draw(killed, found, expected)


def draw(killed: list[Killed], found: Run, expected: Run) -> None:
    with common.picture(HERE / "restart.png") as made:
        left, right = made.subplots(1, 2)
        begun = [one.first for one in killed[1:]] + [killed[-1].last]
        for number, (one, kept) in enumerate(zip(killed, begun, strict=True), start=1):
            left.plot([number, number], [one.first, kept], color="C0", linewidth=4, solid_capstyle="butt")
            left.plot([number, number], [kept, one.last], color="C3", linewidth=4, solid_capstyle="butt")
        left.plot([], [], color="C0", linewidth=4, label="kept")
        left.plot([], [], color="C3", linewidth=4, label="after the last checkpoint, computed again")
        left.set(xlabel="process", ylabel="step")
        left.legend(loc="upper left")
        time, thickness = expected.history["time"], expected.history["deposited_thickness"]
        right.plot(time, thickness * 1e9, color="0.6", linewidth=4, label="without kills")
        time, thickness = found.history["time"], found.history["deposited_thickness"]
        right.plot(time, thickness * 1e9, color="C0", label=f"with {len(killed) - 1} kills")
        places = [one.last - 1 for one in killed[:-1] if one.last]
        right.plot(time[places], thickness[places] * 1e9, "o", color="C3", label="killed")
        right.set(xlabel="time (s)", ylabel="deposited thickness (nm)")
        right.legend(loc="upper right")


if __name__ == "__main__":
    main()
