"""Order of BDF2 with steps that alternate between long and short; see README.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.studies.march import March
from fem_sei.studies.observation import Observer

HERE = Path(__file__).parent
RATIO = 2.0  # of successive steps: long, short, long, short ...
STEPS = (24, 48, 96, 192)
REFERENCE = 1536
QUANTITIES = {"cell_voltage": "voltage", "c_tip": "concentration at the front"}


@dataclass
class PrescribedSteps:
    """Steps that alternate between long and short, in the place of the control that chooses them."""

    mean: float
    taken: int = 0
    dt: float = 0.0
    dt_min: float = np.inf  # no step is long enough to be taken again

    def propose(self, time: float, milestone: float, limit: float) -> float:
        long_and_short = (2 * RATIO / (1 + RATIO), 2 / (1 + RATIO))
        return min(self.mean * long_and_short[self.taken % 2], milestone - time)

    def accept(self, dt: float, error: float) -> None:
        self.taken += 1

    def reject(self, dt: float, error: float | None = None) -> bool:
        return False


def final_state(steps: int) -> dict[str, float]:
    """Cell voltage (V) and front concentration (mol/m^3) at the end of the ramp."""
    case, model = common.model_of(HERE / "case.toml")
    march = March(case, model, lambda now: np.inf)
    march.control = PrescribedSteps(case.operation.steps[0].until.duration / model.scales.time / steps)
    observer = Observer(model, march)
    row = {}
    for report in march.run():
        row = observer.row(report)
    model.solver.close()
    return {name: row[name] for name in QUANTITIES}


def errors(steps: tuple[int, ...], reference: int) -> dict[str, np.ndarray]:
    """Relative errors against the run with `reference` steps."""
    exact = final_state(reference)
    found = [final_state(n) for n in steps]
    return {name: np.array([abs(one[name] / exact[name] - 1.0) for one in found]) for name in QUANTITIES}


def orders(found: np.ndarray) -> np.ndarray:
    """Order of convergence between successive numbers of steps, each twice the one before."""
    return np.log2(found[:-1] / found[1:])


def main() -> None:
    found = errors(STEPS, REFERENCE)
    rows = [[title, *(f"{error:.2e}" for error in found[name])] for name, title in QUANTITIES.items()]
    print(common.markdown(("error at the end", *(f"{n} steps" for n in STEPS)), rows))
    for name, title in QUANTITIES.items():
        print(f"{title}: orders", " ".join(f"{order:.2f}" for order in orders(found[name])))
    with common.picture(HERE / "time_order.png", 5.5, 4.0) as made:
        axes = made.subplots()
        for name, title in QUANTITIES.items():
            axes.loglog(STEPS, found[name], "o-", label=title)
        line = found["c_tip"][0] * 0.5 * (np.array(STEPS) / STEPS[0]) ** -2.0
        axes.loglog(STEPS, line, "--", color="0.5", label="second order")
        axes.set(xlabel="number of steps", ylabel="relative error at the end")
        axes.set_xticks(STEPS, [str(n) for n in STEPS])
        axes.minorticks_off()
        axes.legend()


if __name__ == "__main__":
    main()
