import os

import pytest
from mpi4py import MPI

from fem_sei.results.run_folder import RunFolder, RunFolderError

COMM = MPI.COMM_SELF


def fill(folder):
    """What a run leaves in its folder."""
    for name in ("run.json", "case.toml", "history.csv", "fields.pvd", "interface.pvd"):
        (folder / name).write_text("{}")
    for name in (
        "fields/fields_000000.pvtu",
        "fields/fields_000000_0000.vtu",
        "fields/interface_000000.pvtu",
        "checkpoint/checkpoint_000001.h5",
        "pictures/front.png",
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("")


def test_creates_the_folder_and_its_parents(tmp_path):
    folder = RunFolder.create(tmp_path / "runs" / "a", COMM)
    assert folder.path.is_dir()
    folder.write_text("case.toml", "schema = 1\n")
    assert (folder.path / "case.toml").read_text() == "schema = 1\n"


def test_takes_an_empty_folder(tmp_path):
    (tmp_path / "a").mkdir()
    RunFolder.create(tmp_path / "a", COMM)


def test_refuses_an_earlier_run_and_leaves_it_alone(tmp_path):
    fill(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RunFolderError, match=r"earlier run.*--force.*--out"):
        RunFolder.create(tmp_path, COMM)
    assert sorted(tmp_path.rglob("*")) == before


def test_force_deletes_the_run_and_nothing_else(tmp_path):
    fill(tmp_path)
    variant = tmp_path / "Al2O3"
    variant.mkdir()
    fill(variant)
    kept = [tmp_path / "notes.txt", tmp_path / "fields" / "mine.vtu", tmp_path / "papers" / "a.pdf"]
    kept[2].parent.mkdir()
    for file in kept:
        file.write_text("")
    RunFolder.create(tmp_path, COMM, force=True)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(files) == sorted([*kept, tmp_path / "run.json"])
    assert not variant.exists()


def test_a_run_that_broke_off_at_once_can_be_replaced(tmp_path):
    folder = RunFolder.create(tmp_path / "a", COMM)
    folder.write_text("case.toml", "")
    RunFolder.create(tmp_path / "a", COMM, force=True)


def test_notes_in_the_folder_of_a_variant_do_not_stop_the_next_run(tmp_path):
    notes = RunFolder.create(tmp_path, COMM).variant("bare").path / "notes.txt"
    notes.write_text("mine")
    RunFolder.create(tmp_path, COMM, force=True).variant("bare")
    assert notes.read_text() == "mine"


def test_a_variant_that_was_killed_at_its_start_is_begun_anew(tmp_path):
    folder = RunFolder.create(tmp_path, COMM)
    fill(folder.variant("bare").path)
    again = folder.variant("bare").path
    assert {file.name for file in again.rglob("*") if file.is_file()} == {"run.json"}


def test_force_does_not_follow_links(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    fill(elsewhere)
    run = tmp_path / "run"
    run.mkdir()
    (run / "run.json").write_text("{}")
    (run / "fields").symlink_to(elsewhere / "fields")
    (run / "variant").symlink_to(elsewhere)
    RunFolder.create(run, COMM, force=True)
    assert (elsewhere / "run.json").exists()
    assert (elsewhere / "fields" / "fields_000000.pvtu").exists()


def test_force_refuses_a_folder_that_is_no_run(tmp_path):
    (tmp_path / "history.csv").write_text("mine")
    with pytest.raises(RunFolderError, match="not the folder of an earlier run"):
        RunFolder.create(tmp_path, COMM, force=True)
    assert (tmp_path / "history.csv").read_text() == "mine"


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "a").write_text("")
    with pytest.raises(RunFolderError, match="a is not a folder"):
        RunFolder.create(tmp_path / "a" / "b" / "c", COMM)


def test_read_only_parent(tmp_path, monkeypatch):
    # root may write everywhere, so that the permission itself cannot be taken away here
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and allowed(path, mode))
    with pytest.raises(RunFolderError, match=r"no permission to write.*--out"):
        RunFolder.create(tmp_path / "a" / "b", COMM)
    assert not (tmp_path / "a").exists()


def test_variants_are_run_folders_inside(tmp_path):
    folder = RunFolder.create(tmp_path / "a", COMM)
    assert folder.variant("bare").path == tmp_path / "a" / "bare"
    for name in ("fields", "..", "a/b", "run.json", ""):
        with pytest.raises(RunFolderError, match="cannot be the name of a variant"):
            folder.variant(name)
