"""Pictures, curves and animations of run folders. Needs neither DOLFINx nor MPI: a laptop will do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fem_sei.post import delamination, film_growth, plating
from fem_sei.post.compare import compare
from fem_sei.post.open import RunError, open_run

__all__ = ["RunError", "compare", "open_run", "plot"]

MOST_DRAWN = 6  # variants of a folder that get pictures of their own without being asked for
STUDIES = {"plating": plating, "delamination": delamination, "film_growth": film_growth}


def plot(run: Path, times: Sequence[float] | None = None) -> list[Path]:
    """Draw all pictures of the run folder ``run`` into its ``pictures/`` and return their files.

    ``times`` (s; of delamination the numbers of steps) are the moments to show, the field outputs nearest to
    them being taken; without it some from the first to the last. A folder of kind "variants" gets the
    comparison of its variants, and the pictures of each if they are not many. A run that is still going on is
    drawn as far as it got.
    Raises RunError.
    """
    opened = open_run(run)
    if opened.study not in STUDIES:
        raise RunError(f"there are no pictures for the study {opened.study} of {run}")
    study = STUDIES[opened.study]
    if opened.manifest["kind"] == "run":
        return study.draw_run(opened, times)
    if not opened.variants:
        raise RunError(f"no variant of {run} has started yet")
    each = opened.variants if len(opened.variants) <= MOST_DRAWN else []
    written = [file for variant in each for file in study.draw_run(variant, times)]
    return written + study.draw_variants(opened)
