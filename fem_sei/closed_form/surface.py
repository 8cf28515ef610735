"""The metal surface: bumps, waves and random roughness added up, nuclei on top, and the distance to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

UNIFORM_SAMPLES = {2: 2000, 3: 100}  # over the width (and the depth) of the domain, by dimension
SAMPLES_PER_LENGTH = {2: 400, 3: 24}  # over a bump's width, a wavelength, a correlation length
BUMP_REACH = {2: 6.0, 3: 3.0}  # of these samples, in bump widths: exp(-9) is little, exp(-36) nothing
NEWTON_STEPS = 60
SPECTRUM_END = 8.0  # largest wave number of a roughness times its correlation length: exp(-16) of the power
KINDS = ("bump", "half_cosine", "circular", "sinusoid", "roughness", "nucleus")
FINITE = ("half_cosine", "circular")  # nothing beyond their radius
AT_ONCE = 20_000  # points evaluated together: bounds the memory


class Surface:
    """Metal surface of a stack over the flat level 0; t is the position along it, (x) or (x, y).

        bump       height exp(-|t - at|^2/width^2)
        half_cosine  height (1 + cos(pi (x - at)/radius))/2 for |x - at| < radius, 2-D only
        circular   cap of a circle over |x - at| < radius, with a fillet at its foot, 2-D only
        sinusoid   amplitude cos(2 pi x/wavelength) [cos(2 pi y/wavelength_y)]
        roughness  sum of a_kl cos(pi k x/width) [cos(pi l y/depth)] with Gaussian a_kl of the variance
                   exp(-kappa^2 correlation_length^2/4): correlation exp(-r^2/correlation_length^2) away
                   from the walls, which are mirrors; scaled so that its mean is 0 and its RMS is ``rms``
        nucleus    the ball |(t, z) - (at, s(at))| < radius, sitting on the sum s(t) of the others

    All lengths in metres. ``features`` are those of the case file (objects with ``kind`` and the names
    above; ``at`` is x, in 3-D (x, y)). ``dimension`` 1 is the plane at 0; the surface spans 0 <= x <=
    ``width`` and in 3-D 0 <= y <= ``depth``, and the side walls are mirrors. Raises ValueError for what is
    no surface.
    """

    def __init__(
        self,
        features: Sequence[Any],
        dimension: int,
        width: float | None = None,
        depth: float | None = None,
    ) -> None:
        if dimension not in (1, 2, 3):
            raise ValueError(f"a surface has dimension 1, 2 or 3, not {dimension}")
        if dimension == 1 and features:
            raise ValueError("a 1-D surface is flat: it cannot have features")
        self.lengths = tuple(length or 0.0 for length in (width, depth)[: dimension - 1])
        if not all(length > 0.0 for length in self.lengths):
            needed = "width" if dimension == 2 else "width and the depth"
            raise ValueError(f"a {dimension}-D surface needs the {needed} of the domain")
        for feature in features:
            if feature.kind not in KINDS:
                kinds = f"{', '.join(KINDS[:-1])} and {KINDS[-1]}"
                raise ValueError(f'unknown kind of feature "{feature.kind}": there are {kinds}')
            if hasattr(feature, "at") and np.size(feature.at) != dimension - 1:
                raise ValueError(f"a feature of a {dimension}-D surface is at {dimension - 1} coordinates")
        self.features = tuple(features)
        self.dimension = dimension
        self._graph = [(f, self._amplitudes(f)) for f in self.features if f.kind != "nucleus"]
        nuclei = [f for f in self.features if f.kind == "nucleus"]
        at = np.array([np.atleast_1d(f.at) for f in nuclei]).reshape(len(nuclei), dimension - 1)
        centres = np.column_stack([at, self._derivatives(at, 0)[0]])
        self.nuclei = [(centre, f.radius) for centre, f in zip(centres, nuclei, strict=True)]

    @cached_property
    def axes(self) -> list[np.ndarray]:
        """Positions along each axis from wall to wall, dense where the surface bends."""
        return [self._sample(axis) for axis in range(self.dimension - 1)]

    @cached_property
    def _heights(self) -> np.ndarray:
        """s at all combinations of ``axes``, (N,)."""
        total = np.zeros([len(axis) for axis in self.axes])
        for feature, amplitudes in self._graph:
            factors = [self._factor(feature, n, x, 0)[0] for n, x in enumerate(self.axes)]
            found = factors[0] @ amplitudes
            total += found @ factors[1].T if len(factors) == 2 else found[:, 0]
        return total.ravel()

    @cached_property
    def _samples(self) -> np.ndarray:
        """The combinations of ``axes``, (N, n)."""
        return np.stack(np.meshgrid(*self.axes, indexing="ij"), axis=-1).reshape(-1, self.dimension - 1)

    @property
    def crest(self) -> float:
        """Highest point [m], of the nuclei too."""
        tops = [centre[-1] + radius for centre, radius in self.nuclei]
        return float(max([self._heights.max(), *tops])) if self.features else 0.0

    @property
    def trough(self) -> float:
        """Lowest point [m]."""
        return 0.0 if self.flat else float(self._heights.min())

    @property
    def flat(self) -> bool:
        """Nothing but nuclei: s = 0."""
        return not self._graph

    @property
    def curvature_max(self) -> float:
        """Largest principal curvature [1/m] of the surface without its nuclei, and of these 1/radius."""
        _, gradient, second = self._derivatives(self._samples, 2)
        n = self.dimension - 1
        metric = np.eye(n) + gradient[:, :, None] * gradient[:, None, :]
        shape = np.linalg.solve(metric, second) / np.sqrt(1.0 + np.sum(gradient**2, axis=1))[:, None, None]
        graph = float(np.abs(np.linalg.eigvals(shape)).max(initial=0.0))
        return max([graph, *(1.0 / radius for _, radius in self.nuclei)])

    def height(self, *along: ArrayLike) -> np.ndarray:
        """s(x) or s(x, y) [m], without the nuclei."""
        x = np.broadcast_arrays(*(np.asarray(each, dtype=float) for each in along))
        return self._derivatives(np.stack(x, axis=-1).reshape(-1, len(x)), 0)[0].reshape(x[0].shape)

    def signed_distance(self, points: ArrayLike) -> np.ndarray:
        """Distance [m] of ``points`` (N, dimension) to the surface, positive in the metal.

        The nearest point is searched between the side walls: its mirror images beyond a wall are never
        nearer, so this is also the distance to the mirrored surface. The nearest of many samples is
        improved by Newton's method on |(t, s(t)) - point|^2, with steps that never increase it. Round-off
        accurate, except within about (sample spacing)^2/(8 distance) of points equally far from two parts
        of the surface. In the metal next to a nucleus the nearer of its sphere and the rest counts, which
        there is part of the metal: the distance is a lower bound.
        """
        points = np.asarray(points, dtype=float).reshape(-1, self.dimension)
        distance = -points[:, -1] if self.flat else self._distance_to_graph(points)
        for centre, radius in self.nuclei:
            distance = np.maximum(distance, radius - np.linalg.norm(points - centre, axis=1))
        return distance

    def _distance_to_graph(self, points: np.ndarray) -> np.ndarray:
        """Signed distance to z = s(t)."""
        lengths, z = np.array(self.lengths), points[:, -1]
        x = np.clip(points[:, :-1], 0.0, lengths)
        tree = cKDTree(np.column_stack([self._samples, self._heights]))
        spacing = max(float(np.diff(axis).max()) for axis in self.axes)
        _, nearest = tree.query(np.column_stack([x, z]))
        t = self._samples[nearest]
        least = _squared(t - x, self._heights[nearest] - z)
        active, reach = np.arange(len(t)), np.full(len(t), spacing)
        for _ in range(NEWTON_STEPS):
            here, at, away = t[active], x[active], z[active]
            s, gradient, second = self._derivatives(here, 2)
            slope = (here - at) + (s - away)[:, None] * gradient
            # a coordinate that wants to leave through a wall stays on it
            held = ((here <= 0.0) & (slope > 0.0)) | ((here >= lengths) & (slope < 0.0))
            slope = np.where(held, 0.0, slope)
            matrix = np.eye(len(lengths)) + gradient[:, :, None] * gradient[:, None, :]
            curved = matrix + (s - away)[:, None, None] * second
            convex = np.linalg.eigvalsh(curved)[:, 0] > 0.0
            matrix = np.where(convex[:, None, None], curved, matrix)
            free = ~(held[:, :, None] | held[:, None, :]) | np.eye(len(lengths), dtype=bool)
            step = -np.linalg.solve(np.where(free, matrix, 0.0), slope[:, :, None])[:, :, 0]
            step *= np.minimum(1.0, reach[active] / np.maximum(np.linalg.norm(step, axis=1), 1e-300))[:, None]
            moved = np.clip(here + step, 0.0, lengths)
            square = _squared(moved - at, self._derivatives(moved, 0)[0] - away)
            before = least[active]
            better = square <= before
            t[active[better]], least[active[better]] = moved[better], square[better]
            reach[active[~better]] *= 0.25
            length = np.linalg.norm(moved - here, axis=1)
            stuck = (length <= 1e-6 * spacing) & (square >= before * (1.0 - 1e-14))  # rounding decides
            active = active[~(stuck | (length <= 1e-15 * lengths.max()))]
            if not len(active):
                break
        return np.where(z < self._derivatives(x, 0)[0], 1.0, -1.0) * np.sqrt(least)

    def _derivatives(self, t: np.ndarray, order: int) -> tuple[np.ndarray, ...]:
        """s (N,) and up to ``order`` its gradient (N, n) and second derivatives (N, n, n) at t (N, n)."""
        n = t.shape[1]
        found = tuple(np.zeros((len(t), *[n] * m)) for m in range(order + 1))
        for start in range(0, len(t), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            for feature, amplitudes in self._graph:
                factors = [self._factor(feature, axis, t[part, axis], order) for axis in range(n)]

                def mixed(*orders: int, factors: Any = factors, amplitudes: np.ndarray = amplitudes) -> Any:
                    """The derivative of this order along each axis."""
                    total = factors[0][orders[0]] @ amplitudes
                    return np.sum(total * factors[1][orders[1]], axis=1) if n == 2 else total[:, 0]

                for m, target in enumerate(found):
                    for axes in product(range(n), repeat=m):
                        target[(part, *axes)] += mixed(*(axes.count(axis) for axis in range(n)))
        return found

    def _amplitudes(self, feature: Any) -> np.ndarray:
        """(K, L) of a feature's terms: products of the factors k along x and l along y (L = 1 in 2-D)."""
        if feature.kind in ("bump", *FINITE):
            return np.array([[feature.height]])
        if feature.kind == "sinusoid":
            return np.array([[feature.amplitude]])
        squares, weights = [], []  # of the wave numbers; share of a term's power
        for length in self.lengths:
            count = int(np.ceil(SPECTRUM_END * length / (np.pi * feature.correlation_length)))
            squares.append((np.pi * np.arange(count + 1) / length) ** 2)
            weights.append(np.where(np.arange(count + 1) == 0, 1.0, 0.5))
        if self.dimension == 2:
            squares.append(np.zeros(1))
            weights.append(np.ones(1))
        power = np.exp(-(squares[0][:, None] + squares[1]) * feature.correlation_length**2 / 4.0)
        share = weights[0][:, None] * weights[1]
        # a constant factor has all its power where a cosine has half: half the variance makes them equal
        found = np.random.default_rng(feature.seed).standard_normal(power.shape) * np.sqrt(power / share)
        found[0, 0] = 0.0
        return found * feature.rms / np.sqrt(np.sum(found**2 * share))

    def _factor(self, feature: Any, axis: int, x: np.ndarray, order: int) -> list[np.ndarray]:
        """The factors of a feature along an axis at ``x`` (N,) and their derivatives: (N, K) each."""
        if feature.kind == "bump":
            u = (x - np.atleast_1d(feature.at)[axis])[:, None] / feature.width
            f, w = np.exp(-(u**2)), feature.width
            return [f, -2.0 * u / w * f, (4.0 * u**2 - 2.0) / w**2 * f][: order + 1]
        if feature.kind in FINITE:
            outline = _half_cosine if feature.kind == "half_cosine" else _arc
            u, R = (x - feature.at)[:, None] / feature.radius, feature.radius
            inside = np.abs(u) < 1.0
            values = outline(np.where(inside, u, 0.0), abs(feature.height) / R)
            return [np.where(inside, f / R**n, 0.0) for n, f in enumerate(values)][: order + 1]
        if feature.kind == "sinusoid":
            wavelength = (feature.wavelength, getattr(feature, "wavelength_y", None))[axis]
            k = np.array([2.0 * np.pi / wavelength if wavelength else 0.0])
        else:
            terms = self._amplitudes(feature).shape[axis]
            k = np.pi * np.arange(terms) / self.lengths[axis]
        c, s = np.cos(x[:, None] * k), np.sin(x[:, None] * k)
        return [c, -k * s, -(k**2) * c][: order + 1]

    def _sample(self, axis: int) -> np.ndarray:
        """One of ``axes``."""
        length, per_length = self.lengths[axis], SAMPLES_PER_LENGTH[self.dimension]
        parts = [np.linspace(0.0, length, UNIFORM_SAMPLES[self.dimension] + 1)]
        for feature, _ in self._graph:
            if feature.kind in ("bump", *FINITE):
                far = BUMP_REACH[self.dimension] if feature.kind == "bump" else 1.0
                size = feature.width if feature.kind == "bump" else feature.radius
                reach = np.linspace(-far, far, int(2 * far * per_length) + 1)
                parts.append(np.atleast_1d(feature.at)[axis] + size * reach)
                continue
            if feature.kind == "roughness":
                wave = feature.correlation_length
            else:
                wave = (feature.wavelength, getattr(feature, "wavelength_y", None))[axis]
            if wave:
                count = int(np.ceil(length / wave * per_length))
                parts.append(np.linspace(0.0, count / per_length * wave, count + 1))
        gap = 0.1 * min(part[1] - part[0] for part in parts)  # two samples this close are one too many
        x = np.unique(np.concatenate(parts))
        x = x[np.append(True, np.diff(x) > gap)]
        x = x[(x > gap) & (x < length - gap)]
        return np.concatenate([[0.0], x, [length]])


