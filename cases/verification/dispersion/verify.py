"""Growth rate of a sinusoid against the dispersion relation; see README.md."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import ufl
from dolfinx import fem

from cases.verification import common, stepping
from fem_sei.case import estimates
from fem_sei.case.loader import load
from fem_sei.closed_form.dispersion import FlatFront, growth_factor
from fem_sei.closed_form.transport import steady_stack_current, steady_stack_voltage

HERE = Path(__file__).parent
CASE = HERE / "case.toml"
SETTLED = 35.0  # s after which the concentration follows the growth: 7 times 4 L^2/(pi^2 D)


@dataclass(frozen=True)
class Setting:
    """A wave (m), its interface width (m), and i0, current at the full layer (A/m^2), gamma (J/m^2)."""

    wavelength: float
    interface_width: float
    i0: float = 30.0
    current: float = 10.0
    gamma: float = 0.0
    grown: float = 0.16e-6
    elements: int = 4

    @property
    def k(self) -> float:
        """Wavenumber (1/m)."""
        return 2 * np.pi / self.wavelength


@dataclass(frozen=True)
class Growth:
    """What a run measured, from SETTLED on: time (s), mean growth (m) and amplitude (m); and its theory."""

    setting: Setting
    layered: FlatFront  # with the full layer
    voltage: float
    time: np.ndarray
    grown: np.ndarray
    amplitude: np.ndarray

    def flat(self, grown: float) -> FlatFront:
        """The flat front after some growth, at the potential of the run."""
        thinner = replace(self.layered.layers[0], thickness=self.layered.layers[0].thickness - grown)
        own = {name: getattr(self.layered, name) for name in ("i0", "alpha", "z", "T", "V_m")}
        current = steady_stack_current(self.voltage, [thinner], self.layered.c0, **own)
        return replace(self.layered, layers=[thinner], current=current)

    @property
    def omega(self) -> float:
        """Measured mean growth rate (1/s)."""
        return float(np.log(self.amplitude[-1] / self.amplitude[0]) / (self.time[-1] - self.time[0]))

    @property
    def theory(self) -> float:
        """Mean of the theory's growth rate (1/s) over the same growth."""
        start = self.flat(self.grown[0])
        factor, time = growth_factor(start, self.setting.k, self.grown[-1] - self.grown[0], self.voltage)
        return float(np.log(factor) / time)

    @property
    def error(self) -> float:
        """Relative error of the growth rate."""
        return self.omega / self.theory - 1.0


def measure(setting: Setting) -> Growth:
    """Run half a wavelength at the potential of ``setting.current`` and record the amplitude."""
    changes = [
        f"geometry.width={setting.wavelength / 2} m",
        f"geometry.features[0].wavelength={setting.wavelength} m",
        f"geometry.features[0].amplitude={setting.wavelength / 100} m",
        f"phase_field.interface_width={setting.interface_width} m",
        f"mesh.elements_across_interface={setting.elements}",
        f"kinetics.exchange_current_density={setting.i0} A/m^2",
        f"kinetics.surface_energy={setting.gamma} J/m^2",
        f"operation.steps[0].until.thickness={setting.grown} m",
    ]
    case = load(CASE, changes).case
    stack = estimates.stack(case, case.metal, case.ion_conductors)
    own = common.electrode(case)
    voltage = steady_stack_voltage(setting.current, stack.layers, stack.c0, **own).total
    case, model = common.model_of(CASE, [*changes, f"operation.steps[0].potential={voltage} V"])
    own.pop("c_ref")
    layered = FlatFront(stack.layers, setting.current, stack.c0, gamma=setting.gamma, **own)

    x, length = ufl.SpatialCoordinate(model.stack.mesh), model.scales.length
    wavenumber = fem.Constant(model.stack.mesh, setting.k * length)
    projection = fem.form(
        2 / model.area * ufl.split(model.u)[0] * ufl.cos(wavenumber * x[0]) * model.stack.dx
    )
    found = [
        (row["time"], row["deposited_thickness"], model.total(projection) * length)
        for row in stepping.rows(case, model)
    ]
    time, grown, amplitude = np.array(found)[[row[0] >= SETTLED for row in found]].T
    return Growth(setting, layered, voltage, time, grown, amplitude)


