"""Field types of the case file: a text with a unit in the file, a float in SI in the program.

`thickness: Length = Field(description=...)` accepts "20 nm" and holds 2e-8; the JSON Schema made of it
tells an editor the type, the pattern and an example.
"""

from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_args

from pydantic import GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic_core import core_schema

from fem_sei import units
from fem_sei.units import Dimension, UnitError, number, show

PATTERN = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*[A-Za-zµμΩÅ°].*$"


@dataclass(frozen=True)
class Quantity:
    """Validator of a quantity: its dimension, and which signs are allowed."""

    dimension: Dimension
    sign: Literal["any", "positive", "not negative"] = "any"

    @property
    def words(self) -> str:
        """What a list of keys says that it takes: "length"."""
        return self.dimension.noun.split(" ", 1)[1]

    @property
    def needs(self) -> str:
        """What a message asks for: `a length (like "20 nm")`."""
        return self.dimension.needs

    def read(self, text: Any) -> float:
        """The value in SI, or a UnitError that says what is expected."""
        if isinstance(text, (int, float)) and not isinstance(text, bool):
            raise UnitError(f"needs {self.dimension.needs}, got a number without a unit")
        if not isinstance(text, str):
            raise UnitError(f"needs {self.dimension.needs}")
        value = units.to_si(text, self.dimension)
        if self.sign == "positive" and not value > 0.0:
            raise UnitError(f"needs {self.dimension.needs} above zero")
        if self.sign == "not negative" and value < 0.0:
            raise UnitError(f"needs {self.dimension.needs}, zero or more")
        return value

    def describe(self, value: Any) -> str:
        """A value that was read, in SI and in a unit of its size: "2e-06 m  (2 um)"."""
        values = value if isinstance(value, tuple) else (value,)
        plain = ", ".join(f"{number(each, 10)} {self.dimension.unit}" for each in values)
        readable = ", ".join(show(each, self.dimension.unit, 6) for each in values)
        return plain + (f"  ({readable})" if readable != plain else "")

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"type": "string", "pattern": PATTERN, "examples": [self.dimension.example]}


@dataclass(frozen=True)
class Quantities(Quantity):
    """Validator of one quantity or a list of two: a float or a pair of floats."""

    def read(self, value: Any) -> float | tuple[float, float]:
        """The value or values in SI, or a UnitError that says what is expected."""
        if not isinstance(value, list):
            return super().read(value)
        if len(value) != 2:
            raise UnitError(f"needs {self.dimension.needs}, or a list of two")
        return tuple(super(Quantities, self).read(each) for each in value)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        one = super().__get_pydantic_json_schema__(schema, handler)
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 2, "maxItems": 2}]}


@dataclass(frozen=True)
class Pair(Quantity):
    """Validator of a list of two quantities: a pair of floats."""

    @property
    def words(self) -> str:
        """What a list of keys says that it takes."""
        return f"list of two, {super().words} each"

    @property
    def needs(self) -> str:
        """What a message asks for."""
        example = self.dimension.example
        return f'a list of two, {self.dimension.noun} each (like ["{example}", "{example}"])'

    def read(self, value: Any) -> tuple[float, float]:
        """The values in SI, or a UnitError that says what is expected."""
        if not isinstance(value, list) or len(value) != 2:
            raise UnitError(f"needs {self.needs}")
        return tuple(super(Pair, self).read(each) for each in value)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        one = super().__get_pydantic_json_schema__(schema, handler)
        return {"type": "array", "items": one, "minItems": 2, "maxItems": 2}


@dataclass(frozen=True)
class Profile(Quantity):
    """Validator of a list of [height, quantity], the heights as plain numbers: a tuple of pairs of floats."""

    @property
    def words(self) -> str:
        """What a list of keys says that it takes."""
        return f"list of [height, {super().words}]"

    @property
    def needs(self) -> str:
        """What a message asks for."""
        example = self.dimension.example
        return f'a list of heights and values (like [[0.0, "{example}"], [1.0, "{example}"]])'

    def read(self, value: Any) -> tuple[tuple[float, float], ...]:
        """The heights and the values in SI, or a UnitError that says what is expected."""
        pairs = value if isinstance(value, list) and len(value) > 1 else [None]
        if not all(isinstance(pair, list) and len(pair) == 2 and _is_number(pair[0]) for pair in pairs):
            raise UnitError(f"needs {self.needs}")
        return tuple((float(height), super(Profile, self).read(each)) for height, each in pairs)

    def describe(self, value: Any) -> str:
        """The pairs that were read, in units of their size."""
        return ", ".join(f"{number(height)}: {show(each, self.dimension.unit, 6)}" for height, each in value)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        pair = {"type": "array", "minItems": 2, "maxItems": 2, "items": {}}
        return {"type": "array", "items": pair, "minItems": 2}


