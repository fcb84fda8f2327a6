"""Kill a folder run again and again: it must lose nothing.

``python tools/soak.py`` refines a folder of small drawn pictures with a tiny
network, once without a break, and then with a SIGKILL at 50 random moments
and a full disk at 20, each followed by a run that goes on. The results must
be the same, byte by byte. Of two runs on one output at a time, one works, and
the other is refused with the name of the first. Memory must not grow from
picture to picture. The full disk is a small one that is mounted, which needs
root; without it, that part is left out with a message.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from fuzzing.soaking import Soak

if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    add = parser.add_argument
    add('--images', type=int, default=300, help='pictures in the folder')
    add('--kills', type=int, default=50, help='number of kills')
    add('--full', type=int, default=20, help='number of full disks')
    add('--seed', type=int, default=0, help='seed of the random moments')
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        soak = Soak(Path(folder).resolve(), given.images, given.seed)
        soak.uninterrupted()
        soak.killed(given.kills)
        soak.two_at_once()
        soak.full_disk(given.full)
    print('\n'.join(soak.lines))
    for fault in soak.faults:
        print(f'FAULT {fault}', file=sys.stderr)
    sys.exit(bool(soak.faults))
