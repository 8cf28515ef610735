"""Does the run make sense? Each study judges its own cases."""

from typing import Any

from fem_sei.case.assessment import Assessment
from fem_sei.case.studies import STUDIES


def assess(case: Any) -> Assessment:
    """Judge a resolved case of any study."""
    return STUDIES[case.case.study].assess(case)
