"""Entry point of the command line: ``python -m segrefiner_mm``."""

import sys

from segrefiner_mm.cli.main import main

if __name__ == '__main__':
    sys.exit(main())
