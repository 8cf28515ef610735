"""Slurm job scripts: a run that continues in as many jobs as it takes.

The script starts the case, or restarts its run folder where there is a checkpoint; stops in time before Slurm
would kill it; and submits itself again as long as a job got further than the one before.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fem_sei.units import TIME, UnitError, to_si

LEAST_TIME = 600.0  # s: below, a job would mostly start and stop
MARGIN, LEAST_MARGIN = 0.05, 120.0  # part of the time, and s, that remain for the last step and pictures
SLURM_TIME = re.compile(r"^(?:(\d+)-)?(\d+):(\d\d)(?::(\d\d))?$")  # [days-]hours:minutes[:seconds]

TEMPLATE = """\
#!/bin/bash
#SBATCH --job-name={name}
#SBATCH --nodes={nodes}
#SBATCH --ntasks-per-node={ranks_per_node}
#SBATCH --cpus-per-task=1
#SBATCH --time={time}
#SBATCH --output={log}
#SBATCH --open-mode=append
{directives}# Written by fem-sei submit. The job stops itself after {wall:.0f} s
# with a checkpoint and is submitted again.
set -u
export OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# compiled forms: on each node's own disk, where thousands of small files hurt nobody
export XDG_CACHE_HOME="${{TMPDIR:-/tmp}}/fem_sei_$SLURM_JOB_ID"

script={script}
run={run}
newest() {{ find "$run" -name 'checkpoint_*.json' -printf '%T@ %p\\n' 2>/dev/null | sort -n | tail -n 1; }}

before=$(newest)
if [ -e "$run/run.json" ]; then
    mpirun -n "$SLURM_NTASKS" {container}fem-sei restart "$run" --max-wall "{wall:.0f} s"
else
    mpirun -n "$SLURM_NTASKS" {container}fem-sei run {case} --out "$run" --max-wall "{wall:.0f} s"
fi
code=$?
rm -rf "$XDG_CACHE_HOME"
if [ $code -eq 130 ]; then
    if [ "$(newest)" = "$before" ]; then
        echo "no checkpoint was written in this job: not submitted again" >&2
    else
        sbatch "$script" && exit 0
    fi
fi
exit $code
"""


@dataclass(frozen=True)
class Job:
    """What Slurm is asked for. ``time`` in s; ``image``: an Apptainer image to run in; ``extra``: further
    #SBATCH options such as "--account=abc"."""

    nodes: int
    ranks_per_node: int
    time: float
    image: Path | None = None
    extra: Sequence[str] = ()

    def problems(self) -> list[str]:
        """What is wrong with it, all at once; empty if nothing is."""
        found = [
            f"--{name} {value}: needs a whole number from 1"
            for name, value in (("nodes", self.nodes), ("ranks-per-node", self.ranks_per_node))
            if value < 1
        ]
        if not self.time >= LEAST_TIME:
            found.append(f"--time: {self.time:.0f} s is too short; needs at least {LEAST_TIME / 60:.0f} min")
        if self.image is not None and not self.image.is_file():
            found.append(f"--apptainer {self.image}: there is no such image")
        found += [f"--sbatch {text}: needs an option of sbatch, --key=value" for text in self.extra
                  if not re.match(r"^--[a-z][a-z-]*(=\S+)?$", text)]  # fmt: skip
        return found


def job_time(text: str) -> float:
    """Seconds of "12 h" or of Slurm's "12:00:00" and "1-12:00:00". Raises UnitError."""
    found = SLURM_TIME.match(text.strip())
    if not found:
        return to_si(text, TIME)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    if minutes > 59 or seconds > 59:
        raise UnitError(f"{text}: minutes and seconds go to 59")
    return 86400.0 * days + 3600.0 * hours + 60.0 * minutes + seconds


def script(case: Path, changes: Sequence[str], run: Path, name: str, path: Path, job: Job) -> str:
    """Text of the job script ``path`` that runs ``case`` (with ``--set`` changes) into the folder ``run``."""
    wall = job.time - max(MARGIN * job.time, LEAST_MARGIN)
    arguments = [str(case.resolve()), *(part for change in changes for part in ("--set", change))]
    container = ""
    if job.image is not None:
        container = f"apptainer exec {shlex.quote(str(job.image.resolve()))} "
    return TEMPLATE.format(
        name=name,
        nodes=job.nodes,
        ranks_per_node=job.ranks_per_node,
        time=_slurm(job.time),
        log=run.resolve().with_name(f"{run.name}.log"),
        directives="".join(f"#SBATCH {text}\n" for text in job.extra),
        wall=wall,
        script=shlex.quote(str(path.resolve())),
        run=shlex.quote(str(run.resolve())),
        case=shlex.join(arguments),
        container=container,
    )


def _slurm(seconds: float) -> str:
    minutes, hours = math.ceil(seconds / 60.0) % 60, math.ceil(seconds / 60.0) // 60
    return f"{hours:d}:{minutes:02d}:00"
