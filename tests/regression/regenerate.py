"""Write the tables that the regression test compares with, all or those named: after a change that is meant
to change results. Run from the root of the repository: ``python -m tests.regression.regenerate [NAME ...]``.
"""

import sys

import numpy as np

from tests.regression.regression_cases import CASES, history_of, table_of


def main(names: list[str]) -> None:
    for name in names or CASES:
        history = history_of(name)
        rows = np.column_stack(list(history.values()))
        np.savetxt(table_of(name), rows, "%.12g", ",", header=",".join(history), comments="")
        print(f"{table_of(name)}: {len(rows)} steps")


if __name__ == "__main__":
    main(sys.argv[1:])
