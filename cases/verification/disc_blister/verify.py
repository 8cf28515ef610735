"""Critical pressure of a disc with a short process zone against fracture mechanics; see README.md."""

from __future__ import annotations

from pathlib import Path

from cases.verification.strip_blister.verify import page
from fem_sei.closed_form import blisters

HERE = Path(__file__).parent
ROOT = 0.58  # chi of a disc on a rigid substrate


def main() -> None:
    page(HERE, "disc_blister", blisters.disc_critical_pressure, ROOT)


if __name__ == "__main__":
    main()
