"""Two processes of torchrun write what one process writes."""

import os
import socket
import subprocess
import sys

import pytest

from tests.helpers import ROOT
from tests.test_scale.datasets import run_whole, write_dataset

pytest.importorskip('pyarrow', reason='pyarrow is not installed')

RUN = """
import sys
from pathlib import Path
from tests.test_scale.datasets import run_shards
folder, out, shards = sys.argv[1:]
summary = run_shards(Path(folder), Path(out), engine='pytorch', shards=shards)
print(summary.text, summary.failed)
"""


@pytest.mark.slow
def test_two_processes_write_the_file_of_one(tmp_path):
    folder = write_dataset(tmp_path / 'data', 8)
    (folder / 'img' / '0002.png').unlink()
    whole = run_whole(folder, tmp_path / 'whole.json')
    script, out = tmp_path / 'run.py', tmp_path / 'out.json'
    script.write_text(f'import sys\nsys.path.insert(0, {str(ROOT)!r})\n{RUN}')
    launch = [sys.executable, '-m', 'torch.distributed.run', '--standalone']
    files = [str(folder), str(out), str(tmp_path / 'shards')]
    result = subprocess.run(
        [*launch, '--nproc-per-node', '2', str(script), *files],
        check=True,
        capture_output=True,
        text=True,
    )
    assert out.read_bytes() == (tmp_path / 'whole.json').read_bytes()
    counts = whole.text.partition(': ')[2]
    assert f'out.json: {counts} {whole.failed}' in result.stdout
    assert 'process 1 is done' in result.stdout


ALONE = """
import sys, time
from segrefiner_mm.errors import InputError
from segrefiner_mm.scale.launched_engine import joined, launched
class Worker:
    def process(self, shard): return shard
try:
    with joined('pytorch') as rank:
        if rank == int(sys.argv[1]):
            raise InputError('a mistake')
        list(launched(Worker(), range(4)))
except InputError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.parametrize('failing', [0, 1])
def test_the_others_end_when_one_fails(tmp_path, failing):
    script = tmp_path / 'run.py'
    script.write_text(
        f'import sys\nsys.path.insert(0, {str(ROOT)!r})\n{ALONE}'
    )
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = str(server.getsockname()[1])
    processes = [
        subprocess.Popen(
            [sys.executable, str(script), str(failing)],
            env={
                **os.environ,
                'RANK': str(rank),
                'WORLD_SIZE': '2',
                'MASTER_ADDR': '127.0.0.1',
                'MASTER_PORT': port,
            },
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(2)
    ]
    texts = [process.communicate(timeout=120)[0] for process in processes]
    assert texts[failing] == 'a mistake\n'
    assert 'another process of this run has ended' in texts[1 - failing]
