"""The folder of one run: what its files are called, and who may create or replace it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mpi4py import MPI

from fem_sei.numerics.parallel import on_rank_zero

MANIFEST = "run.json"
SCHEMA = 1  # of run.json
SERIES = ("fields", "interface", "failed")  # of field outputs
FILES = (
    MANIFEST,
    "case.toml",
    "mesh.msh",
    "history.csv",
    "summary.csv",
    *(f"{name}.pvd" for name in SERIES),
)
FOLDERS = {  # what a run writes into its sub-folders, as patterns
    "fields": tuple(f"{name}_*vtu*" for name in SERIES),
    "checkpoint": ("checkpoint_*",),
    "pictures": ("*.png", "*.mp4", "*.gif"),
}


class RunFolderError(RuntimeError):
    """The run folder cannot be created or continued; nothing was written."""


class OutputError(RuntimeError):
    """Results could not be written: the disk is full, or the folder is gone or read-only.

    The other ranks may not know: ``rank`` (or each of several with its own number) is the one that has to
    say so and to end the job.
    """

    def __init__(self, message: str, rank: int = 0):
        super().__init__(message)
        self.rank = rank


@dataclass(frozen=True)
class RunFolder:
    """Paths of a run folder. :meth:`create` makes the folder; ``RunFolder(path, comm)`` touches nothing."""

    path: Path
    comm: MPI.Comm

    @classmethod
    def create(cls, path: Path, comm: MPI.Comm, force: bool = False) -> RunFolder:
        """Create a run folder, parents included, with a first run.json (collective; rank 0 does the work).

        An existing folder that holds anything is refused, unless it is a run folder and ``force`` is
        given: then the files of the earlier run are deleted, and files that no run writes are left
        alone. Raises RunFolderError, the same on every rank, before anything is written.
        """
        path = Path(path)
        on_rank_zero(comm, lambda: _create(path, force))
        return cls(path, comm)

    def variant(self, name: str) -> RunFolder:
        """Create the folder of the variant ``name`` inside this one, anew if a run was killed there before
        its first checkpoint (collective)."""
        if Path(name).name != name or name in ("", "..") or name in FOLDERS or name in FILES:
            raise RunFolderError(f"{name!r} cannot be the name of a variant: it is no name for a folder")
        path = self.path / name
        on_rank_zero(self.comm, lambda: _create_variant(path))
        return RunFolder(path, self.comm)

    def read_manifest(self) -> dict[str, Any]:
        """run.json of the run in this folder (collective). Raises RunFolderError if it is not there."""
        return on_rank_zero(self.comm, lambda: manifest_of(self.manifest))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep other processes from continuing this run at the same time: a lock on the mesh, which a killed
        process loses (collective). Raises RunFolderError if another one has it."""
        with ExitStack() as held:

            def lock() -> None:
                file = held.enter_context(open(self.mesh, "r+b"))
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    raise RunFolderError(f"another process is running in {self.path}") from None
                except OSError:  # a disk without locks
                    pass

            on_rank_zero(self.comm, lock)
            yield

    def write_text(self, name: str, text: str) -> None:
        """Write the file ``name`` of the folder (collective; rank 0 writes). Raises OutputError."""
        try:
            on_rank_zero(self.comm, lambda: write_atomically(self.path / name, text))
        except OSError as error:
            raise OutputError(f"cannot write {self.path / name}: {error}") from error

    @property
    def manifest(self) -> Path:
        return self.path / MANIFEST

    @property
    def mesh(self) -> Path:
        return self.path / "mesh.msh"

    @property
    def history(self) -> Path:
        return self.path / "history.csv"

    @property
    def summary(self) -> Path:
        return self.path / "summary.csv"

    @property
    def checkpoint(self) -> Path:
        return self.path / "checkpoint"

    @property
    def pictures(self) -> Path:
        return self.path / "pictures"


def write_atomically(path: Path, text: str) -> None:
    """Replace the file ``path`` in one step: a reader sees the old text or the new one, never a part.

    Not collective: for the one rank that writes.
    """
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text, encoding="utf-8")
    put_in_place(temporary, path)


def put_in_place(temporary: Path, path: Path) -> None:
    """Give a finished file its name, its content on the disk first: a power cut leaves no empty file."""
    with open(temporary, "rb") as file:
        os.fsync(file.fileno())
    os.replace(temporary, path)


def manifest_of(path: Path) -> dict[str, Any]:
    """The content of a run.json in a folder that can be written. Not collective; raises RunFolderError."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise RunFolderError(f"{path.parent} is not the folder of a run: it has no {path.name}") from None
    except (OSError, ValueError) as error:
        raise RunFolderError(f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise RunFolderError(f"{path} is not the manifest of a run")
    if not os.access(path.parent, os.W_OK | os.X_OK):
        raise RunFolderError(f"there is no permission to write in {path.parent}")
    return found


def _create(path: Path, force: bool) -> None:
    existing = path
    while not os.path.lexists(existing):
        existing = existing.parent
    if not existing.is_dir():
        raise RunFolderError(f"cannot create the run folder {path}: {existing} is not a folder")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise RunFolderError(
            f"cannot create the run folder {path}: no permission to write in {existing}. "
            "Choose another place with --out DIR."
        )
    if existing == path and any(path.iterdir()):
        _make_room(path, force)
    _make(path)


def _create_variant(path: Path) -> None:
    """Like _create in a run folder whose variants are not done: of an earlier run there is a rest at most."""
    if (path / MANIFEST).exists():
        _make_room(path, force=True)
    _make(path)


def _make(path: Path) -> None:
    """Make the folder, recognisable from now on: a run that breaks off early can be replaced with --force."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        first = {"schema": SCHEMA, "kind": "run", "status": "running"}
        write_atomically(path / MANIFEST, json.dumps(first) + "\n")
    except OSError as error:
        raise RunFolderError(f"cannot create the run folder {path}: {error.strerror}") from error


def _make_room(path: Path, force: bool) -> None:
    is_run = (path / MANIFEST).is_file()
    if not is_run:
        raise RunFolderError(
            f"{path} exists, is not empty and holds no {MANIFEST}: it is not the folder of an earlier run, "
            "so nothing in it is touched. Choose another place with --out DIR."
        )
    if not force:
        raise RunFolderError(
            f"{path} holds the results of an earlier run. "
            "Give --force to delete them, or another place with --out DIR."
        )
    try:
        _delete_run(path)
    except OSError as error:
        raise RunFolderError(f"cannot delete the earlier run in {path}: {error}") from error


def _delete_run(path: Path) -> None:
    """Delete what a run wrote in ``path``, and the runs of its variants. Links are removed, not followed."""
    for folder in sorted(entry for entry in path.iterdir() if entry.is_dir() and not entry.is_symlink()):
        if folder.name in FOLDERS:
            for pattern in FOLDERS[folder.name]:
                for file in folder.glob(pattern):
                    file.unlink()
        elif (folder / MANIFEST).is_file():
            _delete_run(folder)
        else:
            continue
        if not any(folder.iterdir()):
            folder.rmdir()
    for name in reversed(FILES):  # run.json last: an interrupted deletion can be repeated
        for file in (path / name, path / f"{name}.tmp"):
            file.unlink(missing_ok=True)
