"""Shards on a real Ray cluster, whose workers and nodes die."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from segrefiner_mm.apis import DatasetOptions, refine_dataset
from segrefiner_mm.errors import InputError
from tests.helpers import ROOT
from tests.test_scale.datasets import (
    refiner,
    run_shards,
    run_whole,
    write_dataset,
)

ray = pytest.importorskip('ray', reason='ray is not installed')
psutil = pytest.importorskip('psutil', reason='psutil is not installed')
pytestmark = pytest.mark.slow
IMAGES = int(os.environ.get('SEGREFINER_RAY_IMAGES', '24'))


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    """Images, and what one process writes."""
    folder = tmp_path_factory.mktemp('ray') / 'data'
    write_dataset(folder, IMAGES)
    run_whole(folder, folder / 'whole.json', report=folder / 'whole.csv')
    return folder


@pytest.fixture
def cluster(monkeypatch):
    """Two nodes of two cores each, on this machine."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv('PYTHONPATH', os.pathsep.join([str(ROOT), *sys.path]))
    # Workers are not to wait for everything else on this machine.
    monkeypatch.setenv('RAY_worker_niceness', '0')
    started = Cluster(
        initialize_head=True,
        head_node_args=dict(num_cpus=2, include_dashboard=False),
    )
    started.second = started.add_node(num_cpus=2)
    yield started
    ray.shutdown()
    started.shutdown()


def shards_in(folder: Path) -> int:
    return len(list(folder.glob('*.parquet'))) if folder.is_dir() else 0


def wait_for(shards: Path, count: int) -> None:
    while shards_in(shards) < count:
        time.sleep(0.05)


def actors() -> list:
    """The processes of Ray on this machine that hold a model."""
    found = []
    for process in psutil.process_iter(['cmdline']):
        words = ' '.join(process.info['cmdline'] or ())
        if words.startswith('ray::MapWorker'):
            found.append(process)
    return found


def test_a_lost_worker_and_a_lost_node_change_no_byte(
    dataset, cluster, tmp_path
):
    shards, killed = tmp_path / 'shards', []

    def sabotage():
        wait_for(shards, 2)
        # Killed as by the system when memory is short.
        for process in actors()[:1]:
            process.send_signal(signal.SIGKILL)
            killed.append(process.pid)
        wait_for(shards, 5)
        cluster.remove_node(cluster.second, allow_graceful=False)
        killed.append('node')

    thread = threading.Thread(target=sabotage, daemon=True)
    thread.start()
    summary = run_shards(
        dataset,
        tmp_path / 'out.json',
        engine='ray',
        address=cluster.address,
        workers=2,
        shards=str(shards),
        report=tmp_path / 'out.csv',
    )
    thread.join(10)
    assert len(killed) == 2
    assert not summary.failed
    for kind in ('json', 'csv'):
        whole = (dataset / f'whole.{kind}').read_bytes()
        assert (tmp_path / f'out.{kind}').read_bytes() == whole


DRIVER = """
import sys
from pathlib import Path
from tests.test_scale.datasets import run_shards
folder, out = map(Path, sys.argv[1:])
summary = run_shards(folder, out, engine='ray', workers=2)
print(summary.text)
"""


def test_a_killed_driver_goes_on_where_it_was(dataset, tmp_path):
    out = tmp_path / 'out.json'
    shards = tmp_path / 'out.json.shards'
    command = [sys.executable, '-c', DRIVER, str(dataset), str(out)]
    first = subprocess.Popen(command, cwd=ROOT)
    wait_for(shards, 3)
    first.kill()
    first.wait()
    assert not out.exists()
    time.sleep(5)  # its workers see that it is gone, and end
    before = {path: path.stat().st_mtime_ns for path in shards.iterdir()}
    subprocess.run(command, cwd=ROOT, check=True)
    assert out.read_bytes() == (dataset / 'whole.json').read_bytes()
    assert len(before) >= 3
    assert not shards.exists()


def test_an_address_without_a_cluster_is_named(dataset, tmp_path):
    options = DatasetOptions(
        images=str(dataset / 'img'), engine='ray', address='127.0.0.1:9'
    )
    with pytest.raises(InputError, match=r'no Ray cluster .* 127\.0\.0\.1:9'):
        refine_dataset(
            dataset / 'coco.json', tmp_path / 'out.json', options, refiner()
        )
    assert not (tmp_path / 'out.json').exists()


def test_a_source_that_cannot_be_read_is_named(dataset, tmp_path):
    """The error comes from a task of Ray."""
    broken = tmp_path / 'broken.json'
    text = (dataset / 'coco.json').read_text()
    broken.write_text(text[: len(text) // 2])
    options = DatasetOptions(images=str(dataset / 'img'), engine='ray')
    with pytest.raises(InputError, match=r'broken\.json is not valid json'):
        refine_dataset(broken, tmp_path / 'out.json', options, refiner())
