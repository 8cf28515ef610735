"""Tables of a run: history.csv grows by one row per accepted step; summary.csv compares variants."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from mpi4py import MPI

from fem_sei.numerics.parallel import on_rank_zero
from fem_sei.results.run_folder import RunFolderError, write_atomically


class History:
    """history.csv: a header ``name [unit]``, then one comma-separated row per accepted step.

    ``columns`` maps names to units; the unit of a dimensionless column is ``""``. Rank 0 writes, and
    flushes every row, so that the table can be read while the run goes on. Numbers are written with all
    their digits. Creating one is collective; appending is called by every rank and does not communicate.

    With ``steps`` an earlier table is continued after so many rows; what follows them is dropped. Raises
    RunFolderError, before anything is changed, if it has fewer rows or other columns.
    """

    def __init__(self, path: Path, columns: Mapping[str, str], comm: MPI.Comm, steps: int = 0) -> None:
        self.columns = dict(columns)
        self.last: dict[str, float | int] = {}
        self._file = None
        titles = _titles(self.columns)
        if steps:
            row = on_rank_zero(comm, lambda: _shorten(path, ",".join(titles), steps))
            self.last = dict(zip(self.columns, row, strict=True))
        if comm.rank == 0:
            self._file = open(path, "a" if steps else "w", encoding="utf-8", newline="")  # noqa: SIM115
            if not steps:
                self._write(titles)

    def append(self, values: Mapping[str, float | int]) -> None:
        """Add a row. Raises ValueError (on every rank) unless ``values`` has exactly the columns."""
        if values.keys() != self.columns.keys():
            missing = sorted(self.columns.keys() - values.keys())
            unknown = sorted(values.keys() - self.columns.keys())
            raise ValueError(f"row of the history: missing {missing}, unknown {unknown}")
        self.last = {name: values[name] for name in self.columns}
        if self._file is not None:
            self._write([_digits(value) for value in self.last.values()])

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> History:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, cells: Iterable[str]) -> None:
        self._file.write(",".join(cells) + "\n")
        self._file.flush()


class SummaryRow(NamedTuple):
    """A variant in summary.csv: its results by column (none for a variant without any; a value may be text),
    and in a sweep its place on each axis ("4 nm")."""

    name: str
    status: str
    results: Mapping[str, float | int | str]
    axes: Mapping[str, str] = {}


def write_summary(path: Path, columns: Mapping[str, str], rows: Sequence[SummaryRow], comm: MPI.Comm) -> None:
    """Write summary.csv: ``name,status``, the axes of a sweep, and ``columns`` (names and units of results),
    one row per variant (rank 0 writes)."""
    if comm.rank != 0:
        return
    axes = list(dict.fromkeys(axis for row in rows for axis in row.axes))
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["name", "status", *axes, *_titles(columns)])
    for row in rows:
        places = [row.axes.get(axis, "") for axis in axes]
        values = [row.results.get(key, "") for key in columns]
        cells = [value if isinstance(value, str) else _digits(value) for value in values]
        table.writerow([row.name, row.status, *places, *cells])
    write_atomically(path, text.getvalue())


def last_row(path: Path, columns: Mapping[str, str]) -> dict[str, float]:
    """Last complete row of a history.csv, empty if there is none. Not collective."""
    if not path.is_file():
        return {}
    header, rows = _complete_lines(path)
    if not rows or header != ",".join(_titles(columns)):
        return {}
    return dict(zip(columns, _numbers(rows[-1]), strict=True))


def _complete_lines(path: Path) -> tuple[str, list[str]]:
    """Header and rows; a last line without its end was being written when the run was killed."""
    header, *rows = path.read_text(encoding="utf-8").split("\n")[:-1] or [""]
    return header, rows


def _shorten(path: Path, header: str, steps: int) -> list[float | int]:
    """Keep the first ``steps`` rows of a table; returns the last of them."""
    try:
        found, rows = _complete_lines(path)
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if found != header:
        raise RunFolderError(f"{path} has other columns than this version of fem_sei writes")
    rows = rows[:steps]
    if [row.split(",", 1)[0] for row in rows] != [str(step) for step in range(1, steps + 1)]:
        raise RunFolderError(f"{path} does not have all of the {steps} steps before the checkpoint")
    write_atomically(path, "\n".join([header, *rows]) + "\n")
    return _numbers(rows[-1])


def _numbers(row: str) -> list[float | int]:
    return [int(cell) if cell.lstrip("-").isdecimal() else float(cell) for cell in row.split(",")]


def _titles(columns: Mapping[str, str]) -> list[str]:
    return [f"{name} [{unit}]" if unit else name for name, unit in columns.items()]


def _digits(value: float | int) -> str:
    """The shortest text that reads back as the same number."""
    return str(int(value)) if isinstance(value, Integral) else repr(float(value))
