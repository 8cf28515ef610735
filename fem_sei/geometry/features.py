"""The metal surface y = s(x): bumps and sinusoids added up, and the true distance to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

UNIFORM_SAMPLES = 2000  # over the width of the domain
SAMPLES_PER_LENGTH = 400  # over a bump's width, over a sinusoid's wavelength
BUMP_REACH = 6.0  # in bump widths: exp(-36) is nothing
NEWTON_STEPS = 60  # enough for pure bisection to reach round-off


class Surface:
    """Metal surface of a stack: the sum of its features over the flat level y = 0.

        bump       height * exp(-((x - at)/width)^2)
        sinusoid   amplitude * cos(2 pi x/wavelength)

    All lengths in metres. ``features`` are those of the case file (objects with ``kind`` and the names
    above). ``dimension`` 1 is the plane at 0; in 2-D the surface spans 0 <= x <= ``width``, and the
    side walls are mirrors.
    """

    def __init__(self, features: Sequence[Any], dimension: int, width: float | None = None) -> None:
        if dimension not in (1, 2):
            raise ValueError(f"a surface has dimension 1 or 2, not {dimension}")
        if dimension == 1 and features:
            raise ValueError("a 1-D surface is flat: it cannot have features")
        if dimension == 2 and (width is None or width <= 0.0):
            raise ValueError("a 2-D surface needs the width of the domain")
        self.features = tuple(features)
        self.dimension = dimension
        self.width = 0.0 if width is None else float(width)
        for feature in self.features:
            _feature(feature, np.zeros(1))  # an unknown kind is refused here
        self.samples = self._sample()
        heights = self.height(self.samples)
        self.crest = float(heights.max())
        self.trough = float(heights.min())

    @property
    def flat(self) -> bool:
        """No features: the plane at 0."""
        return not self.features

    @property
    def curvature_max(self) -> float:
        """Largest |s''|/(1 + s'^2)^(3/2) of the surface [1/m]."""
        _, slope, second = self._derivatives(self.samples)
        return float(np.max(np.abs(second) / (1.0 + slope**2) ** 1.5))

    def height(self, x: ArrayLike) -> np.ndarray:
        """s(x) [m]."""
        return self._derivatives(x)[0]

    def slope(self, x: ArrayLike) -> np.ndarray:
        """ds/dx."""
        return self._derivatives(x)[1]

    def signed_distance(self, points: ArrayLike) -> np.ndarray:
        """Distance [m] of ``points`` (N, dimension) to the surface, positive in the metal.

        The nearest point is searched on the curve between the side walls: its mirror images beyond a
        wall are never nearer, so this is also the distance to the mirrored surface. The nearest of many
        samples is improved by Newton's method on (t - x) + (s(t) - y) s'(t) = 0, kept between its two
        neighbours by bisection. Round-off accurate, except within about (sample spacing)^2/(8 distance)
        of points equally far from two parts of the curve.
        """
        points = np.asarray(points, dtype=float).reshape(-1, self.dimension)
        y = points[:, -1]
        if self.flat:
            return -y
        x = np.clip(points[:, 0], 0.0, self.width)
        tree = cKDTree(np.column_stack([self.samples, self.height(self.samples)]))
        _, nearest = tree.query(np.column_stack([x, y]))
        low = self.samples[np.maximum(nearest - 1, 0)]
        high = self.samples[np.minimum(nearest + 1, len(self.samples) - 1)]
        t = self.samples[nearest]
        for _ in range(NEWTON_STEPS):
            s, slope, second = self._derivatives(t)
            gradient = (t - x) + (s - y) * slope
            hessian = 1.0 + slope**2 + (s - y) * second
            low = np.where(gradient < 0.0, t, low)
            high = np.where(gradient > 0.0, t, high)
            moved = t - gradient / np.where(hessian > 0.0, hessian, 1.0)
            moved = np.where((moved < low) | (moved > high), 0.5 * (low + high), moved)
            converged = np.max(np.abs(moved - t)) <= 1e-15 * self.width
            t = moved
            if converged:
                break
        s = self.height(t)
        return np.where(y < self.height(x), 1.0, -1.0) * np.hypot(t - x, s - y)

    def _derivatives(self, x: ArrayLike) -> np.ndarray:
        """s, s', s'' at ``x``: (3, *shape of x)."""
        x = np.asarray(x, dtype=float)
        total = np.zeros((3, *x.shape))
        for feature in self.features:
            total += _feature(feature, x)
        return total

    def _sample(self) -> np.ndarray:
        """Positions x from wall to wall, dense where the surface bends."""
        parts = [np.linspace(0.0, self.width, UNIFORM_SAMPLES + 1)]
        for feature in self.features:
            if feature.kind == "bump":
                reach = np.linspace(-BUMP_REACH, BUMP_REACH, int(2 * BUMP_REACH * SAMPLES_PER_LENGTH) + 1)
                parts.append(feature.at + feature.width * reach)
            else:
                count = int(np.ceil(self.width / feature.wavelength * SAMPLES_PER_LENGTH))
                parts.append(np.linspace(0.0, count / SAMPLES_PER_LENGTH * feature.wavelength, count + 1))
        # of two samples equally near but for round-off, the wrong one would bracket the wrong interval
        gap = 0.1 * min(part[1] - part[0] for part in parts)
        x = np.unique(np.concatenate(parts))
        x = x[np.append(True, np.diff(x) > gap)]
        x = x[(x > gap) & (x < self.width - gap)]
        return np.concatenate([[0.0], x, [self.width]])


def _feature(feature: Any, x: np.ndarray) -> np.ndarray:
    """Height of one feature at ``x`` and its first and second derivative."""
    if feature.kind == "bump":
        u = (x - feature.at) / feature.width
        height = feature.height * np.exp(-(u**2))
        return np.stack(
            [height, -2.0 * u / feature.width * height, (4.0 * u**2 - 2.0) / feature.width**2 * height]
        )
    if feature.kind == "sinusoid":
        k = 2.0 * np.pi / feature.wavelength
        height = feature.amplitude * np.cos(k * x)
        return np.stack([height, -k * feature.amplitude * np.sin(k * x), -(k**2) * height])
    raise ValueError(f'unknown kind of feature "{feature.kind}": there are bump and sinusoid')
