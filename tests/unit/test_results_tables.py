import csv
import json
import math

import numpy as np
import pytest
from mpi4py import MPI

from fem_sei.results.history import History, SummaryRow, write_summary
from fem_sei.results.manifest import Manifest

COMM = MPI.COMM_SELF
COLUMNS = {"step": "", "time": "s", "charge": "C/m^2"}


def test_rows_are_on_disk_at_once_with_all_digits(tmp_path):
    path = tmp_path / "history.csv"
    history = History(path, COLUMNS, COMM)
    assert path.read_text() == "step,time [s],charge [C/m^2]\n"
    row = {"step": 1, "time": 0.1 + 0.2, "charge": np.float64(1e-17) / 3.0}
    history.append(row)
    step, time, charge = path.read_text().splitlines()[1].split(",")
    assert (step, float(time), float(charge)) == ("1", row["time"], row["charge"])
    history.append({"charge": math.nan, "time": 2.0, "step": np.int64(2)})
    assert path.read_text().splitlines()[2] == "2,2.0,nan"
    assert history.last["time"] == 2.0


def test_a_row_must_have_exactly_the_columns(tmp_path):
    history = History(tmp_path / "history.csv", COLUMNS, COMM)
    with pytest.raises(ValueError, match=r"missing \['charge'\], unknown \['current'\]"):
        history.append({"step": 1, "time": 0.0, "current": 1.0})
    history.close()
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 1


def test_summary_has_a_row_per_variant(tmp_path):
    last = {"step": 9, "time": 0.1, "charge": 3.0}
    rows = [SummaryRow("thick, slow", "done", last), SummaryRow("bare", "failed", {})]
    write_summary(tmp_path / "summary.csv", COLUMNS, rows, COMM)
    with open(tmp_path / "summary.csv", newline="") as file:
        assert list(csv.reader(file)) == [
            ["name", "status", "step", "time [s]", "charge [C/m^2]"],
            ["thick, slow", "done", "9", "0.1", "3.0"],
            ["bare", "failed", "", "", ""],
        ]


def test_summary_of_a_sweep_has_its_axes_and_results_in_words(tmp_path):
    rows = [
        SummaryRow("4nm_Li", "done", {"outcome": "delaminates"}, {"thickness": "4 nm", "metal": "Li"}),
        SummaryRow(
            "4nm_Na",
            "done",
            {"outcome": "equilibrium", "opening": np.float64(2e-9)},
            {"thickness": "4 nm", "metal": "Na"},
        ),
    ]
    write_summary(tmp_path / "summary.csv", {"outcome": "", "opening": "m"}, rows, COMM)
    assert (tmp_path / "summary.csv").read_text().splitlines() == [
        "name,status,thickness,metal,outcome,opening [m]",
        "4nm_Li,done,4 nm,Li,delaminates,",
        "4nm_Na,done,4 nm,Na,equilibrium,2e-09",
    ]


def test_manifest_follows_the_run(tmp_path):
    path = tmp_path / "run.json"
    manifest = Manifest(path, COMM, name="a", case={"mesh": {"size": np.float64(1e-9)}}, materials=[])
    read = json.loads(path.read_text())
    assert (read["schema"], read["kind"], read["status"], read["exit_code"]) == (1, "run", "running", None)
    assert read["case"] == {"mesh": {"size": 1e-9}}
    manifest.warn("coarse")
    manifest.warn("coarse")
    manifest.finish(0, balances={"charge": math.nan, "salt": 1e-13}, mesh={"layers": (1, 2)})
    read = json.loads(path.read_text())
    assert (read["status"], read["exit_code"]) == ("done", 0)
    assert read["balances"] == {"charge": None, "salt": 1e-13}
    assert read["warnings"] == ["coarse"]
    assert read["started"] <= read["ended"]
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.parametrize(
    ("code", "status"), [(0, "done"), (3, "failed"), (1, "failed"), (130, "interrupted")]
)
def test_status_of_an_exit_code(tmp_path, code, status):
    manifest = Manifest(tmp_path / "run.json", COMM)
    manifest.finish(code)
    assert json.loads((tmp_path / "run.json").read_text())["status"] == status
