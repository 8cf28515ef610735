"""All pictures of a run of the study plating, and of its variants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fem_sei.post import movie, pictures, plots, solid
from fem_sei.post.compare import draw_comparison
from fem_sei.post.open import Run, make_folder

MOMENTS = 4  # that a picture shows when no times are asked for


def draw_run(run: Run, times: Sequence[float] | None) -> list[Path]:
    """Curves, maps, front and animation, as far as the run got; ``times`` in s."""
    folder = make_folder(run.path / "pictures")
    written = plots.draw_histories([run], folder, "history", run.title) + plots.draw_quality(run, folder)
    if not run.outputs:
        return written
    even = sorted({round(index) for index in np.linspace(0, len(run.outputs) - 1, MOMENTS)})
    indices = even if times is None else run.nearest(list(times))
    if run.dimension == 1:
        return written + plots.draw_profiles(run, indices, folder)
    if run.dimension == 3:
        written += solid.draw_solid(run, indices, folder)
    written += pictures.draw_maps(run, indices, folder) + pictures.draw_front(run, indices, folder)
    return written + movie.animate(run, folder)


def draw_variants(runs: Run) -> list[Path]:
    """The variants of a folder together."""
    return draw_comparison(runs.variants, runs.path / "pictures", runs.title)
