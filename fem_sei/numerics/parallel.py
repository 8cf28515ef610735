"""Work that one rank does for all, with an outcome that all ranks share."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from mpi4py import MPI

Result = TypeVar("Result")


def on_rank_zero(comm: MPI.Comm, action: Callable[[], Result]) -> Result:
    """Run ``action`` on rank 0 and return its result on every rank (collective).

    An exception of ``action`` is raised on every rank, so that all of them leave by the same way and
    none waits for the others. The result (or the exception) must be small and picklable.
    """
    result, failure = None, None
    if comm.rank == 0:
        try:
            result = action()
        except Exception as error:  # whatever it is, the other ranks must hear of it
            failure = error
    result, failure = comm.bcast((result, failure), root=0)
    if failure is not None:
        raise failure
    return result


def raise_together(comm: MPI.Comm, failure: Exception | None) -> None:
    """Raise on every rank the first ``failure`` that a rank brings; return if none does (collective)."""
    for rank, found in enumerate(comm.allgather(failure)):
        if found is not None:
            found.add_note(f"(on rank {rank} of {comm.size})")
            raise found
