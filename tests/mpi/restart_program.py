"""fem-sei with a fault: ``restart_program.py FAULT NUMBER ARGUMENTS...`` (of the command line)."""

import os
import resource
import signal
import sys
from pathlib import Path

from mpi4py import MPI

from fem_sei import cli
from fem_sei.results import checkpoint
from fem_sei.studies import stopping

COMM = MPI.COMM_WORLD
FAULT, NUMBER, ARGUMENTS = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
counts = {"steps": 0, "checkpoints": 0}
after_step, save = stopping.Watch.after_step, checkpoint.save


def stop(self):
    """As if rank 0 got a signal."""
    if COMM.rank == 0:
        self._received.append(signal.SIGTERM)


def vanish(self):
    """The run folder is moved away."""
    if COMM.rank == 0:
        folder = Path(ARGUMENTS[ARGUMENTS.index("--out") + 1])
        folder.rename(folder.with_name("moved"))
    COMM.barrier()


def raise_on_rank_1():
    if COMM.rank == 1:
        raise ZeroDivisionError("a bug on one rank")


def no_large_files():
    """Files cannot grow beyond 6 kB on the last rank, which has to write a part of the checkpoint."""
    if COMM.rank == COMM.size - 1:
        resource.setrlimit(resource.RLIMIT_FSIZE, (6000, 6000))


AT_STEP = {"stop": stop, "vanish": vanish}
AT_CHECKPOINT = {"raise_on_rank_1": raise_on_rank_1, "no_large_files": no_large_files}


def counted_step(self, now):
    counts["steps"] += 1
    if FAULT in AT_STEP and counts["steps"] == NUMBER:
        AT_STEP[FAULT](self)
    return after_step(self, now)


def counted_save(*arguments):
    counts["checkpoints"] += 1
    if FAULT in AT_CHECKPOINT and counts["checkpoints"] == NUMBER:
        AT_CHECKPOINT[FAULT]()
    return save(*arguments)


def kill_in_place(temporary, path):
    """SIGKILL when the data of a checkpoint are complete, but not in place."""
    if counts["checkpoints"] == NUMBER:
        os.kill(os.getpid(), signal.SIGKILL)
    put_in_place(temporary, path)


put_in_place = checkpoint.put_in_place
if FAULT == "kill":
    checkpoint.put_in_place = kill_in_place
stopping.Watch.after_step, checkpoint.save = counted_step, counted_save
sys.exit(cli.main(ARGUMENTS))
