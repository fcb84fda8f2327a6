"""Runs over shards; the run over the whole file is the reference."""

import json
import os
import shutil
from pathlib import Path

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.runs.predictions.entry_stream import EntryStream
from tests.test_scale.datasets import run_shards, run_whole, write_dataset

pytest.importorskip('pyarrow', reason='pyarrow is not installed')
fsspec = pytest.importorskip('fsspec', reason='fsspec is not installed')


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    """Images, and what one process writes."""
    folder = write_dataset(tmp_path_factory.mktemp('scale') / 'data', 8)
    run_whole(folder, folder / 'whole.json', report=folder / 'whole.csv')
    return folder


@pytest.fixture
def copy(dataset, tmp_path):
    """A copy of the data that a test may damage."""
    shutil.copytree(dataset, tmp_path / 'data')
    return tmp_path / 'data'


@pytest.fixture
def refined(monkeypatch):
    """Counts the images that are refined."""
    keys, refine = [], EntryStream.refine

    def counting(self, entries):
        for entry, outcomes in refine(self, entries):
            keys.append(entry.key)
            yield entry, outcomes

    monkeypatch.setattr(EntryStream, 'refine', counting)
    return keys


@pytest.mark.parametrize('shard_masks', [1, 5, 1000])
def test_the_bytes_are_those_of_one_process(dataset, shard_masks, tmp_path):
    out, report = tmp_path / 'out.json', tmp_path / 'out.csv'
    summary = run_shards(dataset, out, shard_masks=shard_masks, report=report)
    assert out.read_bytes() == (dataset / 'whole.json').read_bytes()
    assert report.read_bytes() == (dataset / 'whole.csv').read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        'out.csv',
        'out.json',
    ]
    assert summary.rows
    assert not summary.failed


@pytest.mark.parametrize(
    'options',
    [
        dict(segmentation='rle', update_boxes=True),
        dict(segmentation='polygon', tolerance=1.0),
    ],
)
def test_options_of_the_output_do_the_same(dataset, options, tmp_path):
    run_whole(dataset, tmp_path / 'whole.json', **options)
    run_shards(dataset, tmp_path / 'out.json', **options)
    whole = (tmp_path / 'whole.json').read_bytes()
    assert (tmp_path / 'out.json').read_bytes() == whole


def test_results_and_summaries_are_equal(dataset, tmp_path):
    content = json.loads((dataset / 'coco.json').read_text())
    source = tmp_path / 'data'
    shutil.copytree(dataset / 'img', source / 'img')
    (source / 'coco.json').write_text(json.dumps(content['annotations']))
    ann = dataset / 'coco.json'
    whole = run_whole(source, tmp_path / 'whole.json', ann=ann)
    summary = run_shards(source, tmp_path / 'out.json', ann=ann)
    assert (tmp_path / 'out.json').read_bytes() == (
        tmp_path / 'whole.json'
    ).read_bytes()
    assert summary.text.partition(': ')[2] == whole.text.partition(': ')[2]
    assert summary.rows == whole.rows
    assert summary.done == whole.done


def test_images_may_be_at_an_address(dataset, tmp_path):
    """``memory://`` stands for a store; its objects are no files."""
    store = fsspec.filesystem('memory')
    for path in (dataset / 'img').iterdir():
        store.pipe_file(f'/scale/img/{path.name}', path.read_bytes())
    out = tmp_path / 'out.json'
    addresses = dict(images='memory://scale/img', shards='memory://scale/out')
    run_shards(dataset, out, **addresses)
    assert out.read_bytes() == (dataset / 'whole.json').read_bytes()
    assert len(store.ls('/scale/out')) > 2
    file = f'file://{dataset / "img"}'
    run_shards(dataset, tmp_path / 'file.json', images=file)
    assert (tmp_path / 'file.json').read_bytes() == out.read_bytes()


def test_shards_that_are_written_are_not_refined_again(
    dataset, refined, tmp_path
):
    shards = tmp_path / 'shards'
    run_shards(dataset, tmp_path / 'a.json', shards=str(shards))
    images = len(refined)
    files = sorted(shards.iterdir())
    refined.clear()
    files[0].unlink()
    files[1].write_bytes(files[1].read_bytes()[:-50])  # as a full disk does
    out = tmp_path / 'b.json'
    summary = run_shards(dataset, out, shards=str(shards))
    assert out.read_bytes() == (dataset / 'whole.json').read_bytes()
    assert 0 < len(refined) < images
    assert not summary.failed
    assert sorted(shards.iterdir()) == files


