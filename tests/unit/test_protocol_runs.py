"""What a protocol does to a run, end to end on small 1-D cases: mixed control, cycles, stop conditions."""

from pathlib import Path

import numpy as np
import pytest

from fem_sei.cli import main
from fem_sei.post.open import open_run

PLANAR = Path(__file__).parents[2] / "cases" / "tutorials" / "planar_plating.toml"
COARSE = ["mesh.elements_across_interface=4", "output.fields_every={count=2}"]


def run(folder, operation, *changes):
    """The opened run of an operation, with its changes."""
    sets = [part for change in (f"operation={operation}", *COARSE, *changes) for part in ("--set", change)]
    assert main(["run", str(PLANAR), "--out", str(folder), "--no-pictures", *sets]) == 0
    return open_run(folder)


def test_control_changes_from_step_to_step(tmp_path):
    """A current, the voltage it ended at, and a rest: nothing jumps at the first change."""
    opened = run(
        tmp_path / "run",
        '{counter="closed", steps=[{current_density="5 A/m^2", until={duration="20 s", '
        'when="cell_voltage < -22 mV"}}, {potential="-22 mV", until={duration="4 s"}}, '
        '{current_density="0 A/m^2", until={duration="4 s"}}]}',
    )
    h = opened.history
    assert h["charge_balance"].max() < 1e-10 and h["salt_balance"].max() < 1e-10
    held = np.flatnonzero(np.diff(h["current_density"]) != 0)[0]  # the last step at 5 A/m^2
    assert 0 < h["time"][held] < 20
    assert h["cell_voltage"][held] == pytest.approx(-0.022, rel=1e-5)
    assert h["current_density"][held + 1] == pytest.approx(5.0, rel=0.01)
    by_potential = slice(held + 1, np.flatnonzero(h["current_density"])[-1] + 1)
    np.testing.assert_allclose(h["cell_voltage"][by_potential], -0.022, rtol=1e-9)
    assert np.all(np.diff(h["current_density"][by_potential]) < 0)  # the salt gets less
    assert h["time"][-1] == pytest.approx(h["time"][held] + 8.0, rel=1e-9)
    last = opened.fields()
    x = last.points[:, 0]
    assert -last["phi_e"][np.argmax(x)] == pytest.approx(h["cell_voltage"][-1], abs=1e-9)  # one zero for all


def test_a_cycle_returns_to_its_start(tmp_path):
    steps = (
        '{steps=[{repeat=3, steps=[{current_density="5 A/m^2", until={thickness="2 nm"}, ramp="0.5 s"}, '
        '{current_density="-5 A/m^2", until={duration="60 s", when="deposited_thickness < 0 nm"}}]}]}'
    )
    h = run(tmp_path / "run", steps).history
    assert h["deposited_thickness"][-1] == pytest.approx(0.0, abs=2e-15)
    assert h["deposited_thickness"].max() == pytest.approx(2e-9, rel=1e-6)
    turns = np.flatnonzero(np.diff(np.sign(h["current_density"]))) + 1
    assert len(turns) == 5
    assert h["charge_balance"].max() < 1e-10


def test_a_run_stops_in_whichever_step(tmp_path, capsys):
    opened = run(
        tmp_path / "run",
        '{stop="charge > 30 C/m^2", steps=[{repeat=100, steps=[{current_density="5 A/m^2", '
        'until={duration="1 s"}}, {current_density="0 A/m^2", until={duration="1 s"}}]}]}',
    )
    assert opened.history["charge"][-1] == pytest.approx(30.0, rel=1e-6)
    assert opened.history["time"][-1] == pytest.approx(11.0, rel=1e-6)  # where a pulse ends
    assert opened.manifest["status"] == "done" and opened.manifest["exit_code"] == 0
    assert "stopped by charge > 30 C/m^2: " in capsys.readouterr().out


def test_a_condition_met_from_the_start_ends_the_step_at_once(tmp_path):
    h = run(
        tmp_path / "run",
        '{steps=[{current_density="5 A/m^2", until={duration="9 s", when="c_min < 2 mol/L"}}, '
        '{current_density="0 A/m^2", until={duration="1 s"}}]}',
    ).history
    assert h["time"][0] < 0.1 and h["current_density"][0] == 5.0 and h["current_density"][1] == 0.0
    assert h["time"][-1] == pytest.approx(h["time"][0] + 1.0)
