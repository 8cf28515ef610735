"""Time and memory of the first steps of plating cases; see README.md.

docker/run python -m cases.hpc.benchmark                # the table, about ten minutes on two idle cores
mpirun -n 2 python -m cases.hpc.benchmark CASE STEPS [KEY=VALUE ...]    # one line of it, as JSON
"""

from __future__ import annotations

import itertools
import json
import resource
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from cases.verification.common import markdown

HERE = Path(__file__).parent
JIN = HERE.parent / "validation" / "jin_coatings.toml"
BUMP = HERE / "bump_3d.toml"
LOADS = (  # name, case file, changes, steps
    *(
        (f"2-D Jin, delta = {delta} nm", JIN, (f"phase_field.interface_width={delta} nm",), 20)
        for delta in (50, 25, 15)
    ),
    ("3-D bump, delta = 80 nm", BUMP, (), 5),
    ("3-D bump, delta = 36 nm", BUMP, ("phase_field.interface_width=36 nm",), 3),
)
RANKS = (1, 2)
WARM_UP = 2  # steps that are not counted: forms are compiled, the first steps are short
ITERATIVE = "solver.profile=iterative"


def measure(case_file: Path, steps: int, changes: Sequence[str]) -> dict[str, Any]:
    """Seconds per step and its parts, iterations and memory of the steps after the first two (collective)."""
    from fem_sei.case.loader import load
    from fem_sei.studies import plating_setup
    from fem_sei.studies.march import March
    from fem_sei.studies.observation import Observer

    comm = MPI.COMM_WORLD
    begun = time.perf_counter()
    case = load(case_file, [*changes, ITERATIVE]).case
    model = plating_setup.build_model(case, comm)
    march = March(case, model, lambda _: np.inf)
    observer = Observer(model, march)
    prepared = time.perf_counter() - begun
    newton = linear = 0
    for report in itertools.islice(march.run(), WARM_UP + steps):
        observer.row(report)
        if report.number == WARM_UP:
            before, started, rejected = dict(model.solver.clock.seconds), time.perf_counter(), march.rejected
        elif report.number > WARM_UP:
            newton, linear = newton + report.newton, linear + report.linear
    seconds = comm.allreduce(time.perf_counter() - started, op=MPI.MAX)
    memory = comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    return {
        "ranks": comm.size,
        "dofs": model.u.x.petsc_vec.getSize(),
        "prepared": prepared,
        "seconds": seconds / steps,
        "newton": newton / steps,
        "linear": linear / newton,
        "rejected": march.rejected - rejected,
        "memory": memory,
        "parts": {
            name: (t - before.get(name, 0.0)) / seconds for name, t in model.solver.clock.seconds.items()
        },
    }


def spawn(
    ranks: int, case_file: Path, steps: int, changes: Sequence[str], module: str = "cases.hpc.benchmark"
) -> dict[str, Any]:
    """``measure`` of a benchmark in processes of its own."""
    command = [sys.executable, "-m", module, str(case_file), str(steps), *changes]
    done = subprocess.run(["mpirun", "-n", str(ranks), *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


def line(name: str, found: dict[str, Any], alone: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table; ``alone``: the same load on one rank."""
    parts = found["parts"]
    assembly = parts.get("residual", 0.0) + parts.get("jacobian", 0.0)
    return (
        name,
        f"{found['dofs']:,}".replace(",", " "),
        str(found["ranks"]),
        f"{found['seconds']:.2f}",
        f"{1e6 * found['seconds'] / found['dofs']:.1f}",
        f"{alone['seconds'] / found['seconds']:.2f}",
        f"{found['newton']:.1f}",
        f"{found['linear']:.1f}",
        f"{100 * assembly:.0f}",
        f"{100 * parts.get('preconditioner', 0.0):.0f}",
        f"{100 * parts.get('linear solve', 0.0):.0f}",
        f"{100 * parts.get('normals and curvature', 0.0):.0f}",
        f"{found['memory'] / 1e9:.2f}",
    )


HEADER = (
    *(
        "load",
        "dofs",
        "ranks",
        "s/step",
        "us/(dof step)",
        "faster than 1 rank",
        "Newton",
        "linear per Newton",
    ),
    *("assembly (%)", "preconditioner (%)", "solve (%)", "normals (%)", "memory (GB)"),
)


def main() -> None:
    rows = []
    for name, case_file, changes, steps in LOADS:
        found = [spawn(ranks, case_file, steps, changes) for ranks in RANKS]
        rows += [line(name, one, found[0]) for one in found]
        print(markdown(HEADER, rows[-len(RANKS) :]), flush=True)
    print()
    print(markdown(HEADER, rows))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        result = measure(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
        if MPI.COMM_WORLD.rank == 0:
            print(json.dumps(result))
    else:
        main()