@dataclass(frozen=True)
class Dependence(Quantity):
    """Validator of a list of [``on``, quantity] with ``on`` another quantity: a tuple of pairs of floats."""

    on: Dimension = units.LENGTH

    @property
    def words(self) -> str:
        """What a list of keys says that it takes."""
        return f"list of [{self.on.noun.split(' ', 1)[1]}, {self.dimension.noun.split(' ', 1)[1]}]"

    @property
    def needs(self) -> str:
        """What a message asks for."""
        pair = f'["{self.on.example}", "{self.dimension.example}"]'
        return f"a list of pairs (like [{pair}, {pair}])"

    def read(self, value: Any) -> tuple[tuple[float, float], ...]:
        """The pairs in SI, or a UnitError that says what is expected."""
        pairs = value if isinstance(value, list) and len(value) > 1 else [None]
        if not all(isinstance(pair, list) and len(pair) == 2 for pair in pairs):
            raise UnitError(f"needs {self.needs}")
        at = Quantity(self.on, "positive")
        return tuple((at.read(place), super(Dependence, self).read(each)) for place, each in pairs)

    def describe(self, value: Any) -> str:
        """The pairs that were read, in units of their size."""
        return ", ".join(
            f"{show(place, self.on.unit, 6)}: {show(each, self.dimension.unit, 6)}" for place, each in value
        )

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        text = {"type": "string", "pattern": PATTERN}
        pair = {"type": "array", "minItems": 2, "maxItems": 2, "items": text}
        return {"type": "array", "items": pair, "minItems": 2}


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def quantity_of(field: FieldInfo) -> Quantity | None:
    """The quantity a field holds, `X` or `X | None`; None for other fields."""
    found = [*field.metadata]
    for part in get_args(field.annotation):
        found += getattr(part, "__metadata__", ())
    return next((metadata for metadata in found if isinstance(metadata, Quantity)), None)


Length = Annotated[float, Quantity(units.LENGTH)]
PositiveLength = Annotated[float, Quantity(units.LENGTH, "positive")]
Position = Annotated[float | tuple[float, float], Quantities(units.LENGTH)]
Duration = Annotated[float, Quantity(units.TIME, "not negative")]
PositiveDuration = Annotated[float, Quantity(units.TIME, "positive")]
Temperature = Annotated[float, Quantity(units.TEMPERATURE, "positive")]
Concentration = Annotated[float, Quantity(units.CONCENTRATION, "positive")]
Potential = Annotated[float, Quantity(units.POTENTIAL)]
CurrentDensity = Annotated[float, Quantity(units.CURRENT_DENSITY)]
PositiveCurrentDensity = Annotated[float, Quantity(units.CURRENT_DENSITY, "positive")]
SurfaceEnergy = Annotated[float, Quantity(units.SURFACE_ENERGY, "not negative")]
PositiveInterfaceMobility = Annotated[float, Quantity(units.INTERFACE_MOBILITY, "positive")]
Stress = Annotated[float, Quantity(units.PRESSURE)]
Pressure = Annotated[float, Quantity(units.PRESSURE, "not negative")]
PositiveStress = Annotated[float, Quantity(units.PRESSURE, "positive")]
PositiveFractureEnergy = Annotated[float, Quantity(units.SURFACE_ENERGY, "positive")]
SupportStiffness = Annotated[float, Quantity(units.INTERFACE_STIFFNESS, "not negative")]
PositiveInterfaceStiffness = Annotated[float, Quantity(units.INTERFACE_STIFFNESS, "positive")]
TwoLengths = Annotated[tuple[float, float], Pair(units.LENGTH)]
ModulusProfile = Annotated[tuple[tuple[float, float], ...], Profile(units.PRESSURE, "positive")]
ModulusOfThickness = Annotated[tuple[tuple[float, float], ...], Dependence(units.PRESSURE, "positive")]
