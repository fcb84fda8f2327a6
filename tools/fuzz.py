"""Run the commands on faulty files of every kind, and count faults.

``python tools/fuzz.py`` takes a small valid file of every kind that the
commands read, changes it in hundreds of ways, and runs the real command on
each changed file. It counts files that are accepted, files that are refused
with a message that names the file, and faults. A fault is a traceback, a
refusal that names no file, a hang over 10 seconds, more than 2 GiB of memory,
a crash, a file written outside the output, or a temporary file left behind.
The exit status is 1 if there is a fault; ``--reader`` and ``--seed`` repeat
it.
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
