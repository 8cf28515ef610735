import json
import subprocess
import sys

import numpy as np
import pytest

from fem_sei.post import RunError, open_run, plot
from fem_sei.post.open import read_history


def test_a_run_is_open_to_arrays_and_data_sets(two_bumps):
    run = open_run(two_bumps)
    assert (run.label, run.dimension, run.mirrored) == ("two_bumps", 2, True)
    assert run.layers[1] == ("coating", 0.0, pytest.approx(1.2))
    assert len(run.history["time"]) == 40
    assert (run.history.units["c_tip"], run.history.units["charge_balance"]) == ("mol/m^3", "")
    assert len(run.times) == 7
    assert run.charges[0] == 0.0
    assert run.charges[-1] == pytest.approx(run.history["charge"][-1])


def test_fields_are_in_micrometres_without_double_points(two_bumps):
    run = open_run(two_bumps)
    dataset = run.fields(time=run.times[3] * 1.01)
    assert dataset.n_points == 61 * 161
    assert dataset.n_cells == 2 * 60 * 160
    assert dataset.bounds[:4] == pytest.approx((0.0, 2.0, -0.2, 4.2))
    assert set(dataset.point_data) >= {"xi", "c", "phi_e"}
    np.testing.assert_array_equal(dataset["c"], run.fields(index=3)["c"])


def test_nearest_outputs(two_bumps):
    run = open_run(two_bumps)
    assert run.nearest([1e9, -1.0, 0.0, run.times[2] + 1.0]) == [0, 2, 6]


def test_a_line_that_is_being_written_is_left_out(two_bumps):
    file = two_bumps / "history.csv"
    file.write_text(file.read_text() + "41,3.2")
    assert len(read_history(file)["step"]) == 40
    file.write_text("step,time [s]\n")
    assert read_history(file)["time"].shape == (0,)
    file.write_text("step,ti")
    assert read_history(file) == {}


def test_a_table_that_is_none(two_bumps):
    (two_bumps / "history.csv").write_text("step,time [s]\n1,now\n")
    with pytest.raises(RunError, match="not a table of numbers"):
        open_run(two_bumps)


def test_folders_that_are_no_run(tmp_path, coatings):
    with pytest.raises(RunError, match="does not exist"):
        open_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match="is a file"):
        open_run(coatings / "run.json")
    with pytest.raises(RunError, match=r"no run\.json.*these runs: coatings"):
        plot(tmp_path)
    (coatings / "run.json").write_text('{"kind": ')
    with pytest.raises(RunError, match="cannot be read"):
        open_run(coatings)
    (coatings / "run.json").write_text('{"name": "another program"}')
    with pytest.raises(RunError, match="not the manifest of a run"):
        open_run(coatings)


def test_variants_that_have_started(coatings):
    assert [variant.label for variant in open_run(coatings).variants] == ["Al2O3", "bare"]
    (coatings / "bare" / "run.json").unlink()
    assert [variant.label for variant in open_run(coatings).variants] == ["Al2O3"]


def test_the_title_tells_a_run_that_did_not_end_well(two_bumps):
    manifest = json.loads((two_bumps / "run.json").read_text())
    for status, title in (
        ("done", "Li plating under a film: bare"),
        ("failed", "Li plating under a film: bare (failed)"),
    ):
        (two_bumps / "run.json").write_text(json.dumps(manifest | {"status": status, "variant": "bare"}))
        assert open_run(two_bumps).title == title


def test_needs_neither_dolfinx_nor_mpi():
    code = (
        "import sys, fem_sei.post; print(sorted({'dolfinx', 'mpi4py', 'petsc4py', 'ufl'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
