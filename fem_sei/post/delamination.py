"""All pictures of a run of the study delamination, and of its variants."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fem_sei.post import movie, plots
from fem_sei.post.blister import blister_frames, draw_blister
from fem_sei.post.debonding import marked, moments
from fem_sei.post.film import draw_film, film_frames
from fem_sei.post.load import QUALITY, draw_load
from fem_sei.post.open import Run, make_folder
from fem_sei.post.sweep import draw_sweep
from fem_sei.post.traction import draw_traction


def draw_run(run: Run, times: Sequence[float] | None) -> list[Path]:
    """Curves, state of the interface, film and animation, as far as the run got; ``times`` are steps."""
    folder = make_folder(run.path / "pictures")
    written = draw_load(run, folder) + plots.draw_quality(run, folder, QUALITY)
    if not run.outputs:
        return written
    chosen = None if times is None else run.nearest(list(times))
    written += draw_traction(run, chosen or moments(run), folder)
    draw, frames = (draw_blister, blister_frames) if run.dimension == 3 else (draw_film, film_frames)
    return written + draw(run, chosen or marked(run), folder) + movie.animate(run, folder, frames)


def draw_variants(runs: Run) -> list[Path]:
    """The variants of a folder together."""
    return draw_sweep(runs, make_folder(runs.path / "pictures"))
