"""Time and memory of the first steps of the blister in three dimensions; see README.md.

docker/run python -m cases.hpc.blister                # the table, about ten minutes on two idle cores
mpirun -n 2 python -m cases.hpc.blister CASE STEPS [KEY=VALUE ...]    # one line of it, as JSON
"""

from __future__ import annotations

import itertools
import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mpi4py import MPI

from cases.hpc.benchmark import HERE, RANKS, spawn
from cases.verification.common import markdown

BLISTER = HERE / "blister_3d.toml"
ITERATIVE, DIRECT = "solver.profile=iterative", "solver.profile=direct"
LOADS = (  # name, changes
    ("8 elements per cohesive length", (ITERATIVE,)),
    ("8, direct", (DIRECT,)),
    ("18", (ITERATIVE, "mesh.elements_per_cohesive_length=18")),
)
WARM_UP, STEPS = 4, 3  # the first steps are elastic


def measure(case_file: Path, steps: int, changes: Sequence[str]) -> dict[str, Any]:
    """Seconds per Newton step and its parts, iterations and memory, without the first steps (collective)."""
    from fem_sei.case.loader import load
    from fem_sei.studies.delamination_path import DelaminationPath
    from fem_sei.studies.delamination_setup import build_model

    comm = MPI.COMM_WORLD
    model = build_model(load(case_file, changes).case, comm)
    path, solver = DelaminationPath(model), model.solver
    newton = linear = 0
    for report in itertools.islice(path.run(), WARM_UP + steps):
        if report.number == WARM_UP:
            started, before = time.perf_counter(), dict(solver.clock.seconds)
        elif report.number > WARM_UP:
            newton, linear = newton + report.iterations, linear + report.linear_iterations
    seconds = comm.allreduce(time.perf_counter() - started, op=MPI.MAX)
    return {
        "ranks": comm.size,
        "dofs": solver.dofs,
        "newton": newton / steps,
        "linear": linear / newton,
        "seconds": seconds / newton,
        "built": solver.clock.seconds["preconditioner"],
        "memory": comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024),
        "parts": {name: (t - before.get(name, 0.0)) / newton for name, t in solver.clock.seconds.items()},
    }


HEADER = (
    *(
        "elements",
        "dofs",
        "ranks",
        "Newton per step",
        "linear per Newton",
        "s per Newton",
        "faster than 1 rank",
    ),
    *("assembly (s)", "preconditioner (s)", "solve (s)", "all preconditioners (s)", "memory (GB)"),
)


def line(name: str, found: dict[str, Any], alone: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table; ``alone``: the same load on one rank."""
    parts = found["parts"]
    return (
        name,
        f"{found['dofs']:,}".replace(",", " "),
        str(found["ranks"]),
        f"{found['newton']:.1f}",
        f"{found['linear']:.1f}",
        f"{found['seconds']:.2f}",
        f"{alone['seconds'] / found['seconds']:.2f}",
        f"{parts.get('residual', 0.0) + parts.get('jacobian', 0.0):.2f}",
        f"{parts.get('preconditioner', 0.0):.2f}",
        f"{parts.get('linear solve', 0.0):.2f}",
        f"{found['built']:.1f}",
        f"{found['memory'] / 1e9:.2f}",
    )


def main() -> None:
    rows = []
    for name, changes in LOADS:
        found = [spawn(ranks, BLISTER, STEPS, changes, "cases.hpc.blister") for ranks in RANKS]
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
