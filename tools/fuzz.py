"""Feed faulty files to every reader: none may crash, hang or go silent.

``python tools/fuzz.py`` takes a valid small file of every kind that the
commands read, changes it in hundreds of ways, runs the real command on each,
and counts: accepted; refused in words that name the file; or a fault, which
is a traceback, a refusal that names no file, a hang over 10 seconds, more
than 2 GiB of memory, a crash, a file written where none belongs, or a
temporary file left behind. The exit status is 1 if there is a fault, which
``--reader`` and ``--seed`` repeat.
"""

import argparse
import sys

from fuzzing.run import main

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--reader',
        action='append',
        default=[],
        help='only this reader; may be given several times',
    )
    parser.add_argument(
        '--count', type=int, default=500, help='mutations of each reader'
    )
    parser.add_argument('--seed', type=int, default=0, help='the first one')
    parser.add_argument(
        '--keep',
        metavar='DIR',
        help='write the one mutation of --reader and --seed into a new folder '
        'DIR/seeds, and print the command that reads it',
    )
    given = parser.parse_args()
    sys.exit(main(given.reader, given.count, given.seed, given.keep))
