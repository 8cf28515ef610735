"""Tables of the case file that every study has, and what the tables of all studies are made of.

In the file a quantity is a text with a unit ("25 nm"); here it is a float in SI. Numbers without a dimension
are plain numbers.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, WithJsonSchema

from fem_sei.case.quantity import PositiveLength
from fem_sei.materials.catalogue import KINDS
from fem_sei.materials.library import Material

SCHEMA = 1

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+-]*$", max_length=80)]
Fraction = Annotated[float, Field(gt=0.0, lt=1.0)]
PositiveNumber = Annotated[float, Field(gt=0.0, allow_inf_nan=False)]


class Table(BaseModel):
    """A table of the case file: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, use_attribute_docstrings=True, arbitrary_types_allowed=True
    )


class Identity(Table):
    """What the case is called; the table [case] of every study adds the key `study`."""

    name: Name
    """Name of the case and of its run folder: letters, digits, "_", "-" and "+"."""
    title: str = ""
    """One line for reports and pictures."""


class Layer(Table):
    """One layer of the stack."""

    name: Name
    """Name of the region; interfaces are called "metal|coating"."""
    material: str
    """A material of [materials], or of the library (`fem-sei materials` lists it)."""
    thickness: PositiveLength
    """Its thickness."""


class MeshSource(Table):
    """A mesh from a file instead of one that is made."""

    file: str = ""
    """A mesh to use instead of making one, relative to the case file: .msh or what meshio reads, with groups
    of cells named like the layers and the group of facets "top"."""
    file_unit: PositiveLength = 1e-6
    """The length that 1 stands for in that file."""


class Solver(Table):
    """Linear and nonlinear solvers."""

    profile: Literal["auto", "direct", "iterative"] = "auto"
    """Linear solver: direct (MUMPS) or iterative; auto chooses by size."""
    petsc: dict[str, str | bool | int | float] = {}
    """PETSc options added to the profile, such as ksp_rtol = 1e-4."""


class Variant(Table):
    """The same case with some keys changed; every variant is a run of its own."""

    name: Name
    """Name of the variant and of its folder."""
    set: dict[str, Any] = {}
    """Dotted keys and their values, such as "materials.film.D" = "1e-13 m^2/s"."""


class Sweep(Table):
    """One axis of a sweep: the product of all axes (and of the variants, if there are any) is run, every run
    named by its values, "4nm_Li"."""

    name: Name
    """Name of the axis and of its column in summary.csv."""
    key: str = ""
    """Dotted key that takes the values, such as "geometry.layers[sei].thickness"."""
    values: Annotated[list[Any], Field(min_length=1)]
    """Values of the key; without a key tables { name = "Li", set = { "loading.metal" = "Li" } }."""


def _a_material(value: Any) -> Material:
    """Tables of [materials] become materials before the model is made (see `reader.read`)."""
    if not isinstance(value, Material):
        raise ValueError("needs a table of properties")
    return value


MATERIAL_TABLE = {
    "type": "object",
    "description": 'extends = "library:NAME" and properties to change, or kind and all properties.',
    "properties": {
        "extends": {"type": "string", "pattern": "^library:", "examples": ["library:Al2O3_model"]},
        "kind": {"enum": list(KINDS)},
        "title": {"type": "string"},
        "flag": {"type": "string"},
        "source": {"type": "string"},
    },
}
MaterialTable = Annotated[Material, PlainValidator(_a_material), WithJsonSchema(MATERIAL_TABLE)]
