"""run.json: what was run, with which values and versions, how far it got and how well."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from mpi4py import MPI

from fem_sei.results.run_folder import SCHEMA, write_atomically

STATUS_OF_EXIT = {0: "done", 130: "interrupted"}  # anything else: failed


class Manifest:
    """The manifest of a run or of a set of variants, kept up to date in ``path`` by rank 0.

    ``entries`` are the entries known at the start (name, title, case, materials, versions, ...). Every
    rank makes the same calls; they do not communicate. Each call replaces the file in one step.
    """

    def __init__(self, path: Path, comm: MPI.Comm, kind: str = "run", **entries: Any) -> None:
        self._path = Path(path)
        self._writes = comm.rank == 0
        self.entries: dict[str, Any] = {
            "schema": SCHEMA,
            "kind": kind,
            "status": "running",
            "exit_code": None,
            "variant": None,
            "variants": [],
            "ranks": comm.size,
            "timings": {},
            "balances": {},
            "warnings": [],
            "started": _now(),
            "ended": None,
        }
        self.update(**entries)

    def update(self, **entries: Any) -> None:
        """Set entries and write the file."""
        self.entries |= entries
        if self._writes:
            text = json.dumps(_plain(self.entries), indent=1, ensure_ascii=False)
            write_atomically(self._path, text + "\n")

    def warn(self, message: str) -> None:
        """Keep a warning for the reader of the run; the same text is kept once."""
        if message not in self.entries["warnings"]:
            self.update(warnings=[*self.entries["warnings"], message])

    def finish(self, exit_code: int, **entries: Any) -> None:
        """Record the end of the run: 0 done, 130 interrupted, anything else failed."""
        status = STATUS_OF_EXIT.get(exit_code, "failed")
        self.update(status=status, exit_code=exit_code, ended=_now(), **entries)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _plain(value: Any) -> Any:
    """``value`` in JSON's own types; a number that JSON does not have (nan, inf) becomes null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_plain(entry) for entry in value]
    if isinstance(value, Enum):
        return _plain(value.value)
    if hasattr(value, "tolist"):  # NumPy arrays and scalars
        return _plain(value.tolist())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)
