"""python -m fem_sei is fem-sei."""

import sys

from fem_sei.cli import main

if __name__ == "__main__":
    sys.exit(main())