UM, NM = 1e-6, 1e-9
LONG = [Setting(1 * UM, 25 * NM), Setting(2 * UM, 50 * NM), Setting(4 * UM, 50 * NM)]
SLOW = [
    Setting(1 * UM, 25 * NM, i0=1.0, current=5.0, grown=0.08e-6),
    Setting(2 * UM, 50 * NM, i0=1.0, current=5.0),
    Setting(4 * UM, 50 * NM, i0=1.0, current=5.0),
]
FAST = [  # a thinner interface, see README.md
    Setting(1 * UM, 25 * NM, i0=300.0, grown=0.08e-6),
    Setting(2 * UM, 25 * NM, i0=300.0, grown=0.08e-6),
    Setting(4 * UM, 50 * NM, i0=300.0),
]
WIDER = [
    Setting(1 * UM, 50 * NM),
    Setting(2 * UM, 100 * NM),
    Setting(4 * UM, 100 * NM),
    Setting(2 * UM, 50 * NM, elements=8),
    Setting(1 * UM, 50 * NM, i0=1.0, current=5.0),
    Setting(2 * UM, 50 * NM, i0=300.0),
]
SURFACE = [
    Setting(2 * UM, 50 * NM, gamma=0.5),
    Setting(0.5 * UM, 25 * NM, gamma=0.5, grown=0.1e-6),
    Setting(1 * UM, 50 * NM, gamma=5.0),
    Setting(0.6 * UM, 30 * NM, gamma=5.0, grown=0.1e-6),
    Setting(0.3 * UM, 15 * NM, gamma=5.0, grown=0.08e-6),
]


def main() -> None:
    found = [measure(setting) for setting in (*LONG, *SLOW, *FAST, *SURFACE, *WIDER)]
    lines = []
    for growth in found:
        s = growth.setting
        matters = 1.0 - growth.theory / replace(growth, layered=replace(growth.layered, gamma=0.0)).theory
        lines.append(
            (
                f"{s.wavelength / UM:g}",
                f"{s.interface_width / NM:.0f}",
                f"delta/{s.elements}",
                f"{s.i0:g}",
                f"{s.current:g}",
                f"{s.gamma:g}",
                f"{1e3 * growth.omega:.4f}",
                f"{1e3 * growth.theory:.4f}",
                f"{100 * growth.error:+.2f}",
                f"{100 * matters:.1f}",
            )
        )
    header = ("lambda (um)", "delta (nm)", "h", "i0 (A/m^2)", "i (A/m^2)", "gamma (J/m^2)")
    header += ("omega (1e-3/s)", "theory (1e-3/s)", "error (%)", "taken by gamma (%)")
    print(common.markdown(header, lines))
    draw(found)


def draw(found: list[Growth]) -> None:
    """Growth rates over the wavelength, and amplitudes over the time, with the theory."""
    with common.picture(HERE / "dispersion.png", 10.0, 4.2) as made:
        left, right = made.subplots(1, 2)
        kinds = {(g.setting.i0, g.setting.current, g.setting.gamma) for g in found}
        for number, (i0, current, gamma) in enumerate(sorted(kinds)):
            own = [
                g
                for g in found
                if (g.setting.i0, g.setting.current, g.setting.gamma) == (i0, current, gamma)
                and g.setting not in WIDER
            ]
            flat = own[0].flat(0.5 * (own[0].grown[0] + own[0].grown[-1]))
            shortest = 0.26 if gamma == 5.0 else 0.4
            waves = np.geomspace(shortest, 4.5, 200) * UM
            (line,) = left.plot(
                waves / UM,
                1e3 * flat.growth_rate(2 * np.pi / waves),
                "-",
                color=f"C{number}",
                label=f"i0 = {i0:g}, i = {current:g}, γ = {gamma:g}",
            )
            for g in own:  # on the curve's own thickness: the relative error is what is shown
                there = g.flat(0.5 * (own[0].grown[0] + own[0].grown[-1])).growth_rate(g.setting.k)
                left.plot(g.setting.wavelength / UM, 1e3 * there * (1 + g.error), "o", color=line.get_color())
        left.axhline(0.0, color="0.5", linewidth=1)
        left.set(xscale="log", xlabel="wavelength (um)", ylabel="growth rate (1e-3/s)", ylim=(-11, 9))
        left.set_xticks([0.3, 0.5, 1, 2, 4], ["0.3", "0.5", "1", "2", "4"])
        left.minorticks_off()
        left.legend(title="lines: theory (A/m², J/m²)", fontsize=9)
        for number, g in enumerate(g for g in found if g.setting in (*LONG, SURFACE[-1])):
            s = g.setting
            right.semilogy(
                g.time[::3],
                (g.amplitude / g.amplitude[0])[::3],
                "o",
                markersize=4,
                color=f"C{number}",
                label=f"{s.wavelength / UM:g} um" + (f", γ = {s.gamma:g}" if s.gamma else ""),
            )
            grown = np.linspace(0, g.grown[-1] - g.grown[0], 9)[1:]
            factor, time = growth_factor(g.flat(g.grown[0]), s.k, grown, g.voltage)
            right.plot([g.time[0], *(g.time[0] + time)], [1, *factor], "-", color=f"C{number}", linewidth=1.2)
        right.set(xlabel="time (s)", ylabel="amplitude / amplitude at 35 s", title="i0 = 30, i = 10 A/m²")
        ticks = (0.6, 0.8, 1, 1.2, 1.5)
        right.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        right.minorticks_off()
        right.legend(title="lines: theory", fontsize=9)


if __name__ == "__main__":
    main()
