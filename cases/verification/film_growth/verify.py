"""Metal growing under a film against closed forms, an independent program and itself; see README.md."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from scipy.constants import R
from scipy.optimize import brentq

from cases.verification import common
from fem_sei.case import overrides
from fem_sei.case.loader import resolve
from fem_sei.closed_form.film_growth import layer_reactions, stopping_stress, stress_sensitivity, wave
from fem_sei.closed_form.kinetics import F, butler_volmer
from fem_sei.studies.film_growth_march import GrowthMarch
from fem_sei.studies.film_growth_observation import GrowthObserver
from fem_sei.studies.film_growth_setup import build_march
from fem_sei.studies.film_growth_state import SurfaceNodes

HERE = Path(__file__).parent
TABLES = tomllib.loads((HERE / "case.toml").read_text(encoding="utf-8"))
NM = 1e-9
E, NU, ETA, I0, ALPHA, T, GAMMA = 50e9, 0.25, -0.1, 10.0, 0.5, 298.15, 0.5
WAVELENGTHS = (5.0, 10.0, 20.0)  # nm
THICKNESSES = (1.0, 4.0, np.inf)  # nm; inf: a film of 1.5 wavelengths
METALS = ("Li", "Na", "K", "Mg", "Ca", "Al")
SIZES = (0.8, 0.4, 0.2, 0.1)  # nm
THIN = {"geometry.layers[film].thickness": "4 nm"}
FLAT = THIN | {"geometry.features": [], "geometry.width": "5 nm"}
CAPILLARY = {"kinetics.surface_energy": f"{GAMMA} J/m^2"}
OPENING = {  # a bond that gives way in the first half of a nanometre
    "interfaces": [{"on": "metal|film", "strength": "100 MPa", "fracture_energy": "0.005 J/m^2"}],
    "mesh.size": "0.4 nm",
}
INDEPENDENT = {  # growth: mean height gained, tip over far and over lowest (nm), tip stress (MPa)
    0.5: (0.440, 0.858, 0.913, -185.0),
    1.0: (0.808, 0.738, 0.845, -216.0),
}


def march(*changes: Mapping[str, Any]) -> GrowthMarch:
    """The growth of case.toml with changes, at its start."""
    merged: dict[str, Any] = {}
    for change in changes:
        merged |= change
    found = build_march(resolve(overrides.apply(TABLES, merged)), MPI.COMM_SELF)
    found.start()
    return found


def steps(found: GrowthMarch, dt: float, count: int) -> Iterator[None]:
    """Equal steps of ``dt`` (s), whatever their error."""
    for _ in range(count):
        found.attempt(dt / found.model.T)
        found.accept(dt / found.model.T)
        yield


def tau(found: GrowthMarch) -> float:
    """Growth (m) that a flat surface without stress would have by now."""
    return found.time * found.model.L


def mean_current(found: GrowthMarch) -> float:
    """Current per projected area, A/m^2."""
    return found.measures.integral("current") / found.model.projected_area * found.model.i_ref


# waves


def decay(wavelength: float, h: float, end: float = 2.0) -> np.ndarray:
    """Growth of a flat surface (nm), amplitude of a wave over its first one, and the same of the closed form:
    rows; lengths in nm."""
    first, thickness = 1e-3 * wavelength, min(h, 1.5 * wavelength)
    feature = {"kind": "sinusoid", "amplitude": f"{first} nm", "wavelength": f"{wavelength} nm"}
    changes = {
        "geometry.width": f"{wavelength / 2.0} nm",
        "geometry.layers[film].thickness": f"{thickness} nm",
        "geometry.features": [feature],
        "time.tolerance": f"{1e-5 * first} nm",
        "time.max_step": "0.2 nm",
        "mesh.size": f"{wavelength / 48.0} nm",
        "mesh.coarse_size": f"{wavelength / 8.0} nm",
    }
    found, rows = march(CAPILLARY, changes), []
    for _ in found.steps_to(end * NM / found.model.L):
        x = found.measures.profile()["x"] * found.model.L / NM
        rows.append([tau(found) / NM, (x[0, 1] - x[-1, 1]) / (2.0 * first)])
    found.model.close()
    growth, amplitude = np.transpose(rows)
    return np.array([growth, amplitude, closed_form(growth, wavelength, h)])


def closed_form(growth: np.ndarray, wavelength: float, h: float) -> np.ndarray:
    """Amplitude over the first one by the two-by-two system; lengths in nm."""
    k = 2.0 * np.pi / (wavelength * NM)
    c_1 = stress_sensitivity(ETA, ALPHA, 1, T, 13.0e-6)
    return wave(growth * NM, k, layer_reactions(k, h * NM, E, NU), c_1, GAMMA)[0]


# flat films


def flat_stress(growth: float) -> float:
    """Largest normal stress (Pa) on flat metal that has grown (nm)."""
    found = march(FLAT)
    found.run(growth * NM / found.model.L)
    return float(np.abs(found.measures.profile()["traction"]).max() * found.model.S)


def at_equilibrium(metal: str) -> tuple[float, float, float]:
    """z F eta/V_m (Pa), and of a flat film under that pressure the largest relative difference of the normal
    stress from it, and the current over 10 A/m^2."""
    free = march(FLAT, {"geometry.layers[metal].material": metal}).model
    stop = stopping_stress(ETA, free.z, free.V_m)
    pressed = {"operation.stack_pressure": f"{-stop!r} Pa", "operation.until": {"duration": "1 s"}}
    found = march(FLAT, {"geometry.layers[metal].material": metal}, pressed)
    off = float(np.abs(found.measures.profile()["traction"] * found.model.S / stop - 1.0).max())
    return stop, off, abs(mean_current(found)) / I0


# convergence


def in_time(counts: Sequence[int]) -> np.ndarray:
    """Amplitude (nm), tip stress (MPa) and metal grown (nm^2) after 0.2 nm of a flat surface in so many equal
    steps: rows."""
    rows = []
    for count in counts:
        found = march(THIN, CAPILLARY, {"mesh.size": "0.4 nm"})
        dt = 0.2 * NM / found.model.L * found.model.T / count
        for _ in steps(found, dt, count):
            pass
        profile, scale = found.measures.profile(), found.model.L / NM
        amplitude, _ = found.measures.amplitudes(profile["x"])
        tip = profile["traction"][found.measures.tip] * found.model.S / 1e6
        rows.append([amplitude * scale, tip, found.metal.value * scale**2])
        found.model.close()
    return np.array(rows)


def orders(values: np.ndarray) -> np.ndarray:
    """Observed orders of values whose steps or elements are halved from row to row."""
    differences = np.abs(np.diff(values, axis=0))
    return np.log2(differences[:-1] / differences[1:])


@dataclass(frozen=True)
class Meshed:
    """On one mesh: amplitude (nm), tip stress (MPa), place (nm) and normal stress (MPa) along the surface."""

    amplitude: float
    tip: float
    x: np.ndarray
    stress: np.ndarray

    @property
    def smoothed(self) -> np.ndarray:
        """The stress as surface.png draws it: means over neighbours, walls as mirrors."""
        beyond = np.concatenate([self.stress[1:2], self.stress, self.stress[-2:-1]])
        return (beyond[:-2] + 2.0 * beyond[1:-1] + beyond[2:]) / 4.0


def on_mesh(size: float, *changes: Mapping[str, Any], until: Sequence[float] = (0.2,)) -> list[Meshed]:
    """At these growths (nm) of a flat surface, with elements of ``size`` (nm) along the surface."""
    end = {"operation.until": {"thickness": f"{max(0.5, until[-1])} nm"}}
    found, states = march(THIN, *changes, {"mesh.size": f"{size} nm"}, end), []
    for growth in until:
        found.run(growth * NM / found.model.L)
        profile, scale = found.measures.profile(), found.model.L / NM
        amplitude, _ = found.measures.amplitudes(profile["x"])
        stress = profile["traction"] * found.model.S / 1e6
        states.append(Meshed(amplitude * scale, float(stress[0]), profile["x"][:, 0] * scale, stress))
    found.model.close()
    return states


def alternation(values: np.ndarray) -> float:
    """Largest part of nodal values that changes sign from node to node: (1, -4, 6, -4, 1)/16, which is the
    amplitude where values alternate and next to nothing where they are smooth."""
    return float(np.abs(np.convolve(values, np.array([1.0, -4.0, 6.0, -4.0, 1.0]) / 16.0, "valid")).max())


# the bump of an independent program


def sample() -> dict[float, tuple[float, float, float, float]]:
    """What `INDEPENDENT` holds."""
    found, rows = march(), {}
    for growth in INDEPENDENT:
        found.run(growth * NM / found.model.L)
        profile, scale = found.measures.profile(), found.model.L / NM
        far, lowest = (scale * one for one in found.measures.amplitudes(profile["x"]))
        w, x = profile["displacement"][:, 1], profile["x"][:, 0]
        mean = float(np.trapezoid(w, x) / found.model.projected_area * scale)
        rows[growth] = (mean, far, lowest, float(profile["traction"][0]) * found.model.S / 1e6)
    return rows


# ohmic drop


def flat_current(kappa: float) -> tuple[float, float]:
    """Mean current density (A/m^2) through a flat film of conductivity ``kappa`` (S/m), and that of charge
    transfer and resistance in series."""
    found = march(FLAT, {"materials.film.kappa": f"{kappa} S/m"})

    def missing(i: float) -> float:
        return float(butler_volmer(ETA + i * 4.0 * NM / kappa, I0, ALPHA, 1, T)) - i

    return mean_current(found), brentq(missing, 0.0, float(butler_volmer(ETA, I0, ALPHA, 1, T)), xtol=1e-14)


def thin_spot(radius: float, kappa: float = 1e-8) -> tuple[float, float, float]:
    """Current at the tip of a bump of 1 nm under a film of 4 nm with a level top over that far away: found,
    of charge transfer and the resistance d/kappa in series, and with the next term of thin films,
    i = kappa eta/d (1 + d d''/3), in the latter."""
    bump = {"kind": "half_cosine", "at": "0 nm", "height": "1 nm", "radius": f"{radius} nm"}
    geometry = {"geometry.width": f"{radius + 20.0} nm", "geometry.top": "level", "geometry.features": [bump]}
    found = march(THIN, geometry, {"materials.film.kappa": f"{kappa} S/m", "mesh.size": "0.25 nm"})
    model = found.model
    eta = (float(model.eta.value) - model.phi.x.array[SurfaceNodes(found).of_film]) * model.potential
    i = butler_volmer(eta, I0, ALPHA, 1, T)
    x = model.w.function_space.tabulate_dof_coordinates()[:, 0]
    transfer = R * T / (F * I0)  # of small overpotentials
    near, far = ((4.0 - height) * NM / kappa for height in (1.0, 0.0))
    spread = 1.0 + 3.0 * 0.5 * (np.pi / radius) ** 2 / 3.0
    return (
        float(i[np.argmin(x)] / i[np.argmax(x)]),
        (far + transfer) / (near + transfer),
        (far + transfer) / (near / spread + transfer),
    )


# balances


def galvanostatic_and_potentiostatic(count: int = 10) -> tuple[float, float]:
    """A bump at a given mean current, and the same at the potentials found there: largest differences of the
    mean current (relative) and of the surface (over its growth)."""
    given = {"operation": {"current_density": "50 A/m^2", "until": {"thickness": "0.5 nm"}}}
    shared = (THIN, CAPILLARY, {"mesh.size": "0.4 nm"})
    one, other = march(*shared, given), march(*shared)
    dt = 0.5 * NM / one.model.L * one.model.T / count
    off = 0.0
    for _ in steps(one, dt, count):
        other.model.eta.value = one.model.eta.value
        next(steps(other, dt, 1))
        off = max(off, abs(mean_current(other) / 50.0 - 1.0))
    w, same = (each.measures.profile()["displacement"] for each in (one, other))
    return off, float(np.abs(w - same).max() / np.abs(w).max())


def balances(*changes: Mapping[str, Any], growth: float = 0.5) -> dict[str, float]:
    """Worst relative differences on the way to a growth (nm) of the flat surface: metal against charge, area
    of the metal against the same, work against energy; and the part of the surface (nm) that has come off."""
    found = march(*changes)
    observer = GrowthObserver(found)
    observer.begin()
    for _ in found.steps_to(growth * NM / found.model.L):
        row = observer.row()
    found.model.close()
    return observer.worst | {"opened": row["opened_length"] / NM}


# the page


def main() -> None:
    draw_waves()
    print_flat()
    print_time()
    draw_mesh()
    print_alternation()
    print_sample()
    print_ohmic()
    print_balances()


def named(h: float) -> str:
    return "half-space" if np.isinf(h) else f"{h:g} nm"


def draw_waves() -> None:
    rows = []
    with common.picture(HERE / "film_growth.png", 9.0, 3.6) as made:
        axes = made.subplots(1, len(THICKNESSES), sharey=True)
        for part, h in zip(axes, THICKNESSES, strict=True):
            part.set(title=f"film of {named(h)}" if np.isfinite(h) else named(h), ylim=(0.0, 1.02))
            part.set(xlabel="growth of a flat surface (nm)", xlim=(0.0, 2.02))
            for wavelength in WAVELENGTHS:
                growth, found, expected = decay(wavelength, h)
                off = 100.0 * (found / expected - 1.0)
                rows.append([named(h), f"{wavelength:g} nm", f"{found[-1]:.4f}", f"{expected[-1]:.4f}"])
                rows[-1] += [f"{off[np.abs(off).argmax()]:+.2f} %"]
                fine = np.linspace(0.0, 2.0, 201)
                (line,) = part.plot(fine, closed_form(fine, wavelength, h), "-", linewidth=1.0)
                shown = np.searchsorted(growth, np.linspace(0.05, 1.99, 14))
                dots = {"color": line.get_color(), "label": f"{wavelength:g} nm"}
                part.plot(growth[shown], found[shown], "o", markersize=3.5, **dots)
        axes[0].set_ylabel("amplitude over first amplitude")
        axes[0].legend(title="wavelength")
    header = ("film", "wavelength", "amplitude after 2 nm", "closed form", "largest error on the way")
    print(common.markdown(header, rows))


def print_flat() -> None:
    print(f"\nstress on flat metal over E: {flat_stress(2.0) / E:.1e}\n")
    rows = []
    for metal in METALS:
        stop, off, current = at_equilibrium(metal)
        rows.append([metal, f"{stop / 1e6:.2f} MPa", f"{off:.0e}", f"{current:.0e}"])
    print(common.markdown(("metal", "z F eta/V_m at -0.1 V", "stress off by", "current over 10 A/m^2"), rows))


def print_time() -> None:
    counts = (10, 20, 40, 80)
    found = in_time(counts)
    order = np.vstack([np.full((2, 3), np.nan), orders(found)])
    rows = []
    for n, count in enumerate(counts):
        row = zip(("{:.6f}", "{:.3f}", "{:.5f}"), found[n], order[n], strict=True)
        rows.append([count, *(with_order(*each) for each in row)])
    print()
    print(common.markdown(("steps", "amplitude (nm)", "tip stress (MPa)", "metal grown (nm^2)"), rows))


def draw_mesh() -> None:
    rows, meshes = [], {}
    for name, changes in (("0", {}), (f"{GAMMA} J/m^2", CAPILLARY)):
        meshes = {size: on_mesh(size, changes)[0] for size in SIZES}
        values = np.array([[one.amplitude, one.tip, one.smoothed[0]] for one in meshes.values()])
        order = np.vstack([np.full((2, 3), np.nan), orders(values)])
        for n, (size, one) in enumerate(meshes.items()):
            found = zip(("{:.5f}", "{:.2f}", "{:.2f}"), values[n], order[n], strict=True)
            rows.append([name, f"{size:g} nm", *(with_order(*each) for each in found)])
            rows[-1] += [f"{alternation(v):.3g}" for v in (one.stress, one.smoothed)]
    print()
    header = ("surface energy", "mesh.size", "amplitude (nm)", "tip stress (MPa)", "smoothed")
    print(common.markdown((*header, "alternation (MPa)", "smoothed"), rows))
    with common.picture(HERE / "mesh.png", 9.0, 3.8) as made:
        axes = made.subplots(1, 2, sharey=True)
        for part, name in zip(axes, ("at the nodes", "smoothed"), strict=True):
            for size, one in meshes.items():
                stress = one.stress if name == "at the nodes" else one.smoothed
                part.plot(one.x, stress, ".-", markersize=3.0, linewidth=0.8, label=f"{size:g} nm")
            part.set(title=name, xlabel="x (nm)", xlim=(0.0, 8.0))
        axes[0].set_ylabel("normal stress (MPa)")
        axes[0].legend(title="mesh.size")


def print_alternation() -> None:
    """How the alternation goes on."""
    rows, growths = [], (0.2, 0.5, 1.0, 2.0)
    for name, changes in (("0", {}), (f"{GAMMA} J/m^2", CAPILLARY)):
        for size in (0.2, 0.1):
            states = on_mesh(size, changes, until=growths)
            for growth, one in zip(growths, states, strict=True):
                rows.append(
                    [name, f"{size:g} nm", f"{growth:g} nm", f"{one.amplitude:.4f}", f"{one.tip:.1f}"]
                )
                rows[-1] += [f"{alternation(v):.3g}" for v in (one.stress, one.smoothed)]
                rows[-1] += [f"{v.min():.0f}" for v in (one.stress, one.smoothed)]
    print()
    header = ("surface energy", "mesh.size", "growth", "amplitude (nm)", "tip stress (MPa)")
    more = ("alternation (MPa)", "smoothed", "largest compression (MPa)", "smoothed")
    print(common.markdown((*header, *more), rows))


def with_order(form: str, value: float, order: float) -> str:
    """A number, and in brackets the observed order if there is one."""
    return form.format(value) + ("" if np.isnan(order) else f" ({order:.2f})")


def print_sample() -> None:
    rows = []
    for growth, found in sample().items():
        pairs = zip(found, INDEPENDENT[growth], strict=True)
        rows.append([f"{growth} nm", *(f"{v:.4g} ({other:.4g})" for v, other in pairs)])
    print()
    header = (
        "growth",
        "mean height gained (nm)",
        "tip over far (nm)",
        "tip over lowest (nm)",
    )
    print(common.markdown((*header, "tip stress (MPa)"), rows))


def print_ohmic() -> None:
    rows = []
    for kappa in (1e-5, 1e-6, 1e-7):
        found, expected = flat_current(kappa)
        rows.append([f"{kappa:g} S/m", f"{found:.6g} A/m^2", f"{found / expected - 1.0:+.0e}"])
    print()
    print(common.markdown(("kappa", "current", "off by"), rows))
    rows = [
        [f"{radius:g} nm", *(f"{ratio:.5f}" for ratio in thin_spot(radius))]
        for radius in (4.0, 8.0, 16.0, 32.0)
    ]
    print()
    print(common.markdown(("radius of the bump", "tip over far", "kappa/d", "with d''"), rows))


def print_balances() -> None:
    current, surface = galvanostatic_and_potentiostatic()
    print(f"\ngalvanostatic and potentiostatic: current {current:.0e}, surface {surface:.0e}\n")
    rows = []
    for name, changes in (
        ("bonded", {}),
        ("stack pressure of 50 MPa", {"operation.stack_pressure": "50 MPa"}),
        ("comes off, gap fills", OPENING),
        ("the same, time.tolerance = 1e-5 nm", OPENING | {"time.tolerance": "1e-5 nm"}),
        ("comes off, growth stops", OPENING | {"interfaces[0].under_open_film": "stops"}),
    ):
        found = balances(CAPILLARY, changes)
        numbers = (f"{found[key]:.0e}" for key in ("charge", "shape", "work"))
        rows.append([name, *numbers, f"{found['opened']:.2f} nm"])
    header = ("film", "charge against metal", "area against metal", "work", "come off")
    print(common.markdown(header, rows))


if __name__ == "__main__":
    main()
