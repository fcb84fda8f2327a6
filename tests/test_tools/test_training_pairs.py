"""Tiny repositories, read as the public ones are."""

import hashlib
import importlib
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from tests.helpers import ROOT

TOOL = ROOT / 'tools' / 'dataset_tools' / 'training_pairs.py'
ME = {
    f'GIT_{who}_{what}': 'a@example.org'
    for who in ('AUTHOR', 'COMMITTER')
    for what in ('NAME', 'EMAIL')
}


@pytest.fixture
def run(monkeypatch):
    """The command, in this process."""
    monkeypatch.syspath_prepend(TOOL.parent)
    tool = importlib.import_module('training_pairs')
    return lambda *options: tool.main(list(map(str, options)))


def git(folder, *arguments):
    subprocess.run(
        ['git', '-C', folder, *arguments],
        env=os.environ | ME,
        check=True,
        capture_output=True,
    )


def commit(folder, pictures):
    """A repository with pictures, each by its path."""
    for path, picture in pictures.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        assert cv2.imwrite(str(file), picture)
    git(folder, 'init', '--quiet')
    git(folder, 'add', '.')
    git(folder, 'commit', '--quiet', '--message', 'pictures')


def disc(height, width, value=255):
    mask = np.zeros((height, width, 3), np.uint8)
    centre = width // 2, height // 2
    return cv2.circle(mask, centre, height // 3, (value,) * 3, -1)


def lines(file):
    return [line.split('\t') for line in file.read_text().splitlines()]


@pytest.fixture
def sources(tmp_path):
    """Horses of 800 x 600, plants with a frame, one of another size."""
    folder = tmp_path / 'sources'
    horse = 'weizmann_horse_db/{}_train/horse{}.png'
    pictures = {}
    for number in ('001', '002'):
        image = disc(600, 800, 90)
        pictures[horse.format('horse', number)] = image
        pictures[horse.format('mask', number)] = disc(600, 800, 1)
    pictures[horse.format('horse', '003')] = disc(600, 800)  # has no mask
    pictures[horse.format('horse', '004')] = disc(600, 800)
    pictures[horse.format('mask', '004')] = disc(300, 400)
    commit(folder / 'ZJW-HUST+Deeplab-Weizmann-Horse', pictures)
    clone = tmp_path / 'clone'
    framed = disc(100, 120)
    framed[:2], framed[-2:], framed[:, :2], framed[:, -2:] = [9] * 4
    plants = {'images/000.png': disc(100, 120, 90), 'masks/000.png': framed}
    commit(clone, plants)
    bare = folder / 'NachiRV+PWFID-Pea-Weed-Field-Image-Dataset'
    git(tmp_path, 'clone', '--quiet', '--bare', clone, bare)
    return folder


def test_clones_and_bare_copies_are_read_by_their_rules(
    run, sources, tmp_path, capsys
):
    out = tmp_path / 'out'
    assert run(sources, out) == 0
    pairs = lines(out / 'train.tsv') + lines(out / 'val.tsv')
    stems = ['horse-trainhorse001', 'horse-trainhorse002', 'pwfid-000']
    assert sorted(pairs) == [
        [f'images/{stem}.jpg', f'masks/{stem}.png'] for stem in stems
    ]
    # The table shrinks horses to 400, and cuts two pixels off the plants.
    sizes = [(300, 400), (300, 400), (96, 116)]
    for (image, mask), size in zip(sorted(pairs), sizes, strict=True):
        assert cv2.imread(str(out / image)).shape[:2] == size
        written = cv2.imread(str(out / mask), cv2.IMREAD_UNCHANGED)
        assert written.shape == size
        assert set(np.unique(written)) == {0, 255}
        share = np.count_nonzero(written) / written.size
        height, width = size
        expected = np.pi * (height / 3) ** 2 / (height * width)
        assert share == pytest.approx(expected, rel=0.1)
    said = capsys.readouterr().out
    assert 'horse004.png and its mask differ in size' in said
    assert f'not there: {sources / "40ksoul+CFCNet"}' in said


def test_the_split_follows_from_the_name_of_the_group(run, tmp_path):
    names = [f'scene{n}_{frame}' for n in range(40) for frame in (0, 1)]
    folder = tmp_path / 'mine'
    (folder / 'img').mkdir(parents=True)
    (folder / 'gt').mkdir()
    for name in names:
        cv2.imwrite(str(folder / 'img' / f'{name}.jpg'), disc(40, 40, 90))
        cv2.imwrite(str(folder / 'gt' / f'{name}.png'), disc(40, 40))
    text = [f'img/{name}.jpg\tgt/{name}.png\n' for name in names]
    (folder / 'pairs.tsv').write_text(''.join(text))
    out = tmp_path / 'out'
    listed = f'mine={folder / "pairs.tsv"}'
    assert run(tmp_path / 'none', out, '--list', listed) == 0

    def held_out(number):
        name = f'mine-scene{number}'.encode()
        return int(hashlib.sha256(name).hexdigest()[:8], 16) % 100 < 15

    expected = sorted(
        f'images/mine-{name}.jpg'
        for name in names
        if held_out(int(name[5:].split('_')[0]))
    )
    assert 0 < len(expected) < 40
    assert [image for image, _ in lines(out / 'val.tsv')] == expected
    assert len(lines(out / 'train.tsv')) == len(names) - len(expected)
    # Nothing of it hangs on order or time.
    before = (out / 'val.tsv').read_bytes()
    (folder / 'pairs.tsv').write_text(''.join(text[::-1]))
    assert run(tmp_path / 'none', out, '--list', listed) == 0
    assert (out / 'val.tsv').read_bytes() == before


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ([], 'nothing to read'),
        (['--list', 'mine'], 'expected NAME=FILE'),
        (['--list', 'a/b=c.tsv'], 'expected NAME=FILE'),
        (['--list', 'mine=none.tsv'], 'No such file'),
        (['--list', 'a=b.tsv', 'a=c.tsv'], "two sources have the name 'a'"),
    ],
)
def test_what_cannot_be_read_is_named(run, options, message, tmp_path):
    with pytest.raises(InputError, match=message):
        run(tmp_path, tmp_path / 'out', *options)


def test_a_folder_without_a_repository_ends_the_command(tmp_path):
    (tmp_path / '40ksoul+CFCNet').mkdir()
    paths = [str(ROOT), os.environ.get('PYTHONPATH', '')]
    process = subprocess.run(
        [sys.executable, TOOL, tmp_path, tmp_path / 'out'],
        env=os.environ | {'PYTHONPATH': os.pathsep.join(paths)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 2
    assert '40ksoul+CFCNet' in process.stderr
    assert 'Traceback' not in process.stderr
    assert not (tmp_path / 'out').exists()
