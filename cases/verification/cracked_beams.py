"""What the pages of cracked beams share: a run of the case, and beam theory; all per width of the beam."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cases.verification import common
from fem_sei.closed_form import beams


@dataclass(frozen=True)
class Beam:
    """Two arms of thickness ``h`` (m) and modulus ``E`` (Pa), crack ``a0`` (m), rotation ``chi`` of roots,
    fracture energies in mode I and II (J/m^2), ``exponent`` of their mixing; ``length`` of the beam."""

    E: float
    h: float
    a0: float
    chi: float
    G_I: float
    G_II: float
    exponent: float
    length: float

    @classmethod
    def of(cls, case: object) -> Beam:
        """The beam of a case in plane stress."""
        (interface,), layer = case.interfaces, case.geometry.layers[0]
        material = case.materials[layer.material]
        energies = interface.fracture_energy, interface.shear_fracture_energy, interface.mixing_exponent
        chi = beams.root_rotation(material.value("nu"))
        return cls(
            material.value("E"), layer.thickness, interface.flaw.end, chi, *energies, case.geometry.width
        )


@dataclass(frozen=True)
class Bent:
    """A run: the ``path`` (m, of the given displacement), ``load`` (N per m of width), and the load of beam
    theory at the same displacement while the crack grows (``theory``); ``grows``: rows with a growing crack.
    ``advance`` (m): what has failed and half of the process zone; ``dissipated`` (J/m); the worst
    ``balance``; ``viscous``: energy that went into viscosity over what the damage took."""

    beam: Beam
    path: np.ndarray
    load: np.ndarray
    theory: np.ndarray
    grows: np.ndarray
    advance: np.ndarray
    dissipated: np.ndarray
    balance: float
    viscous: float
    steps: int

    @property
    def error(self) -> np.ndarray:
        """Relative error of the load while the crack grows."""
        return self.load[self.grows] / self.theory[self.grows] - 1.0

    @property
    def energy_per_advance(self) -> float:
        """J/m^2, from a straight line through all steps with a growing crack."""
        return float(np.polyfit(self.advance[self.grows], self.dissipated[self.grows], 1)[0])


def run(
    case_file: Path,
    curve: Callable[[Beam, np.ndarray], tuple[np.ndarray, np.ndarray]],
    changes: Sequence[str] = (),
    arms: float = 1.0,
    end: float = 1.0,
) -> Bent:
    """Run a case and compare with ``curve``: load and displacement for crack lengths. ``arms``: how many
    displacements the reaction counts together. The crack counts as growing once a quarter of the largest
    process zone has failed, until the end of the process zone is at ``end`` of the length."""
    outcome = common.run(case_file, changes)
    assert_done(outcome)
    beam, found = Beam.of(outcome.case), outcome.history
    given = max(
        abs(value)
        for boundary in outcome.case.boundaries
        if boundary.displacement is not None
        for value in (boundary.displacement.x, boundary.displacement.y)
        if value is not None
    )
    path, load = arms * given * found["load_factor"], found["reaction"] / arms
    lengths = np.linspace(beam.a0, beam.length, 4000)
    loads, displacements = curve(beam, lengths)
    stable = np.concatenate([[True], np.diff(displacements) > 0.0])
    theory = np.interp(path, displacements[stable], loads[stable])
    tip = beam.a0 + found["debonded"] + found["process_zone"]
    return Bent(
        beam,
        path,
        load,
        theory,
        (found["debonded"] > found["process_zone"].max() / 4.0) & (tip < end * beam.length),
        found["debonded"] + 0.5 * found["process_zone"],
        found["dissipated_energy"],
        float(np.abs(found["work_balance"]).max()),
        float(found["viscous_energy"][-1] / found["dissipated_energy"][-1]),
        len(path),
    )


def assert_done(outcome: common.Outcome) -> None:
    """Raise if the run has not come to its end."""
    if outcome.exit_code:
        raise RuntimeError(f"the run ended with {outcome.exit_code}: {outcome.manifest.get('message')}")


def summary(found: Bent) -> list[str]:
    """Cells of the table: error of the load from and to, energy per advance, work balance, steps."""
    low, high = 100.0 * found.error.min(), 100.0 * found.error.max()
    return [
        f"{low:+.2f} to {high:+.2f} %",
        f"{found.energy_per_advance:.2f} J/m^2",
        f"{found.balance:.1e}",
        f"{found.steps}",
    ]


HEADER = ("", "load over beam theory", "energy per advance", "work balance", "steps")


def draw(
    path: Path, found: Bent, curve: Callable[[Beam, np.ndarray], tuple[np.ndarray, np.ndarray]], label: str
) -> None:
    """Load over displacement with beam theory, and its error."""
    lengths = np.linspace(found.beam.a0, found.beam.length, 4000)
    loads, displacements = curve(found.beam, lengths)
    shown = displacements < found.path.max()
    with common.picture(path) as made:
        axes, errors = made.subplots(1, 2)
        axes.plot(
            1e3 * displacements[shown], 1e-3 * loads[shown], "--", color="0.5", label="beam, crack grows"
        )
        first = displacements[0]
        axes.plot([0.0, 1e3 * first], [0.0, 1e-3 * loads[0]], ":", color="0.5", label="beam, crack rests")
        axes.plot(1e3 * found.path, 1e-3 * found.load, label="computed")
        axes.set(xlabel=label, ylabel="load (N per mm of width)", ylim=(0.0, None), xlim=(0.0, None))
        axes.legend()
        errors.plot(1e3 * found.path[found.grows], 100.0 * found.error)
        errors.set(xlabel=label, ylabel="load over beam theory - 1 (%)")
