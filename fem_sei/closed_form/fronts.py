"""Shapes of a front: the travelling profile of the order parameter, and Huygens' construction for growth at
uniform normal speed. Lengths in m.

References: C. Huygens, Traite de la lumiere (1690); J. A. Sethian, Level Set Methods and Fast Marching
Methods, 2nd ed. (1999), ch. 1 (the entropy condition at corners).
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike


def travelling_profile(x: ArrayLike, interface_length: float) -> np.ndarray:
    """Order parameter (1 - tanh(x/(2 l)))/2 at the distance `x` (m) from the front.

    x > 0 outside the metal; `interface_length` is l (m), the width of the interface delta = 4 l.
    """
    return (1.0 - np.tanh(np.asarray(x, dtype=float) / (2.0 * interface_length))) / 2.0


def huygens_height(
    x: ArrayLike, surface: Callable[[np.ndarray], np.ndarray], distance: float, samples: int = 801
) -> np.ndarray:
    """Height (m) at `x` of the front that started as the graph of `surface` and moved by `distance` (m).

    Growth at uniform normal speed turns the metal into the union of discs of radius d = `distance` around its
    points, so the front stays a graph,
        y(x) = max over |theta| <= pi/2 of surface(x + d sin(theta)) + d cos(theta),
    and for d < 0 (uniform dissolution) y = -max(-surface(...) + |d| cos(theta)). Concave corners, where the
    offset curve folds over itself, sharpen into shocks as they must. The best of `samples` angles is refined
    by repeated zooming, to rounding. Features narrower than about 10 |d|/`samples` need more samples.
    `surface` must be vectorised and defined wherever the discs reach: reflect it at symmetry walls.
    """
    x = np.asarray(x, dtype=float)
    sign = 1.0 if distance >= 0.0 else -1.0
    radius = abs(distance)
    centre = np.zeros((*x.shape, 1))
    half_range = np.pi / 2.0
    best = sign * np.asarray(surface(x), dtype=float) + radius
    for _ in range(5):
        angles = np.clip(centre + half_range * np.linspace(-1.0, 1.0, samples), -np.pi / 2.0, np.pi / 2.0)
        heights = sign * surface(x[..., None] + radius * np.sin(angles)) + radius * np.cos(angles)
        index = np.argmax(heights, axis=-1)[..., None]
        centre = np.take_along_axis(angles, index, axis=-1)
        best = np.maximum(best, np.take_along_axis(heights, index, axis=-1)[..., 0])
        half_range *= 4.0 / (samples - 1)
    return sign * best
