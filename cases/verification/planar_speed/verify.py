"""Speed of a flat front against Butler-Volmer; see README.md."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.closed_form.kinetics import butler_volmer, front_speed

HERE = Path(__file__).parent
METALS = {1: "Li", 2: "Mg"}  # by valence
CONDITIONS = list(itertools.product((-0.05, -0.2), (0.3, 0.5, 0.7), METALS))  # eta (V), alpha, z
ELEMENTS = (4, 6, 8, 12, 16, 24, 32)  # across the interface, for the order of convergence
SETTLED = 0.15e-6  # m of growth before the speed is measured: 6 l


def speed_error(eta: float, alpha: float, z: int, elements: int, travel: float = 0.2) -> float:
    """Relative error of the speed of the front xi = 1/2 against i_BV V_m/(z F)."""
    changes = [
        f"operation.steps[0].potential={eta} V",
        f"kinetics.alpha={alpha}",
        f"geometry.layers[metal].material={METALS[z]}",
        f"mesh.elements_across_interface={elements}",
        f"time.front_travel={travel}",
    ]
    result = common.run(HERE / "case.toml", changes)
    time, front = result.history["time"], result.history["tip"]
    speed, _ = np.polyfit(time[front > SETTLED], front[front > SETTLED], 1)
    own = common.electrode(result.case)
    current = butler_volmer(eta, own["i0"], alpha, z, own["T"])
    return float(speed / front_speed(current, own["V_m"], z) - 1.0)


def convergence(elements: tuple[int, ...] = ELEMENTS) -> np.ndarray:
    """Errors at -50 mV, alpha 0.5, z 1 for element sizes delta/elements, with small time steps."""
    return np.array([speed_error(-0.05, 0.5, 1, n, travel=0.1) for n in elements])


def order(errors: np.ndarray) -> float:
    """Order of convergence from the errors at delta/8, delta/16 and delta/32: what does not depend on the
    mesh (time steps, cut-off of the reaction) drops out of the differences. Coarser meshes run with a smaller
    mobility of the regularisation and do not belong to the same sequence."""
    coarse, middle, fine = errors
    return float(np.log2((coarse - middle) / (middle - fine)))


def main() -> None:
    errors = {(*at, n): 100 * speed_error(*at, n) for at in CONDITIONS for n in (4, 8)}
    rows = [
        (f"{1e3 * eta:.0f}", alpha, z, *(f"{errors[eta, alpha, z, n]:+.3f}" for n in (4, 8)))
        for eta, alpha, z in CONDITIONS
    ]
    print(common.markdown(("eta (mV)", "alpha", "z", "error at delta/4 (%)", "at delta/8 (%)"), rows))
    found = 100 * convergence()
    print(common.markdown([f"delta/{n}" for n in ELEMENTS], [[f"{error:+.4f} %" for error in found]]))
    by_size = dict(zip(ELEMENTS, found, strict=True))
    print(f"order of convergence {order(np.array([by_size[n] for n in (8, 16, 32)])):.2f}")
    with common.picture(HERE / "planar_speed.png") as made:
        left, right = made.subplots(1, 2)
        sizes = 1 / np.array(ELEMENTS)
        left.plot(sizes**2, found, "o", label="measured")
        line = np.polyfit(sizes**2, found, 1)
        left.plot(
            [0, sizes[0] ** 2], np.polyval(line, [0, sizes[0] ** 2]), "-", color="0.5", label="second order"
        )
        left.set(
            xlabel="(h/δ)²", ylabel="error of the speed (%)", title="-50 mV, α = 0.5, z = 1", ylim=(0, None)
        )
        left.legend()
        for n, marker, limit in ((4, "s", 0.5), (8, "o", 0.1)):
            values = [errors[*at, n] for at in CONDITIONS]
            (points,) = right.plot(values, marker, label=f"h = δ/{n}")
            right.axhline(limit, color=points.get_color(), linestyle="--", linewidth=1)
            right.text(len(values) - 0.5, limit, f"accepted at δ/{n}", ha="right", va="bottom", fontsize=9)
        names = [f"{1e3 * eta:.0f}, {alpha}, {z}" for eta, alpha, z in CONDITIONS]
        right.set_xticks(range(len(names)), names, rotation=60, ha="right", fontsize=8)
        right.set(xlabel="η (mV), α, z", ylabel="error of the speed (%)", ylim=(0, 0.58))
        right.legend(loc="center right")


if __name__ == "__main__":
    main()
