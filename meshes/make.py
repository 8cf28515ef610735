"""Make the meshes of this folder again: docker/run python meshes/make.py"""

from pathlib import Path

import gmsh

from fem_sei.cli import main

HERE = Path(__file__).parent
COLUMN = HERE.parent / "cases" / "verification" / "planar_speed" / "case.toml"

gmsh.initialize(readConfigFiles=False)
gmsh.option.setNumber("General.Terminal", 0)
gmsh.open(str(HERE / "scratched_coating.geo"))
gmsh.model.mesh.generate(2)
gmsh.write(str(HERE / "scratched_coating.msh"))
gmsh.finalize()

SIDES = ("dimension=3", 'width="100 nm"', 'depth="100 nm"')
changes = [f"--set=geometry.{change}" for change in SIDES] + ["--set=mesh.elements_across_interface=3"]
changes.append('--set=operation.steps[0].until.thickness="0.1 um"')
main(["mesh", str(COLUMN), "--out", str(HERE / "column_3d.msh"), *changes])
