"""The files of a review page, without a browser."""

import errno
import hashlib
import json
import os
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import (
    MaskOptions,
    RefinerOptions,
    ReportOptions,
    refine_folder,
    write_report,
)
from segrefiner_mm.cli import main as cli
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.images import load_image
from segrefiner_mm.io.rle import decode_mask, encode_mask
from segrefiner_mm.review import write_report as module
from segrefiner_mm.review.mask_pair import MaskPair
from segrefiner_mm.review.write_report import choose
from tests.helpers import write_folder
from tests.test_review.scenes import (
    CLASSES,
    HOSTILE,
    HOSTILE_FILE,
    VERDICTS,
    page_data,
    write_review,
)


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_review(tmp_path_factory.mktemp('review') / 'data')


def options(scenes, **changes):
    given = dict(
        coarse=scenes.coarse,
        img_dir=scenes.img_dir,
        ann=scenes.ann,
        evidence=scenes.evidence,
    )
    return ReportOptions(**{**given, **changes})


@pytest.fixture(scope='module')
def report(scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp('report') / 'page'
    write_report(scenes.refined, out, options(scenes))
    return out


def test_totals_and_numbers(scenes, report):
    data = page_data(report)
    assert data['counts'] == {'refined': 6, 'kept': 2, 'rolled back': 2}
    assert data['remarks'] == []
    masks = data['masks']
    keys = masks['key']
    assert sorted(keys) == list(range(10))
    verdicts = [data['verdicts'][v] for v in masks['verdicts']]
    assert verdicts == [VERDICTS[key % 5] for key in keys]
    classes = [data['classes'][c] for c in masks['classes']]
    assert classes == [CLASSES[key % 3] for key in keys]
    assert masks['confidence'] == pytest.approx([0.9 - k / 20 for k in keys])
    assert masks['belief'] == pytest.approx([key / 10 for key in keys])
    before, after = (
        [decode_mask(m['segmentation']) for m in json.loads(path.read_text())]
        for path in (scenes.coarse, scenes.refined)
    )
    expected = [
        np.count_nonzero(a != b) / np.count_nonzero(b)
        for a, b in zip(after, before, strict=True)
    ]
    assert masks['share'] == pytest.approx(
        [expected[key] for key in keys], abs=1e-4
    )
    assert masks['share'] == sorted(masks['share'], reverse=True)
    digest = hashlib.sha256(scenes.coarse.read_bytes()).hexdigest()
    assert data['coarse'] == dict(name='coarse.json', sha256=digest)


def test_hostile_names_are_data_and_nothing_else(report):
    data = page_data(report)
    assert HOSTILE in data['classes']
    assert HOSTILE_FILE in data['images']
    html = (report / 'index.html').read_text()
    scripts = len(list(report.glob('*.js'))) + 1  # and the data
    assert html.count('<script') == html.count('</script>') == scripts
    assert '<img' not in html


def test_the_page_asks_for_nothing_outside_of_its_folder(report):
    for path in report.rglob('*'):
        if path.suffix in ('.html', '.css', '.js'):
            text = path.read_text().replace('http://www.w3.org/2000/svg', '')
            assert '://' not in text
            assert 'data:' not in text.replace('data: ', '')


def outlines(report):
    text = (report / 'details' / '000.js').read_text()
    assert text.startswith('segrefinerDetails(0,{')
    return json.loads(text[text.index('{') : text.rindex(')')])


def filled(path, width, height):
    """A mask from an SVG path of lines, all of whose corners are whole."""
    mask = np.zeros((height, width), np.uint8)
    for part in path.split('z')[:-1]:
        start, _, steps = part[1:].partition('l')
        corners = np.array(f'{start} {steps}'.split(), int).reshape(-1, 2)
        corners = corners.cumsum(axis=0)
        # The centre of a pixel is inside or outside, never on the edge.
        ys, xs = np.mgrid[:height, :width] + 0.5
        inside = np.zeros((height, width), bool)
        for (x1, y1), (x2, y2) in zip(
            corners, np.roll(corners, -1, axis=0), strict=True
        ):
            if y1 != y2:
                crosses = (ys > min(y1, y2)) & (ys < max(y1, y2))
                at = x1 + (ys - y1) * (x2 - x1) / (y2 - y1)
                inside ^= crosses & (xs < at)
        mask ^= inside.astype(np.uint8)
    return mask


def test_outlines_of_small_masks_follow_every_pixel(scenes, report):
    data = page_data(report)
    after = json.loads(scenes.refined.read_text())
    for place in range(3):
        width, height = (data['masks'][n][place] for n in ('width', 'height'))
        drawn = filled(outlines(report)[str(place)][1], width, height)
        mask = decode_mask(after[data['masks']['key'][place]]['segmentation'])
        ys, xs = np.nonzero(mask)
        tight = mask[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        ys, xs = np.nonzero(drawn)
        part = drawn[ys.min() : ys.max() + 1, xs.min() : xs.max() + 1]
        np.testing.assert_array_equal(part, tight)


def test_crops_have_the_stated_sizes(report):
    masks = page_data(report)['masks']
    for place in range(10):
        crop = cv2.imread(str(report / 'crops' / '000' / f'{place:05d}.jpg'))
        size = masks['height'][place], masks['width'][place]
        assert crop.shape[:2] == size
    assert len(list((report / 'crops').rglob('*.jpg'))) == 10


def test_without_evidence_the_masks_tell_the_verdicts(scenes, tmp_path):
    write_report(
        scenes.refined, tmp_path / 'page', options(scenes, evidence=None)
    )
    data = page_data(tmp_path / 'page')
    assert data['counts'] == {'refined': 6, 'unchanged': 4}
    assert set(data['masks']['confidence']) == {None}
    assert 'not known' in data['remarks'][0]


def test_a_missing_image_fails_alone(scenes, tmp_path, capsys):
    less = write_review(tmp_path / 'data')
    (less.img_dir / '003.png').unlink()
    (less.img_dir / '004.png').write_bytes(b'broken')
    argv = ['report', less.refined, '--coarse', less.coarse, '--ann', less.ann]
    argv += ['--img-dir', less.img_dir, '-o', tmp_path / 'page']
    assert cli.main([str(arg) for arg in argv]) == 1
    printed = capsys.readouterr()
    assert 'index.html: 8 masks, 2 failed' in printed.out
    assert '003.png' in printed.err
    assert '004.png' in printed.err
    data = page_data(tmp_path / 'page')
    assert data['failed'] == 2
    # Files keep the places that the masks would have had.
    crops = {p.stem for p in (tmp_path / 'page' / 'crops').rglob('*.jpg')}
    assert crops == {f'{place:05d}' for place in data['masks']['place']}
    assert set(data['masks']['key']) == {0, 1, 2, 5, 6, 7, 8, 9}


def test_files_that_do_not_belong_together(scenes, tmp_path):
    content = json.loads(scenes.coarse.read_text())
    other = tmp_path / 'other.json'
    for change, problem in (
        (content[:-1], 'holds 10 entries'),
        ([*content[:-1], {**content[-1], 'score': 0.1}], "'score'"),
    ):
        other.write_text(json.dumps(change))
        with pytest.raises(InputError, match=problem):
            write_report(
                scenes.refined,
                tmp_path / 'page',
                options(scenes, coarse=other),
            )
    assert not (tmp_path / 'page').exists()


def test_what_is_missing_is_said_before_any_work(scenes, tmp_path):
    with pytest.raises(InputError, match='needs --coarse'):
        write_report(scenes.refined, tmp_path / 'page')
    with pytest.raises(InputError, match='no such file'):
        write_report(tmp_path / 'no.json', tmp_path / 'page')
    with pytest.raises(InputError, match='--limit must be'):
        write_report(
            scenes.refined, tmp_path / 'page', options(scenes, limit=0)
        )
    with pytest.raises(
        InputError, match='YOLO and Segment Anything have no page'
    ):
        write_report(scenes.refined.parent, tmp_path / 'page')
    mask = tmp_path / 'refined.png'
    mask.touch()
    with pytest.raises(InputError, match='refine --overlay draws one'):
        write_report(mask, tmp_path / 'page')
    assert list(tmp_path.iterdir()) == [mask]


def test_only_an_earlier_report_is_replaced(scenes, tmp_path):
    out = tmp_path / 'page'
    out.mkdir()
    write_report(scenes.refined, out, options(scenes))
    with pytest.raises(InputError, match='already exists'):
        write_report(scenes.refined, out, options(scenes))
    write_report(scenes.refined, out, options(scenes, limit=3, overwrite=True))
    assert len(page_data(out)['masks']['key']) == 3
    (out / 'decisions.json').write_text('{}')
    with pytest.raises(InputError, match=r'decisions\.json is no part of a'):
        write_report(scenes.refined, out, options(scenes, overwrite=True))
    assert (out / 'decisions.json').read_text() == '{}'
    mine = tmp_path / 'mine'
    mine.mkdir()
    (mine / 'file').touch()
    with pytest.raises(InputError, match='other files than a report'):
        write_report(scenes.refined, mine, options(scenes, overwrite=True))
    assert [path.name for path in tmp_path.iterdir() if path != out] == [
        'mine'
    ]


def test_a_report_that_cannot_be_replaced_stays(scenes, tmp_path, monkeypatch):
    out = tmp_path / 'page'
    write_report(scenes.refined, out, options(scenes))
    (out / 'crops' / 'of the old one').touch()
    rename = Path.rename

    def full(path, target):
        if path.suffix == '.new':
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return rename(path, target)

    monkeypatch.setattr(Path, 'rename', full)
    with pytest.raises(InputError, match='No space left on device'):
        write_report(scenes.refined, out, options(scenes, overwrite=True))
    assert (out / 'crops' / 'of the old one').exists()
    assert len(page_data(out)['masks']['key']) == 10
    assert list(tmp_path.iterdir()) == [out]


def pair(key, changed, confidence):
    coarse, refined = np.zeros((2, 20, 20), bool)
    coarse[:10], refined[: 10 + changed] = True, True
    encoded = encode_mask(coarse), encode_mask(refined)
    return MaskPair(
        key, str(key), None, '', '', *encoded, confidence=confidence
    )


def test_a_limit_takes_the_most_changed_and_the_least_sure():
    pairs = [
        pair(0, 9, 0.9),
        pair(1, 0, None),
        pair(2, 1, 0.2),
        pair(3, 8, 0.8),
        pair(4, 2, 0.1),
        pair(5, 7, 0.7),
    ]
    assert [p.key for p in choose(pairs, 4)] == [0, 2, 3, 4]
    assert [p.key for p in choose(pairs, 1)] == [0]
    assert choose(pairs, 6) == pairs


@pytest.fixture(scope='module')
def folder_run(tmp_path_factory):
    """A run of the bundled network over a folder, with a folder below."""
    data = write_folder(tmp_path_factory.mktemp('folder') / 'data', 3)
    for kind in ('images', 'masks'):
        (data / kind / 'cups').mkdir()
        [first] = (data / kind).glob('000.*')
        first.rename(data / kind / 'cups' / first.name)
    refine_folder(
        data / 'images',
        data / 'masks',
        data / 'refined',
        MaskOptions(),
        RefinerOptions(device='cpu', steps=1),
    )
    return data


def test_a_folder_run_knows_its_inputs_and_numbers(folder_run, tmp_path):
    write_report(folder_run / 'refined', tmp_path / 'page')
    data = page_data(tmp_path / 'page')
    lines = (folder_run / 'refined' / '.segrefiner-run.jsonl').read_text()
    noted = {
        line['out']: line
        for line in map(json.loads, lines.splitlines())
        if 'verdict' in line
    }
    masks = data['masks']
    assert sorted(masks['key']) == ['001.png', '002.png', 'cups/000.png']
    for place, key in enumerate(masks['key']):
        name = data['classes'][masks['classes'][place]]
        assert name == ('cups' if key == 'cups/000.png' else '')
        line = noted[key]
        assert data['verdicts'][masks['verdicts'][place]] == line['verdict']
        belief = line['evidence'].get('belief')
        assert masks['belief'][place] == pytest.approx(belief, abs=1e-4)
        assert masks['confidence'][place] == pytest.approx(
            line['confidence'], abs=1e-4
        )


def test_a_folder_that_was_moved(folder_run, tmp_path, capsys):
    moved = tmp_path / 'moved'
    folder_run.rename(moved)
    argv = ['report', moved / 'refined', '-o', tmp_path / 'page']
    try:
        assert cli.main([str(arg) for arg in argv]) == 2
        assert 'its folder with --coarse' in capsys.readouterr().err
        argv += ['--img-dir', moved / 'images', '--coarse', moved / 'masks']
        assert cli.main([str(arg) for arg in argv]) == 0
        assert len(page_data(tmp_path / 'page')['masks']['key']) == 3
    finally:
        moved.rename(folder_run)


def test_a_coarse_mask_that_changed_since_is_not_shown(folder_run, tmp_path):
    mask = folder_run / 'masks' / '001.png'
    before = mask.read_bytes()
    cv2.imwrite(str(mask), np.zeros((96, 128), np.uint8))
    try:
        summary = write_report(folder_run / 'refined', tmp_path / 'page')
    finally:
        mask.write_bytes(before)
    assert (summary.done, summary.failed) == (2, 1)


def test_the_numbers_of_a_run_do_not_hold_for_an_edited_mask(
    folder_run, tmp_path
):
    mask = folder_run / 'refined' / '001.png'
    before = mask.read_bytes()
    cv2.imwrite(str(mask), cv2.imread(str(mask), 0)[::-1])
    try:
        write_report(folder_run / 'refined', tmp_path / 'page')
    finally:
        mask.write_bytes(before)
    data = page_data(tmp_path / 'page')
    place = data['masks']['key'].index('001.png')
    assert data['masks']['confidence'][place] is None
    assert 'edited' in data['remarks'][0]


@pytest.mark.parametrize('key', ['../out.png', '/etc/passwd', 'a\\b.png'])
def test_a_journal_cannot_lead_out_of_its_folder(folder_run, tmp_path, key):
    journal = folder_run / 'refined' / '.segrefiner-run.jsonl'
    before = journal.read_text()
    line = json.loads(before.splitlines()[-1])
    journal.write_text(before + json.dumps({**line, 'out': key}) + '\n')
    try:
        summary = write_report(folder_run / 'refined', tmp_path / 'page')
    finally:
        journal.write_text(before)
    assert summary.failed == 1


def test_a_folder_without_a_journal(tmp_path):
    (tmp_path / 'masks').mkdir()
    with pytest.raises(InputError, match='must be the output folder'):
        write_report(tmp_path / 'masks', tmp_path / 'page')


def test_every_image_is_read_once(scenes, tmp_path, monkeypatch):
    """Three masks on each of the ten images."""
    contents = {}
    for name in ('coarse', 'refined'):
        entries = json.loads(getattr(scenes, name).read_text())
        contents[name] = tmp_path / f'{name}.json'
        contents[name].write_text(json.dumps(entries * 3))
    read = []

    def load(path, size):
        read.append(path)
        return load_image(path, size)

    monkeypatch.setattr(module, 'load_image', load)
    given = options(scenes, coarse=contents['coarse'], evidence=None)
    summary = write_report(contents['refined'], tmp_path / 'page', given)
    assert summary.done == 30
    assert sorted(read) == sorted(scenes.img_dir.iterdir())


@pytest.mark.slow
def test_5000_masks(tmp_path):
    """Within a minute of one CPU core, however busy the machine is."""
    many = write_review(tmp_path / 'data', 5000, height=240, width=320)
    begin = process_time()
    write_report(many.refined, tmp_path / 'page', options(many))
    assert process_time() - begin < 60
    sizes = [
        path.stat().st_size
        for path in (tmp_path / 'page').rglob('*')
        if path.is_file()
    ]
    assert len(sizes) > 5000
    assert max(sizes) < 25e6
