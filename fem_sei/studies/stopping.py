"""When a run saves its state and when it stops early: signals, wall time, and what a step costs."""

from __future__ import annotations

import math
import signal
import time
from collections import deque
from dataclasses import dataclass
from types import FrameType, TracebackType

from mpi4py import MPI

from fem_sei.case.schema import CheckpointEvery

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)
RECENT = 10  # steps whose longest stands for the next one
SPARE = 1.5  # on what is expected of a step and a checkpoint
CLOSING = 3.0  # s, for what else happens before and after
ASKED_TO_STOP, SAVE, OUT_OF_TIME = 1, 2, 4


@dataclass(frozen=True)
class Decision:
    """What all ranks do after a step: write a checkpoint, and stop if there is a reason to."""

    save: bool
    stop: str


class Watch:
    """Decides after every step. As a context manager it catches SIGINT, SIGTERM and SIGUSR1, which ask for
    a stop after the step under way (a signal to one rank is enough).

    ``deadline``: time.monotonic() at which the program must have ended. It stops when another step as long
    as the longest of the last ones, and a checkpoint, may not fit any more; one step is always taken.
    """

    def __init__(self, comm: MPI.Comm, every: CheckpointEvery, deadline: float, now: float):
        """``now``: simulated time (s) of the checkpoint that has just been written."""
        self.comm, self.every, self.deadline = comm, every, deadline
        self._received: list[int] = []
        self._durations: deque[float] = deque(maxlen=RECENT)
        self._last = time.monotonic()
        self._saving = 0.0
        self._saved_wall, self._saved_time = self._last, now

    def __enter__(self) -> Watch:
        self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._received.append(number)

    def after_step(self, now: float) -> Decision:
        """To be called after every step, at the simulated time ``now`` (s); collective."""
        wall = time.monotonic()
        self._durations.append(wall - self._last)
        self._last = wall
        flags = ASKED_TO_STOP if self._received else 0
        if self.comm.rank == 0:  # one clock decides for all
            flags |= SAVE if self._is_due(wall, now) else 0
            needed = SPARE * (max(self._durations) + self._saving) + CLOSING
            flags |= OUT_OF_TIME if wall + needed > self.deadline else 0
        flags = self.comm.allreduce(flags, op=MPI.BOR)
        stop = "interrupted" if flags & ASKED_TO_STOP else ""
        if not stop and flags & OUT_OF_TIME:
            stop = "stopped before the wall time given with --max-wall is over"
        return Decision(bool(flags & SAVE), stop)

    def _is_due(self, wall: float, now: float) -> bool:
        if self.every.wall is not None:
            return wall - self._saved_wall >= self.every.wall
        return math.floor(now / self.every.time) > math.floor(self._saved_time / self.every.time)

    def saved(self, now: float) -> None:
        """A checkpoint has been written since the step ended, at the simulated time ``now`` (s)."""
        wall = time.monotonic()
        self._saving = max(self._saving, wall - self._last)
        self._last = wall
        self._saved_wall, self._saved_time = wall, now
