"""Pictures, curves and animations of run folders. Needs neither DOLFINx nor MPI: a laptop will do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fem_sei.post import movie, pictures, plots, solid
from fem_sei.post.compare import compare, draw_comparison
from fem_sei.post.open import Run, RunError, make_folder, open_run

__all__ = ["RunError", "compare", "open_run", "plot"]

MOMENTS = 4  # that a picture shows when no times are asked for


def plot(run: Path, times: Sequence[float] | None = None) -> list[Path]:
    """Draw all pictures of the run folder ``run`` into its ``pictures/`` and return their files.

    ``times`` (s) are the moments to show, the field outputs nearest to them being taken; without it four,
    from the first to the last. A folder of kind "variants" gets the pictures of every variant and their
    comparison. A run that is still going on is drawn as far as it got. Raises RunError.
    """
    opened = open_run(run)
    if opened.manifest["kind"] == "run":
        return _plot_run(opened, times)
    if not opened.variants:
        raise RunError(f"no variant of {run} has started yet")
    written = [file for variant in opened.variants for file in _plot_run(variant, times)]
    return written + draw_comparison(opened.variants, opened.path / "pictures", opened.title)


def _plot_run(run: Run, times: Sequence[float] | None) -> list[Path]:
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
