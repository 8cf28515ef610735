"""Opens a run folder: manifest, history and fields as dictionaries, arrays and PyVista data sets.

Needs neither DOLFINx nor MPI, and works on a run that is still going on.
"""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import numpy as np

if TYPE_CHECKING:
    import pyvista

MICROMETRE = 1e-6  # m


class RunError(RuntimeError):
    """The folder is not a run folder, or lacks what is asked for."""


class Table(dict[str, np.ndarray]):
    """Columns by name, and their units in ``units`` ("" where dimensionless)."""

    def __init__(self, columns: dict[str, np.ndarray], units: dict[str, str]) -> None:
        super().__init__(columns)
        self.units = units


@dataclass(frozen=True, eq=False)
class Run:
    """An opened run folder. A folder of kind "variants" has no history or fields, only ``variants``."""

    path: Path
    manifest: dict[str, Any]
    history: Table
    outputs: list[tuple[float, Path]]  # time (s; of delamination the step) and .pvtu file of each output
    variants: list[Run] = field(default_factory=list)
    interface_outputs: list[tuple[float, Path]] = field(default_factory=list)

    @property
    def study(self) -> str:
        return self.manifest.get("study", "plating")

    @property
    def label(self) -> str:
        """Short name: of the variant if it is one, else of the case."""
        return self.manifest.get("variant") or self.manifest.get("name") or self.path.name

    @property
    def title(self) -> str:
        """Title of the case, with the variant and what a reader of a picture must know about the run."""
        title = self.manifest.get("title") or self.manifest.get("name") or self.path.name
        if self.manifest.get("variant"):
            title += f": {self.manifest['variant']}"
        status = self.manifest.get("status", "done")
        return title if status == "done" else f"{title} ({status})"

    @property
    def mesh(self) -> dict[str, Any]:
        return self.manifest.get("mesh") or {}

    @property
    def mirrored(self) -> bool:
        """Whether the domain is the right half of a cell that is symmetric about x = 0."""
        return bool(self.mesh.get("mirror"))

    @property
    def layers(self) -> list[tuple[str, float, float]]:
        """Name, bottom and top (um) of each layer, bottom first; 0 is the nominal surface of the metal."""
        layers = self.mesh.get("layers", [])
        return [(layer["name"], layer["bottom"] / MICROMETRE, layer["top"] / MICROMETRE) for layer in layers]

    @cached_property
    def times(self) -> np.ndarray:
        """Times of the field outputs (s)."""
        return np.array([time for time, _ in self.outputs])

    @cached_property
    def charges(self) -> np.ndarray:
        """Charge passed at the field outputs (C/m^2), interpolated in the history, which starts with 0."""
        if len(self.history.get("time", ())) == 0:
            return np.zeros(len(self.times))
        time, charge = self.history["time"], self.history["charge"]
        return np.interp(self.times, np.append(0.0, time), np.append(0.0, charge))

    @property
    def dimension(self) -> int:
        return int(self.mesh.get("dimension") or (self.fields(index=0).bounds[3] > 0.0) + 1)

    def nearest(self, times: list[float]) -> list[int]:
        """Indices of the field outputs nearest to ``times`` (s), each once, in order."""
        return sorted({int(np.argmin(np.abs(self.times - time))) for time in times})

    def fields(self, time: float | None = None, index: int = -1) -> pyvista.UnstructuredGrid:
        """The field output nearest to ``time`` (s), or number ``index``: points in um, values in SI.

        The pieces of the ranks are merged: a point on their border is there once.
        """
        if not self.outputs:
            raise RunError(f"{self.path} has no field output yet")
        return _read_fields(self.outputs[index if time is None else self.nearest([time])[0]][1])


def open_run(path: Path) -> Run:
    """Open the run folder ``path``, with its variants if it has any. Raises RunError if it is none."""
    path = Path(path)
    file = path / "run.json"
    if not file.is_file():
        raise RunError(_not_a_run(path))
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"{file} cannot be read: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("kind") not in ("run", "variants"):
        raise RunError(f"{file} is not the manifest of a run")
    if manifest["kind"] == "variants":
        folders = [path / name for name in manifest.get("variants", [])]
        variants = [open_run(folder) for folder in folders if (folder / "run.json").is_file()]
        return Run(path, manifest, Table({}, {}), [], variants)
    history = path / "history.csv"
    table = read_history(history) if history.is_file() else Table({}, {})
    outputs, at_interfaces = (read_series(path / f"{name}.pvd") for name in ("fields", "interface"))
    return Run(path, manifest, table, outputs, interface_outputs=at_interfaces)


def make_folder(path: Path) -> Path:
    """Create a folder for pictures. Raises RunError if that is not possible."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"cannot create the folder {path}: {error.strerror}") from error
    return path


def read_history(path: Path) -> Table:
    """Read history.csv: a header ``name [unit]`` and one row of numbers per step.

    A last line that is not complete yet, because the run is writing it, is left out.
    """
    lines = path.read_text(encoding="utf-8").split("\n")[:-1]
    if not lines:
        return Table({}, {})
    titles = [title.partition(" [") for title in lines[0].split(",")]
    try:
        rows = np.array([[float(cell) for cell in line.split(",")] for line in lines[1:]])
        rows = rows.reshape(len(lines) - 1, len(titles))
    except ValueError as error:
        raise RunError(f"{path} is not a table of numbers: {error}") from error
    columns = {name: rows[:, column] for column, (name, _, _) in enumerate(titles)}
    return Table(columns, {name: unit.removesuffix("]") for name, _, unit in titles})


def read_summary(path: Path) -> tuple[list[dict[str, str]], dict[str, str]]:
    """The rows of a summary.csv as texts by column, and the units of the columns; no rows without a file.

    A result that is called like an axis of the sweep, which comes before it, keeps its unit in its name.
    """
    if not path.is_file():
        return [], {}
    with open(path, encoding="utf-8", newline="") as file:
        titles, *rows = list(csv.reader(file)) or [[]]
    units: dict[str, str] = {}
    for title in titles:
        name, _, unit = title.partition(" [")
        units[title if name in units else name] = unit.removesuffix("]")
    return [dict(zip(units, row, strict=True)) for row in rows], units


def read_series(pvd: Path) -> list[tuple[float, Path]]:
    """Time and .pvtu file of each output of a series; none if it has not begun."""
    if not pvd.is_file():
        return []
    try:
        entries = ElementTree.parse(pvd).iter("DataSet")
        return [(float(entry.attrib["timestep"]), pvd.parent / entry.attrib["file"]) for entry in entries]
    except (ElementTree.ParseError, KeyError, ValueError) as error:
        raise RunError(f"{pvd} is not a list of field outputs: {error}") from error


def _read_fields(file: Path) -> pyvista.UnstructuredGrid:
    import pyvista

    if not file.is_file():
        raise RunError(f"the field output {file} is missing")
    dataset = pyvista.read(file)
    dataset.points /= MICROMETRE
    return dataset.clean(tolerance=0.0)


def _not_a_run(path: Path) -> str:
    if not path.is_dir():
        return f"{path} {'is a file, not the folder of a run' if path.exists() else 'does not exist'}"
    inside = sorted(file.parent.name for file in path.glob("*/run.json"))
    hint = f" It holds these runs: {', '.join(inside)}." if inside else ""
    return f"{path} is not the folder of a run: it has no run.json.{hint}"