def test_an_image_that_changes_is_refined_again(copy, refined, tmp_path):
    shards = str(tmp_path / 'shards')
    run_shards(copy, tmp_path / 'a.json', shards=shards, shard_masks=1)
    refined.clear()
    picture = copy / 'img' / '0003.png'
    picture.write_bytes((copy / 'img' / '0004.png').read_bytes())
    os.utime(copy / 'img' / '0005.png')  # the same content
    out, whole = tmp_path / 'b.json', tmp_path / 'whole.json'
    run_shards(copy, out, shards=shards, shard_masks=1)
    assert refined == ['int 3']
    run_whole(copy, whole)
    assert out.read_bytes() == whole.read_bytes()


def test_what_fails_is_named_and_the_rest_is_done(copy, refined, tmp_path):
    (copy / 'img' / '0002.png').unlink()
    (copy / 'img' / '0003.png').write_bytes(b'no picture')
    shards = str(tmp_path / 'shards')
    whole = run_whole(copy, tmp_path / 'whole.json')
    summary = run_shards(copy, tmp_path / 'out.json', shards=shards)
    assert (tmp_path / 'out.json').read_bytes() == (
        tmp_path / 'whole.json'
    ).read_bytes()
    assert summary.failed == whole.failed > 0
    assert sorted(summary.problems) == sorted(whole.problems)
    refined.clear()
    for name in ('0002.png', '0003.png'):
        source = copy / 'img' / '0001.png'
        (copy / 'img' / name).write_bytes(source.read_bytes())
    again = run_shards(copy, tmp_path / 'again.json', shards=shards)
    assert not again.failed
    assert {'int 2', 'int 3'} <= set(refined)
    assert len(set(refined)) < 8


def test_a_shard_that_cannot_be_written_is_named(dataset, tmp_path):
    """A file in the way fails like a full disk: in every write."""
    (tmp_path / 'shards').write_text('')
    out = tmp_path / 'out.json'
    with pytest.raises(InputError, match=r'no mask of .* could be refined'):
        run_shards(dataset, out, shards=str(tmp_path / 'shards'))
    assert not out.exists()


def test_a_full_store_loses_the_shards_that_do_not_fit(
    dataset, tmp_path, monkeypatch
):
    from fsspec.implementations.memory import MemoryFileSystem

    pipe, fitting = MemoryFileSystem.pipe_file, [2]

    def full(self, path, value, **kwargs):
        if not fitting[0]:
            raise OSError(28, 'No space left on device')
        fitting[0] -= 1
        pipe(self, path, value, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, 'pipe_file', full)
    out = tmp_path / 'out.json'
    summary = run_shards(dataset, out, shards='memory://full/shards')
    assert summary.failed > 0
    assert summary.done > 0
    assert 'cannot write memory://full/shards/' in summary.problems[0]
    assert 'No space left on device' in summary.problems[0]
    monkeypatch.undo()
    again = tmp_path / 'again.json'
    run_shards(dataset, again, shards='memory://full/shards')
    assert again.read_bytes() == (dataset / 'whole.json').read_bytes()


@pytest.mark.parametrize(
    ('options', 'problem'),
    [
        (dict(engine='spark'), '--engine must be one of'),
        (dict(workers=0), '--workers must be 1 or more'),
        (dict(gpus_per_worker=-1), '--gpus-per-worker must be 0 or more'),
        (dict(cpus_per_worker=0), '--cpus-per-worker must be above 0'),
        (dict(shard_masks=0), '--shard-masks must be 1 or more'),
        (dict(address='auto'), '--address is for --engine ray'),
        (dict(soft='uint8'), '--soft and --only are not for data sets in'),
        (dict(only='errors'), '--soft and --only are not for data sets in'),
        (dict(ann=Path('gone.json')), r'cannot read .*gone.json'),
        (dict(images=None), 'needs --img-dir'),
        (dict(images='nowhere'), 'no such folder: nowhere'),
        (dict(images='odd://bucket'), 'cannot use odd://bucket'),
        (dict(engine='pytorch'), 'variables that the launcher sets'),
        (dict(engine='slurm'), 'variables that the launcher sets'),
    ],
)
def test_wrong_options_are_explained(dataset, options, problem, tmp_path):
    with pytest.raises(InputError, match=problem):
        run_shards(dataset, tmp_path / 'out.json', **options)
    assert not list(tmp_path.iterdir())
