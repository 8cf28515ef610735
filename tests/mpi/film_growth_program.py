"""Grow metal under a film that conducts and may come off; write what came out: program OUTPUT."""

import json
import sys
from pathlib import Path

from mpi4py import MPI

from fem_sei.case.loader import resolve
from fem_sei.studies.film_growth_setup import build_march

CASE = {
    "schema": 1,
    "case": {"name": "ranks", "study": "film_growth"},
    "geometry": {
        "dimension": 2,
        "width": "10 nm",
        "layers": [
            {"name": "metal", "material": "Li", "thickness": "20 nm"},
            {"name": "film", "material": "film", "thickness": "4 nm"},
        ],
        "features": [{"kind": "half_cosine", "at": "0 nm", "height": "1 nm", "radius": "4 nm"}],
    },
    "operation": {"current_density": "50 A/m^2", "until": {"thickness": "0.3 nm"}},
    "interfaces": [{"on": "metal|film", "strength": "100 MPa", "fracture_energy": "0.01 J/m^2"}],
    "materials": {"film": {"kind": "solid", "E": "50 GPa", "nu": 0.25, "kappa": "1e-6 S/m"}},
    "mesh": {"size": "0.4 nm"},
}

march = build_march(resolve(CASE), MPI.COMM_WORLD)
march.start()
march.run(0.3e-9 / march.model.L)
measures, joint = march.measures, march.model.joint
profile = measures.profile()
found = {
    "eta": float(march.model.eta.value),
    "metal": march.metal.value,
    "charge": march.charge.value,
    "work": march.work,
    "elastic": measures.integral("elastic"),
    "amplitude": measures.amplitudes(profile["x"])[0],
    "traction": profile["traction"].tolist(),
    "damage": joint.integral(joint.values("energy_damage")),
    "steps": march.steps,
}
if MPI.COMM_WORLD.rank == 0:
    Path(sys.argv[1]).write_text(json.dumps(found))
