"""What a check of a case finds: numbers, each with a verdict and, if not ok, what to choose."""

import math
from dataclasses import dataclass
from typing import Literal

from fem_sei.units import show

Verdict = Literal["ok", "warn", "refuse"]


@dataclass(frozen=True)
class Row:
    """One number: `value` in `unit` (SI), the verdict, and what to do if it is not ok."""

    name: str
    value: float
    unit: str = ""
    verdict: Verdict = "ok"
    advice: str = ""


@dataclass(frozen=True)
class Assessment:
    """All rows of a case."""

    rows: list[Row]

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the rows."""
        return max((row.verdict for row in self.rows), key=("ok", "warn", "refuse").index)

    def of(self, verdict: Verdict) -> list[Row]:
        """The rows with a verdict."""
        return [row for row in self.rows if row.verdict == verdict]


def grade(good: bool, bearable: bool = True) -> Verdict:
    """The verdict on a number that is good, or bearable at least, or neither."""
    return "ok" if good else "warn" if bearable else "refuse"


def choose(value: float) -> str:
    """A length (m) to recommend, rounded down to two digits."""
    digits = 10.0 ** (math.floor(math.log10(value)) - 1)
    return show(math.floor(value / digits * (1.0 + 1e-9)) * digits, "m", 3)
