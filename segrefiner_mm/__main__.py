import sys

from segrefiner_mm.apis.cli import main

if __name__ == '__main__':
    sys.exit(main())
