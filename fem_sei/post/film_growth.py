"""All pictures of a run of the study film_growth, and of its variants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fem_sei.post import movie, plots
from fem_sei.post.design import draw_design
from fem_sei.post.grown import draw_grown, grown_frames
from fem_sei.post.growth import QUALITY, draw_growth, draw_growths, moments
from fem_sei.post.open import Run, make_folder
from fem_sei.post.surface import draw_surface

SHAPES, FILMS = 4, 3  # outputs that the pictures show


def draw_run(run: Run, times: Sequence[float] | None) -> list[Path]:
    """Curves and, in two dimensions, surface, film and animation, as far as the run got."""
    folder = make_folder(run.path / "pictures")
    written = draw_growth(run, folder) + plots.draw_quality(run, folder, QUALITY)
    if not run.outputs or run.dimension == 3:
        return written
    chosen = None if times is None else run.nearest(list(times))
    written += draw_surface(run, chosen or moments(run, SHAPES), folder)
    written += draw_grown(run, chosen or moments(run, FILMS), folder)
    return written + movie.animate(run, folder, grown_frames)


def draw_variants(runs: Run) -> list[Path]:
    """The variants of a folder together."""
    folder = make_folder(runs.path / "pictures")
    return draw_design(runs, folder) + draw_growths(runs.variants, folder, runs.title)
