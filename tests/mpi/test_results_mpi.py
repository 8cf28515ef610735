import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pyvista

from fem_sei.post.open import open_run, read_history, read_series

PROGRAM = Path(__file__).with_name("results_program.py")
pytestmark = pytest.mark.mpi


def start(ranks, action, folder):
    environment = os.environ | {
        "OMP_NUM_THREADS": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",  # Open MPI 5
        "OMPI_MCA_rmaps_base_oversubscribe": "1",  # Open MPI 4
    }
    command = ["mpirun", "-n", str(ranks), sys.executable, str(PROGRAM), action, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(("saving", "loading"), [(1, 2), (2, 3), (3, 1)])
def test_checkpoint_is_read_on_another_number_of_ranks(tmp_path, saving, loading):
    start(saving, "save", tmp_path)
    for part in ("2d", "3d"):
        names = sorted(file.name for file in (tmp_path / part).iterdir())
        assert names == [f"checkpoint_{n:06d}.{end}" for n in (1, 2) for end in ("h5", "json")]
    start(loading, "load", tmp_path)


@pytest.mark.parametrize(("saving", "loading"), [(1, 2), (2, 3), (3, 1)])
def test_functions_on_submeshes_are_read_on_another_number_of_ranks(tmp_path, saving, loading):
    start(saving, "save_layers", tmp_path)
    said = start(loading, "load_layers", tmp_path)
    assert all(f"refused on {rank}: " in said for rank in range(loading))


def test_checkpoint_of_another_mesh_is_refused_by_every_rank(tmp_path):
    start(1, "save", tmp_path)
    said = start(2, "load_on_another_mesh", tmp_path)
    assert "refused on 0: " in said and "refused on 1: " in said and "was made on a mesh of" in said


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_fields_are_the_same_on_any_number_of_ranks(tmp_path, ranks):
    folder = tmp_path / "run"
    start(ranks, "write_run", folder)
    assert (folder / "history.csv").read_text() == "step,time [s]\n1,0.5\n"
    assert list(read_history(folder / "history.csv")["time"]) == [0.5]
    sizes = {1: (31, 30, 1.0), 2: (None, None, 2.0), 3: (80, 216, 1.0)}
    for dimension, (points, cells, size) in sizes.items():
        run = open_run(folder / f"{dimension}d")
        assert run.times.tolist() == [0.0, 0.1, 12.5]
        dataset = run.fields(time=12.5)
        x = dataset.points[:, 0]
        np.testing.assert_allclose(dataset["xi"], x, atol=1e-12)
        np.testing.assert_allclose(dataset["c"], 1000.0 * (12.5 + x), rtol=1e-12)
        np.testing.assert_allclose(dataset["phi_e"], 1.25 * x, atol=1e-12)
        sized = dataset.compute_cell_sizes()
        assert sized[("Length", "Area", "Volume")[dimension - 1]].sum() == pytest.approx(size)
        assert set(np.unique(dataset["region"])) == ({1, 2} if dimension == 2 else {7})
        if points:
            assert (dataset.n_points, dataset.n_cells) == (points, cells)
        assert len(np.unique(dataset.points, axis=0)) == dataset.n_points


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_fields_may_jump_between_regions(tmp_path, ranks):
    said = start(ranks, "write_layers", tmp_path)
    assert said.count("too short on") == 2 * ranks
    for dimension, (above, cells) in {2: (8 * 4, 84), 3: (5 * 4 * 3, 288)}.items():
        (_, file), *_ = read_series(tmp_path / f"{dimension}d" / "fields.pvd")
        dataset = pyvista.read(file)
        assert dataset.n_cells == cells
        # two layers: each has its own points between them, also where a rank has cells of both
        x = dataset.points * 1e9
        upper = dataset["constant"] == 2.0
        assert len(np.unique(np.column_stack([x.round(6), upper]), axis=0)) == 2 * above
        assert np.isin(dataset["constant"], (1.0, 2.0)).all()  # averages over cells of the own layer only
        wave = np.sin(3.0 * x[:, 0]) + x[:, 1] ** 2 + 5.0 * x[:, 2] + upper
        expected = np.column_stack([wave, wave + 1.0, wave + 2.0 if dimension == 3 else 0.0 * wave])
        np.testing.assert_allclose(dataset["displacement"], expected, atol=1e-12)
        linear = x @ (1.0, 2.0, -1.0)
        expected = linear[:, None] * (np.arange(9) + 10.0 * upper[:, None])
        np.testing.assert_allclose(dataset["stress"], expected, atol=1e-12)
        np.testing.assert_array_equal(dataset["double"], 2 * dataset["region"])

        (_, file), *_ = read_series(tmp_path / f"{dimension}d" / "interface.pvd")
        cloud = pyvista.read(file)
        assert set(np.unique(cloud["interface"])) == {0, 1}
        x = cloud.points * 1e9
        assert len(np.unique(x.round(9), axis=0)) == cloud.n_points == cloud.n_cells
        np.testing.assert_allclose(x[cloud["interface"] == 0][:, dimension - 1], 0.5)
        np.testing.assert_allclose(x[cloud["interface"] == 1][:, 0], 0.0, atol=1e-12)
        wave = np.sin(3.0 * x[:, 0]) + x[:, 1] ** 2 + 7.0 * x[:, 2]
        np.testing.assert_allclose(cloud["damage"], wave, atol=1e-12)


def test_a_rank_without_cells(tmp_path):
    said = start(3, "more_ranks_than_cells", tmp_path / "run")
    assert all(f"cells of {rank}: " in said for rank in range(3)) and ": 0, heard" in said
    assert len(list((tmp_path / "run" / "moved").glob("*.vtu"))) == 2


def test_every_rank_hears_that_the_folder_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("")
    said = start(2, "refuse", tmp_path)
    assert "refused on 0: " in said and "refused on 1: " in said
