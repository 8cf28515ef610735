"""Growth under a film is the same on 1, 2 and 3 ranks."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ENVIRONMENT = dict(os.environ)
PROGRAM = Path(__file__).with_name("film_growth_program.py")
POLICY = ("OMPI_MCA_rmaps_default_mapping_policy", "PRTE_MCA_rmaps_default_mapping_policy")


@pytest.mark.mpi
def test_results_do_not_depend_on_the_number_of_ranks(tmp_path: Path) -> None:
    found = []
    for ranks in (1, 2, 3):
        output = tmp_path / f"{ranks}.json"
        command = ["mpirun", "-n", str(ranks), sys.executable, str(PROGRAM), str(output)]
        allow = dict.fromkeys(POLICY, ":oversubscribe")
        done = subprocess.run(command, env=ENVIRONMENT | allow, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        found.append(json.loads(output.read_text()))
    scale = np.abs(found[0]["traction"]).max()
    for other in found[1:]:
        assert other["steps"] == found[0]["steps"]
        for key in ("eta", "metal", "charge", "work", "elastic", "amplitude", "damage"):
            assert other[key] == pytest.approx(found[0][key], rel=1e-9)
        assert np.abs(np.subtract(other["traction"], found[0]["traction"])).max() < 1e-8 * scale
