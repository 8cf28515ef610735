"""A protocol that is stopped anywhere and continued: the same table as without a break."""

import os
import signal
from pathlib import Path

import numpy as np
import pytest

from fem_sei.cli import main
from fem_sei.post.open import open_run
from fem_sei.studies import stopping

PLANAR = Path(__file__).parents[2] / "cases" / "tutorials" / "planar_plating.toml"
OPERATION = (
    'operation={counter="closed", counter_electrode="%s", stop="charge > 33 C/m^2", steps=['
    '{repeat=2, steps=[{current_density="5 A/m^2", until={duration="9 s", when="c_min < 900 mol/m^3"}}, '
    '{current_density="0 A/m^2", until={duration="1 s"}}]}, {potential="-20 mV", until={duration="3 s"}}, '
    '{current_density="5 A/m^2", until={thickness="9 nm"}, ramp="1 s"}]}'
)


@pytest.mark.parametrize("electrode", ["uniform_current", "equipotential"])
def test_a_protocol_goes_on_where_it_was_stopped(tmp_path, monkeypatch, electrode):
    def run(folder):
        sets = [OPERATION % electrode, "mesh.elements_across_interface=4", "output.fields_every.count=1"]
        parts = [part for change in sets for part in ("--set", change)]
        return main(["run", str(PLANAR), "--out", str(folder), "--no-pictures", *parts])

    assert run(tmp_path / "whole") == 0
    whole = open_run(tmp_path / "whole").history
    after_step, total = stopping.Watch.after_step, len(whole["time"])
    for steps in {3, total // 4, total // 2, 3 * total // 4, total - 2}:
        taken = []

        def counted(self, now, taken=taken, steps=steps):
            taken.append(now)
            if len(taken) == steps:
                os.kill(os.getpid(), signal.SIGTERM)
            return after_step(self, now)

        monkeypatch.setattr(stopping.Watch, "after_step", counted)
        folder = tmp_path / str(steps)
        assert run(folder) == 130
        assert main(["restart", str(folder), "--no-pictures"]) == 0
        found = open_run(folder).history
        for name, values in found.items():
            np.testing.assert_allclose(values, whole[name], rtol=1e-10, atol=1e-14, err_msg=f"{steps} {name}")
