"""Charge passed against metal grown, and salt against what entered, at every step; see README.md."""

from __future__ import annotations

from pathlib import Path

from cases.verification import common

HERE = Path(__file__).parent
POTENTIAL_STEPS = (
    '{potential = "-50 mV", until = {thickness = "0.3 um"}},'
    '{potential = "0 mV", until = {duration = "20 s"}, ramp = "1 s"},'
    '{potential = "50 mV", until = {thickness = "-0.4 um"}, ramp = "1 s"}'
)
MODES = {
    "galvanostatic": (),
    "potentiostatic": ("operation.mode=potentiostatic", f"operation.steps=[{POTENTIAL_STEPS}]"),
    "galvanostatic, Mg, properties depend on c": (
        "geometry.layers[metal].material=Mg",
        "geometry.layers[electrolyte].material=LiPF6_EC_EMC",
    ),
}
COUNTERS = ("closed", "reservoir")


def measure(mode: str, counter: str) -> common.Outcome:
    """Plate 0.3 um into the second layer, rest, and strip 0.4 um."""
    return common.run(HERE / "case.toml", [*MODES[mode], f"operation.counter={counter}"])


def main() -> None:
    found = {(mode, counter): measure(mode, counter) for mode in MODES for counter in COUNTERS}
    rows = []
    for (mode, counter), result in found.items():
        h = result.history
        worst = [f"{h[column].max():.1e}" for column in ("charge_balance", "salt_balance")]
        span = f"{h['c_min'].min():.0f} to {h['c_tip'].max():.0f}"
        rows.append((mode, counter, len(h["time"]), span, *worst))
    header = ("mode", "counter electrode", "steps", "c (mol/m^3)", "charge, worst step", "salt, worst step")
    print(common.markdown(header, rows))
    with common.picture(HERE / "charge_and_salt.png", 9.5, 6.4) as made:
        (growth, charge), (voltage, salt) = made.subplots(2, 2, sharex=True)
        for (mode, counter), result in found.items():
            h, line = result.history, "-" if counter == "closed" else "--"
            if mode in ("galvanostatic", "potentiostatic"):
                style = {"label": f"{mode}, {counter}", "linestyle": line}
                growth.plot(h["time"], 1e6 * h["deposited_thickness"], **style)
                voltage.plot(h["time"], 1e3 * h["cell_voltage"], **style)
                charge.semilogy(h["time"], h["charge_balance"] + 1e-17, **style)
                salt.semilogy(h["time"], h["salt_balance"] + 1e-17, **style)
        growth.set(ylabel="metal grown (µm)")
        growth.legend(fontsize=8)
        voltage.set(ylabel="cell voltage (mV)", xlabel="time (s)")
        for axes, name in ((charge, "charge"), (salt, "salt")):
            axes.axhline(1e-10, color="0.3", linewidth=1)
            axes.set(ylabel=f"relative error of {name}", ylim=(1e-17, 1e-9))
        salt.set(xlabel="time (s)")


if __name__ == "__main__":
    main()
