"""Kill a folder run again and again, and check that no result is lost.

``python tools/soak.py`` refines a folder of small drawn images with a tiny
network: once without a break, then with a SIGKILL at 50 random moments and
with 20 full disks, each followed by a run that resumes. The results must be
byte-identical. Of two runs with one output at the same time, one works, and
the other is refused with the process id of the first. Memory must not grow
from image to image. For the full disks, a small disk is mounted, which needs
root; without root, this part is skipped with a message.
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
