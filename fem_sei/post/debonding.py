"""What pictures of delamination have in common: load, marked pressures, moments, the state of the film."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyvista

from fem_sei.post.open import Run, RunError
from fem_sei.post.style import MEGAPASCAL, STRESSES, Quantity

NANOMETRE = 1e-9  # m
DISPLACEMENT = Quantity("displacement", "nm", 1e9, "viridis")
MOMENTS = 5  # that a picture of curves shows


@dataclass(frozen=True, eq=False)
class State:
    """One output: nodes and cells of the film, points of the interfaces, both undeformed and in nm."""

    text: str
    points: np.ndarray  # (n, 3)
    displacement: np.ndarray  # (n, 3), nm
    cells: np.ndarray  # (m, 3 or 4)
    regions: np.ndarray  # (m,)
    values: np.ndarray  # (n,), in the unit of `quantity`
    quantity: Quantity
    interface: dict[str, np.ndarray]  # points (k, 3) in nm, and the fields there (k,) in SI

    def border(self) -> np.ndarray:
        """Nodes of the edges (in three dimensions the faces) that belong to one cell of their region only."""
        corners = self.cells.shape[1]
        sides = np.stack([np.delete(self.cells, corner, axis=1) for corner in range(corners)], axis=1)
        sides = sides.reshape(-1, corners - 1)
        # points are repeated between regions and between the pieces of ranks: places tell, not numbers
        _, place = np.unique(np.round(self.points, 6), axis=0, return_inverse=True)
        keys = [np.sort(place.ravel()[sides], axis=1), np.repeat(self.regions, corners)[:, None]]
        _, first, count = np.unique(np.hstack(keys), axis=0, return_index=True, return_counts=True)
        return sides[first[count == 1]]


def state(run: Run, index: int, text: str | None = None) -> State:
    """Field output ``index`` with that of the interfaces at the same step, ``text`` being what it is called.
    Raises RunError."""
    step, file = run.outputs[index]
    dataset = _read(file)
    u = dataset.point_data.get("displacement")
    u = np.zeros((dataset.n_points, 3)) if u is None else np.asarray(u) / NANOMETRE
    name = next((name for name in STRESSES if name in dataset.point_data), None)
    quantity = STRESSES[name] if name else DISPLACEMENT
    values = quantity.factor * np.asarray(dataset[name]) if name else np.linalg.norm(u, axis=1)
    cells = next(iter(dataset.cells_dict.values()))
    points = np.asarray(dataset.points, dtype=float) / NANOMETRE
    regions = np.asarray(dataset.cell_data.get("region", np.zeros(len(cells), dtype=int)))
    text = moment_text(run, step) if text is None else text
    return State(text, points, u, cells, regions, values, quantity, interface(run, step))


def interface(run: Run, step: float) -> dict[str, np.ndarray]:
    """Points (nm) and fields (SI) of the interfaces at ``step``; empty if there are none."""
    files = [file for at, file in run.interface_outputs if at == step]
    if not files:
        return {}
    cloud = _read(files[-1])
    found = {name: np.asarray(cloud.point_data[name]) for name in cloud.point_data}
    number = cloud.cell_data.get("interface", np.zeros(cloud.n_points))
    points = np.asarray(cloud.points, dtype=float) / NANOMETRE
    return found | {"points": points, "interface": np.asarray(number)}


def _read(file: object) -> pyvista.UnstructuredGrid:
    """A file as it is, in m: points that are repeated where a field jumps stay so."""
    if not file.is_file():
        raise RunError(f"the field output {file} is missing")
    return pyvista.read(file)


def load_column(runs: Sequence[Run]) -> str:
    """The column that is the load: the pressure on the flaw, or the reaction where there is none."""
    pressures = [run.history.get("pressure", np.zeros(1)) for run in runs]
    return "pressure" if any(np.nan_to_num(column).any() for column in pressures) else "reaction"


def at_step(run: Run, column: str, step: float) -> float:
    """A column of the history at a step; 0 before the first, nan if there is no such column."""
    if column not in run.history or not len(run.history.get("step", ())):
        return 0.0 if step == 0 else np.nan
    steps, values = run.history["step"], run.history[column]
    return float(np.interp(step, np.append(0.0, steps), np.append(0.0, values)))


def given_pressure(run: Run) -> float | None:
    """The pressure (Pa) that the case asks about, if it does."""
    return _number((run.manifest.get("result") or {}).get("pressure")) or _number(
        ((run.manifest.get("case") or {}).get("loading") or {}).get("pressure")
    )


def critical_pressure(run: Run) -> float | None:
    """The largest pressure (Pa) that the film bears, if the run has found it."""
    return _number((run.manifest.get("result") or {}).get("critical_pressure"))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) and np.isfinite(value) else None


def moment_text(run: Run, step: float) -> str:
    """Load and opening at a step, for the title of a panel."""
    opening = at_step(run, "opening", step) / NANOMETRE
    if load_column([run]) == "pressure":
        load = f"{at_step(run, 'pressure', step) / MEGAPASCAL:.3g} MPa"
    else:
        load = f"load factor {at_step(run, 'load_factor', step):.3g}"
    return f"{load}, opening {opening:.3g} nm"


def peak(run: Run) -> int:
    """Number of the output with the largest load."""
    column = load_column([run])
    loads = np.nan_to_num([abs(at_step(run, column, step)) for step in run.times])
    return int(np.argmax(loads))


def marked(run: Run) -> list[int]:
    """Outputs of which the film is shown: the one nearest to the given pressure while the load rises (not the
    first, of the unloaded film), or the one at the largest load if that is less, and the last."""
    top, given = peak(run), given_pressure(run)
    last = len(run.outputs) - 1
    if given is None or top == 0:
        return sorted({top, last})
    rising = np.array([at_step(run, "pressure", step) for step in run.times[1 : top + 1]])
    return sorted({1 + int(np.argmin(np.abs(rising - given))), last})


def moments(run: Run) -> list[int]:
    """Outputs for pictures of curves: those that are marked, the peak, and others evenly between."""
    last = len(run.outputs) - 1
    chosen = {*marked(run), peak(run)}
    even = [round(index) for index in np.linspace(0, last, MOMENTS + 2)[1:-1]]
    for index in even:
        if len(chosen) < MOMENTS and min(abs(index - other) for other in chosen) > last / (2 * MOMENTS):
            chosen.add(index)
    return sorted(chosen)
