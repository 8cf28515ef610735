"""Where the wall time goes."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Adds up the wall time (s) of named parts, on this rank: ``with watch("residual"): ...``."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def __call__(self, part: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] += time.perf_counter() - begun

    def summary(self) -> dict[str, float]:
        """Seconds of each part, of what is in none of them, and in total since the start."""
        total = time.perf_counter() - self.started
        return {**self.seconds, "other": total - sum(self.seconds.values()), "total": total}


def table(summary: dict[str, float]) -> list[str]:
    """Lines of a table of ``Stopwatch.summary`` with shares, the largest first."""
    total = summary["total"]
    parts = sorted((item for item in summary.items() if item[0] != "total"), key=lambda item: -item[1])
    return [
        f"{name.replace('_', ' '):20s} {seconds:9.2f} s {100 * seconds / total:5.1f} %"
        for name, seconds in [*parts, ("total", total)]
    ]
