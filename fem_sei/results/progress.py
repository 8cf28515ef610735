"""The line that says how far a run is: one that renews itself on a terminal, plain lines elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from typing import TextIO

PLAIN_SECONDS = 5.0  # a plain line at most this often ...
PLAIN_PERCENT = 5.0  # ... unless this much more is done
TERMINAL_SECONDS = 0.2
WINDOW = 40  # accepted steps from which the time left is estimated


class Progress:
    """Progress of one run, on ``stream``. Make it active on one rank only: the other ranks stay silent."""

    def __init__(
        self,
        label: str,
        active: bool = True,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._label = label
        self._active = active
        self._stream = stream or sys.stdout
        # mpirun gives its ranks a pseudo-terminal even when the output goes to a file: TERM tells
        self._terminal = self._stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._clock = clock
        self._start = clock()
        self._marks = deque([(self._start, 0.0)], maxlen=WINDOW)
        self._shown: tuple[float, float] | None = None  # wall time and percent of the last line
        self._width = 0

    def update(self, fraction: float, text: str) -> None:
        """An accepted step: ``fraction`` done (0 to 1), and what to say about it."""
        if not self._active:
            return
        now, percent = self._clock(), 100.0 * min(max(fraction, 0.0), 1.0)
        self._marks.append((now, percent))
        if self._shown and not self._is_due(now - self._shown[0], percent - self._shown[1]):
            return
        self._shown = (now, percent)
        self._show(f"{self._label}  {percent:5.1f} %  {text}  left {self._left(now, percent)}")

    def note(self, message: str) -> None:
        """A line of its own, without spoiling the one that renews itself."""
        if self._active:
            self._clear()
            print(message, file=self._stream, flush=True)

    def finish(self, message: str) -> None:
        """The last line, with the wall time used."""
        self.note(f"{self._label}  {message}, {duration(self._clock() - self._start)} wall time")

    def _is_due(self, seconds: float, percent: float) -> bool:
        if self._terminal:
            return seconds >= TERMINAL_SECONDS
        return seconds >= PLAIN_SECONDS or (percent >= PLAIN_PERCENT and seconds >= TERMINAL_SECONDS)

    def _show(self, line: str) -> None:
        if self._terminal:
            self._stream.write("\r" + line.ljust(self._width))
            self._stream.flush()
            self._width = len(line)
        else:
            print(line, file=self._stream, flush=True)

    def _clear(self) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._width = 0

    def _left(self, now: float, percent: float) -> str:
        """Wall time left at the pace of the last steps."""
        wall, before = self._marks[0]
        if percent <= before:
            return "?"
        return duration((100.0 - percent) * (now - wall) / (percent - before))


def duration(seconds: float) -> str:
    """A time in words, such as 12.3 s or 2.0 h."""
    if seconds < 1e-3:
        return f"{seconds:.1e} s"
    if seconds < 120.0:
        return f"{seconds:.3g} s"
    if seconds < 7200.0:
        return f"{seconds / 60.0:.1f} min"
    return f"{seconds / 3600.0:.1f} h"
