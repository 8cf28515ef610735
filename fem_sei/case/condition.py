"""Stop conditions of the case file: a history column compared with a quantity, "cell_voltage < -200 mV"."""

import re
from dataclasses import dataclass
from typing import Any

from fem_sei import units
from fem_sei.columns import ALL_COLUMNS, Column
from fem_sei.problems import did_you_mean
from fem_sei.units import NUMBER, Dimension

COMPARISON = re.compile(r"\s*(?P<column>\w+)\s*(?P<sign>[<>])\s*(?P<value>\S.*)")
ROUNDING = 1e-9
NEEDS = 'needs a column of the history, < or >, and a value with its unit (like "cell_voltage < -200 mV")'


@dataclass(frozen=True)
class Condition:
    """Met where ``column`` is on the ``sign`` side ("<" or ">") of ``limit`` (SI); ``text`` as given."""

    text: str
    column: str
    sign: str
    limit: float

    @property
    def smooth(self) -> str:
        """See `Column`."""
        return ALL_COLUMNS[self.column].smooth

    def distance(self, value: float) -> float:
        """What is left until the condition is met; below zero where it is.

        What changes smoothly may be a billionth short of the limit: rounding must not decide whether a step
        that ends there has met it.
        """
        slack = 0.0 if self.smooth == "never" else ROUNDING * abs(self.limit)
        return (value - self.limit if self.sign == "<" else self.limit - value) - slack


def read(text: Any) -> Condition:
    """A condition from its text; ValueError says what is expected."""
    found = COMPARISON.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(NEEDS)
    name = found["column"]
    if name not in ALL_COLUMNS:
        hint = did_you_mean(name, ALL_COLUMNS) or f" There are: {', '.join(ALL_COLUMNS)}."
        raise ValueError(f'"{name}" is no column of the history.{hint}')
    column: Column = ALL_COLUMNS[name]
    return Condition(text, name, found["sign"], _value(found["value"], column.dimension))


def _value(text: str, dimension: Dimension) -> float:
    if dimension is not NUMBER:
        return units.to_si(text, dimension)
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"needs {NUMBER.needs} to compare with") from None
