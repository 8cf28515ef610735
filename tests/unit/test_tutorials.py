"""Every tutorial starts: mesh, first step, tables, checkpoint; then it is stopped as by the wall time."""

import csv
from pathlib import Path

import pytest

from fem_sei.cli import main
from fem_sei.results.checkpoint import latest

TUTORIALS = sorted((Path(__file__).parents[2] / "cases" / "tutorials").glob("*.toml"))


@pytest.mark.parametrize("case", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_starts(case, tmp_path):
    folder = tmp_path / "run"
    options = ["--out", str(folder), "--no-pictures", "--max-wall", "0.01 s"]
    assert main(["run", str(case), *options]) == 130
    stopped = next(path.parent for path in sorted(folder.rglob("history.csv")))
    with open(stopped / "history.csv") as file:
        rows = list(csv.reader(file))
    assert len(rows) >= 2 and len(rows[1]) == len(rows[0])
    assert latest(stopped / "checkpoint") is not None