def _squared(along: np.ndarray, up: np.ndarray) -> np.ndarray:
    return np.sum(along**2, axis=1) + up**2


def _half_cosine(u: np.ndarray, _steepness: float) -> tuple[np.ndarray, ...]:
    """(1 + cos(pi u))/2 and its derivatives."""
    c, s = np.cos(np.pi * u), np.sin(np.pi * u)
    return 0.5 * (1.0 + c), -0.5 * np.pi * s, -0.5 * np.pi**2 * c


def _arc(u: np.ndarray, steepness: float) -> tuple[np.ndarray, ...]:
    """A circular cap over -1 < u < 1 that is ``steepness`` H high, with a fillet of half its radius at the
    foot, divided by H, and its derivatives. Cap R and fillet R/2 are tangent: 1.5 R = (1 + H^2)/(2 H)."""
    R = (1.0 + steepness**2) / (3.0 * steepness)
    fillet = R / 2.0
    on_cap, beyond = np.abs(u) < R / (R + fillet), np.abs(u) - 1.0
    cap = np.sqrt(np.where(on_cap, R**2 - u**2, 1.0))
    foot = np.sqrt(np.where(on_cap, 1.0, fillet**2 - beyond**2))
    values = np.where(on_cap, cap - R + steepness, fillet - foot)
    slopes = np.where(on_cap, -u / cap, np.sign(u) * beyond / foot)
    bends = np.where(on_cap, -(R**2) / cap**3, fillet**2 / foot**3)
    return values / steepness, slopes / steepness, bends / steepness
