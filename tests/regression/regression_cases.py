"""The cases of the regression tables and how they are run. `regenerate.py` writes the tables anew."""

import contextlib
import json
import os
import tempfile
from pathlib import Path

import numpy as np
from mpi4py import MPI

from fem_sei.case.loader import load
from fem_sei.post.open import read_history
from fem_sei.results.run_folder import RunFolder
from fem_sei.studies import running
from fem_sei.studies.plating_run import PlatingSimulation

HERE = Path(__file__).parent
LANDESFEIND = 'geometry.layers[electrolyte].material="LiPF6_EC_DMC"'
CASES = {
    "plating": [],
    "cycle_closed": [
        "operation.counter=closed",
        'operation.steps=[{current_density="5 A/m^2", until={thickness="20 nm"}},'
        '{current_density="0 A/m^2", until={duration="20 s"}},'
        '{current_density="-5 A/m^2", until={thickness="-30 nm"}, ramp="5 s"},'
        '{current_density="0 A/m^2", until={duration="200 s"}}]',
    ],
    "magnesium_in_LiPF6": ["geometry.layers[metal].material=Mg", LANDESFEIND, "kinetics.alpha=0.3"],
    "sodium_in_LiPF6_cold": [
        "geometry.layers[metal].material=Na",
        LANDESFEIND,
        'geometry.layers[film].material="LiPF6_EC_DMC"',
        'conditions.temperature="263.15 K"',
        "kinetics.alpha=0.7",
        'operation.steps[0].current_density="200 A/m^2"',
    ],
    "potentiostatic": [
        "operation.mode=potentiostatic",
        'operation.steps=[{potential="-40 mV", until={duration="40 s"}, ramp="10 s"},'
        '{potential="30 mV", until={thickness="-10 nm"}, ramp="10 s"}]',
    ],
    "solid_layer": [
        'geometry.layers[electrolyte].thickness="0.3 um"',
        'geometry.layers[electrolyte].material="solid"',
        'materials.solid={extends="library:LiF", kappa="1e-5 S/m", D="1e-12 m^2/s", t_plus=0.95}',
        "operation.counter=closed",
    ],
}
# what the solver makes of rounding is no result
LEFT_OUT = ("charge_balance", "salt_balance", "newton_iterations", "linear_iterations")


def history_of(name: str) -> dict[str, np.ndarray]:
    """The compared columns of the history of a case, which is run in a temporary folder."""
    case = load(HERE / "base.toml", CASES[name]).case
    with tempfile.TemporaryDirectory() as path, open(os.devnull, "w") as silence:
        folder = RunFolder(Path(path), MPI.COMM_SELF)
        with contextlib.redirect_stdout(silence):
            exit_code, _ = running.run(PlatingSimulation, case, folder, name, None)
        if exit_code != 0:
            raise RuntimeError(json.loads(folder.manifest.read_text())["message"])
        history = read_history(folder.history)
        header = folder.history.read_text().splitlines()[0].split(",")
    titles = {title.partition(" [")[0]: title for title in header}
    return {titles[key]: values for key, values in history.items() if key not in LEFT_OUT}


def table_of(name: str) -> Path:
    """The stored table of a case."""
    return HERE / f"{name}.csv"
