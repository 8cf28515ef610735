"""The curve of a path: load, measure and crack advance of its steps; its largest load."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PLATEAU = 2e-3  # relative rise of the load during the last cohesive length of crack advance: neutral


@dataclass
class Curve:
    """Load, measure and crack advance of the steps so far."""

    measures: list[float] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)
    advances: list[float] = field(default_factory=list)

    def add(self, measure: float, load: float, advance: float) -> None:
        """A step more."""
        self.measures.append(measure)
        self.loads.append(load)
        self.advances.append(advance)

    @property
    def largest(self) -> float:
        """Largest load, at the vertex of the parabola through the three steps around it."""
        n = int(np.argmax(self.loads))
        if n in (0, len(self.loads) - 1):
            return self.loads[n]
        x, y = np.array(self.measures[n - 1 : n + 2]), np.array(self.loads[n - 1 : n + 2])
        a, b, c = np.polyfit((x - x[1]) / (x[2] - x[0]), y, 2)
        return float(c - b**2 / (4.0 * a)) if a < 0.0 else self.loads[n]

    def flat(self, length: float) -> bool:
        """Whether the load has hardly changed while the crack advanced by the last ``length``."""
        before = [n for n, advance in enumerate(self.advances) if advance <= self.advances[-1] - length]
        if not before or self.advances[before[-1]] <= 0.0:
            return False
        recent = self.loads[before[-1] :]
        return max(recent) - min(recent) < PLATEAU * max(recent)
