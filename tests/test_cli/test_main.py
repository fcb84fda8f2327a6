"""The command with its real arguments, files and exit statuses."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stderr, redirect_stdout

import numpy as np
import pytest
import torch
from PIL import Image

from segrefiner_mm.cli.main import main
from tests.helpers import GOLDEN, ROOT, iou, load_case, tiny_model_cfg

SIZE = (72, 96)


def run_process(*arguments):
    """Run the command as a user does; a traceback is a failure."""
    process = subprocess.run(
        [sys.executable, '-m', 'segrefiner_mm', *map(str, arguments)],
        capture_output=True,
        text=True,
        env=dict(os.environ, PYTHONPATH=str(ROOT), PYTHONWARNINGS='ignore'),
        timeout=300,
    )
    assert 'Traceback' not in process.stderr, process.stderr
    return process


def segrefiner(*arguments):
    """The same in this process, which is quicker; an exception would show."""
    out, errors = io.StringIO(), io.StringIO()
    argv = [str(argument) for argument in arguments]
    with redirect_stdout(out), redirect_stderr(errors):
        try:
            status = main(argv)
        except SystemExit as stopped:  # argparse
            status = stopped.code
    return subprocess.CompletedProcess(
        argv, status, out.getvalue(), errors.getvalue()
    )


def photograph(seed):
    """A noisy image with a dark disc, and a mask that is a bit off."""
    rng = np.random.default_rng(seed)
    image = rng.integers(120, 160, (*SIZE, 3), dtype=np.uint8)
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    true = np.hypot(y - 36, x - 48) < 22
    image[true] //= 3
    return image, true, np.roll(true, (3, 3), axis=(0, 1))


@pytest.fixture
def pair(tmp_path):
    image, _, mask = photograph(0)
    Image.fromarray(image).save(tmp_path / 'photo.jpg')
    Image.fromarray(mask).save(tmp_path / 'photo_mask.png')
    return tmp_path / 'photo.jpg', tmp_path / 'photo_mask.png'


def make_folders(tmp_path, count):
    """Folders of photographs and of masks, and one that is not there yet."""
    images, masks = tmp_path / 'images', tmp_path / 'masks'
    images.mkdir()
    masks.mkdir()
    for index in range(count):
        image, _, mask = photograph(index)
        Image.fromarray(image).save(images / f'{index:02d}.jpg')
        Image.fromarray(mask).save(masks / f'{index:02d}.png')
    return images, masks, tmp_path / 'out'


@pytest.fixture
def folders(tmp_path):
    return make_folders(tmp_path, 6)


def read(path):
    return np.asarray(Image.open(path)) > 0


def names(folder):
    return sorted(p.name for p in folder.iterdir() if p.name[0] != '.')


def test_help_and_version():
    top = segrefiner('--help')
    assert top.returncode == 0
    assert 'refine' in top.stdout
    assert 'convert' in top.stdout
    for command in ('refine', 'convert'):
        shown = segrefiner(command, '--help')
        assert shown.returncode == 0
        _, title, last = shown.stdout.partition('examples:\n')
        examples = last.splitlines()
        assert title
        assert len(examples) >= 2
        assert all(e.startswith(f'  segrefiner {command} ') for e in examples)
    assert segrefiner('--version').stdout.startswith('segrefiner 0.')


def test_help_does_not_wait_for_pytorch():
    code = (
        'import sys; from segrefiner_mm.cli.main import build_parser;'
        'build_parser().format_help(); sys.exit("torch" in sys.modules)'
    )
    assert (
        subprocess.run([sys.executable, '-c', code], cwd=ROOT).returncode == 0
    )


def test_a_good_mask_is_kept_unless_the_guard_is_off(pair, tmp_path):
    _, true, _ = photograph(0)
    Image.fromarray(true).save(pair[1])
    out = tmp_path / 'out.png'
    process = segrefiner('refine', *pair, '-o', out)
    assert 'kept as it is: its edge looks right (belief' in process.stdout
    assert np.array_equal(read(out), true)
    process = segrefiner('refine', *pair, '-o', out, '--no-guard')
    assert 'pixels changed' in process.stdout


def test_a_folder_run_notes_its_verdicts(folders):
    images, masks, out = folders
    segrefiner('refine', images, masks, '-o', out, '--steps', '1')
    lines = (out / '.segrefiner-run.jsonl').read_text().splitlines()
    noted = [json.loads(line) for line in lines if 'verdict' in line]
    assert len(noted) == 6
    assert {line['verdict'] for line in noted} <= {'refined', 'kept'}
    assert all(0 <= line['evidence']['belief'] <= 1 for line in noted)


def test_one_pair(pair, tmp_path):
    out = tmp_path / 'new' / 'better.png'
    process = run_process('refine', *pair, '-o', out, '--overlay')
    assert process.returncode == 0, process.stderr
    assert 'refined' in process.stdout
    assert 'confidence' in process.stdout
    _, true, coarse = photograph(0)
    assert iou(read(out), true) > iou(coarse, true)
    assert names(out.parent) == ['better.png', 'better_overlay.jpg']
    overlay = Image.open(out.parent / 'better_overlay.jpg')
    assert overlay.size == SIZE[::-1]


def test_one_pair_into_a_folder(pair, tmp_path):
    out = tmp_path / 'out'
    assert segrefiner('refine', *pair, '-o', out).returncode == 0
    assert names(out) == ['photo_mask.png']


def test_official_weights_and_options(tmp_path):
    case = load_case(GOLDEN / 'synthetic_instance.npz')
    Image.fromarray(case['image'][..., ::-1]).save(tmp_path / 'image.png')
    Image.fromarray(case['coarse'][0]).save(tmp_path / 'mask.png')
    config = tmp_path / 'config.py'
    config.write_text(
        f"default_scope = 'segrefiner_mm'\nmodel = {tiny_model_cfg()!r}\n"
    )
    process = segrefiner(
        'refine',
        tmp_path / 'image.png',
        tmp_path / 'mask.png',
        '-o',
        tmp_path / 'out.png',
        '--model',
        config,
        '--weights',
        GOLDEN / 'tiny_upstream.pth',
        '--seed',
        'none',
        '--no-guard',
    )
    assert process.returncode == 0, process.stderr
    refined = read(tmp_path / 'out.png')
    assert iou(refined, case['refined'][0]) >= 0.999


def test_twenty_photographs_and_one_is_corrupt(tmp_path):
    images, masks, out = make_folders(tmp_path, 20)
    (images / '07.jpg').write_bytes((images / '07.jpg').read_bytes()[:200])
    process = segrefiner('refine', images, masks, '-o', out, '--steps', 2)
    assert process.returncode == 1
    assert 'images/07.jpg' in process.stderr
    assert process.stderr.count('segrefiner: error') == 1
    assert names(out) == [f'{i:02d}.png' for i in range(20) if i != 7]
    assert '19 refined, 1 failed' in process.stdout


def test_a_run_goes_on_where_it_was(folders):
    images, masks, out = folders
    run = 'refine', images, masks, '-o', out, '--steps', 1
    assert segrefiner(*run).returncode == 0
    (out / '03.png').unlink()
    Image.fromarray(photograph(99)[2][::-1]).save(masks / '04.png')
    before = {p: p.stat().st_mtime_ns for p in out.glob('*.png')}
    again = segrefiner(*run)
    assert '2 refined, 4 done before' in again.stdout
    changed = {
        p.name
        for p in out.glob('*.png')
        if p.stat().st_mtime_ns != before.get(p)
    }
    assert changed == {'03.png', '04.png'}
    # A damaged output is made again.
    (out / '05.png').write_bytes(b'')
    assert '1 refined, 5 done before' in segrefiner(*run).stdout
    # Other settings, or --overwrite, and everything is done again.
    assert '6 refined' in segrefiner(*run, '--seed', 5).stdout
    assert '6 refined' in segrefiner(*run, '--seed', 5, '--overwrite').stdout


def test_stems_without_a_partner(folders):
    images, masks, out = folders
    (images / '00.jpg').unlink()
    (masks / '01.png').unlink()
    shutil.copy(images / '02.jpg', images / '02.png')
    process = segrefiner('refine', images, masks, '-o', out, '--steps', 1)
    assert process.returncode == 1
    assert f'no image for the mask {masks / "00.png"}' in process.stderr
    assert f'no mask for the image {images / "01.jpg"}' in process.stderr
    assert 'several files named 02' in process.stderr
    assert '3 refined, 3 failed' in process.stdout


def test_outputs_that_cannot_be_written(folders):
    images, masks, out = folders
    run = 'refine', images, masks, '-o', out, '--steps', 1
    (out / '03.png').mkdir(parents=True)
    refused = segrefiner(*run)
    assert refused.returncode == 2
    assert '03.png already exists' in refused.stderr
    process = segrefiner(*run, '--overwrite')
    assert process.returncode == 1
    assert process.stderr.count('segrefiner: error: cannot write') == 1
    assert '5 refined, 1 failed' in process.stdout


def test_files_of_others_are_not_overwritten(folders):
    images, masks, out = folders
    out.mkdir()
    (out / '05.png').write_text('precious')
    process = segrefiner('refine', images, masks, '-o', out, '--steps', 1)
    assert process.returncode == 2
    assert '05.png already exists' in process.stderr
    assert names(out) == ['05.png']
    assert (out / '05.png').read_text() == 'precious'


def test_an_interrupted_run_leaves_whole_files_and_goes_on(folders):
    images, masks, out = folders
    run = ['refine', images, masks, '-o', out]
    env = dict(os.environ, PYTHONPATH=str(ROOT))
    process = subprocess.Popen(
        [sys.executable, '-m', 'segrefiner_mm', *map(str, run)],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 120
    while not list(out.glob('*.png')) and time.monotonic() < deadline:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    before = len(list(out.glob('*.png')))
    assert 0 < before < 6
    for path in out.glob('*.png'):
        read(path)
    again = segrefiner(*run)
    assert again.returncode == 0
    assert 'done before' in again.stdout
    assert names(out) == [f'{i:02d}.png' for i in range(6)]


def test_nothing_could_be_done(folders):
    images, masks, out = folders
    for path in images.iterdir():
        path.write_bytes(b'')
    process = segrefiner('refine', images, masks, '-o', out)
    assert process.returncode == 2
    assert process.stderr.count('segrefiner: error') == 6
    assert names(out) == []


@pytest.mark.parametrize('overlay', [True, False])
def test_masks_that_need_no_refinement(tmp_path, overlay):
    """Empty, full and tiny masks come back as they are."""
    images, masks = tmp_path / 'images', tmp_path / 'masks'
    images.mkdir()
    masks.mkdir()
    image, _, mask = photograph(0)
    tiny = np.zeros(SIZE, bool)
    tiny[5:8, 5:8] = True
    cases = dict(empty=mask & False, full=mask | True, tiny=tiny)
    for name, case in cases.items():
        Image.fromarray(image).save(images / f'{name}.png')
        Image.fromarray(case).save(masks / f'{name}.png')
    arguments = ['--overlay'] if overlay else []
    out = tmp_path / 'out'
    process = segrefiner('refine', images, masks, '-o', out, *arguments)
    assert process.returncode == 0
    assert '3 kept' in process.stdout
    for name, case in cases.items():
        assert np.array_equal(read(out / f'{name}.png'), case)


def make_bad_inputs(tmp_path):
    """Files that a user may give by mistake, and what the error must say."""
    image, _, mask = photograph(0)
    good_image, good_mask = tmp_path / 'good.jpg', tmp_path / 'good.png'
    Image.fromarray(image).save(good_image)
    Image.fromarray(mask).save(good_mask)
    (tmp_path / 'text.jpg').write_text('not a picture')
    Image.fromarray(mask[:30]).save(tmp_path / 'small.png')
    soft = (mask * 200).astype(np.uint8)
    soft[0, :9] = range(9)
    Image.fromarray(soft).save(tmp_path / 'soft.png')
    (tmp_path / 'folder').mkdir()
    (tmp_path / 'folder.png').mkdir()
    (tmp_path / 'folder.png' / 'good.png').mkdir()
    torch.save(dict(state_dict=dict(x=torch.zeros(1))), tmp_path / 'x.pth')
    (tmp_path / 'cut.pth').write_bytes(b'PK\x03\x04 cut')
    return good_image, good_mask


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (dict(image='nothing.jpg'), 'no such file or folder'),
        (dict(mask='nothing.png'), 'no such file or folder'),
        (dict(image='text.jpg'), 'not an image'),
        (dict(mask='text.jpg'), 'not an image'),
        (dict(mask='small.png'), 'they must be equal'),
        (dict(mask='soft.png'), 'is not binary'),
        (dict(mask='folder'), 'two files or two folders'),
        (dict(image='folder', mask='folder'), 'give two folders'),
        (dict(out='better.jpg'), 'written as .bmp, .png'),
        (dict(out='good.png'), 'would be overwritten'),
        (dict(more=['--weights', 'nothing.pth']), 'weights not found'),
        (dict(more=['--weights', 'x.pth']), 'unknown: x'),
        (dict(more=['--weights', 'cut.pth']), 'cut.pth'),
        (dict(more=['--model', 'huge']), "no model 'huge'"),
        (dict(more=['--model', 'segrefiner-hr']), 'not bundled'),
        (dict(more=['--steps', '7']), '1 to 6'),
        (dict(more=['--seed', '9' * 30]), 'seed must be'),
        (dict(more=['--threshold', 'nan']), 'threshold must be'),
        (dict(out='good.png/x.png'), 'cannot write'),
        (dict(out='folder.png'), 'cannot write'),
        (dict(image='folder', mask='folder', out='folder'), 'is an input'),
        (dict(more=['--steps', 'x']), 'invalid int'),
        (dict(more=['--device', 'abacus']), 'abacus'),
        (dict(more=['--device', 'cuda:7']), "cannot use device 'cuda:7'"),
        (dict(more=['--model', 'good.jpg']), 'cannot read the config'),
        (dict(more=['--windows', 'none']), 'invalid choice'),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else '',
)
def test_mistakes(tmp_path, monkeypatch, change, message):
    image, mask = make_bad_inputs(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = names(tmp_path)
    process = segrefiner(
        'refine',
        tmp_path / change.get('image', image),
        tmp_path / change.get('mask', mask),
        '-o',
        tmp_path / change.get('out', 'better.png'),
        *change.get('more', []),
    )
    assert process.returncode == 2
    assert message in process.stderr
    assert names(tmp_path) == before


def test_a_mistake_in_a_process_of_its_own(tmp_path):
    image, _ = make_bad_inputs(tmp_path)
    process = run_process('refine', image, tmp_path / 'soft.png', '-o', 'out')
    assert process.returncode == 2
    assert 'is not binary' in process.stderr
    assert run_process().returncode == 2


def test_a_soft_mask_with_a_threshold(tmp_path):
    image, _ = make_bad_inputs(tmp_path)
    mask, out = tmp_path / 'soft.png', tmp_path / 'out.png'
    run = 'refine', image, mask, '-o', out, '--threshold', 100, '--steps', 1
    assert segrefiner(*run).returncode == 0


def test_convert(tmp_path):
    out = tmp_path / 'tiny.safetensors'
    source = GOLDEN / 'tiny_upstream.pth'
    process = segrefiner('convert', source, out)
    assert process.returncode == 0, process.stderr
    whole = out.stat().st_size
    assert segrefiner('convert', source, out, '--half').returncode == 0
    assert out.stat().st_size < 0.6 * whole
    back = tmp_path / 'back.pth'
    assert segrefiner('convert', out, back).returncode == 0
    assert names(tmp_path) == ['back.pth', 'tiny.safetensors']


@pytest.mark.parametrize(
    ('source', 'target', 'message'),
    [
        ('nothing.pth', 'out.pth', 'weights not found'),
        ('x.pth', 'out.pth', 'not a SegRefiner checkpoint: it has x'),
        ('x.pth', 'x.pth', 'same file'),
        ('cut.pth', 'out.pth', 'cut.pth'),
        ('good.jpg', 'out.pth', 'good.jpg'),
        ('x.pth', 'nowhere/out.pth', 'no such folder'),
        ('nothing.pth', 'x.pth', 'weights not found'),
    ],
)
def test_convert_mistakes(tmp_path, source, target, message):
    make_bad_inputs(tmp_path)
    before = names(tmp_path)
    process = segrefiner('convert', tmp_path / source, tmp_path / target)
    assert process.returncode == 2
    assert message in process.stderr
    assert names(tmp_path) == before


def test_the_journal_is_plain(folders):
    images, masks, out = folders
    segrefiner('refine', images, masks, '-o', out, '--steps', 1)
    lines = (out / '.segrefiner-run.jsonl').read_text().splitlines()
    done = [json.loads(line) for line in lines if 'settings' in line]
    assert len(done) == 6
    assert done[0]['settings']['steps'] == 1
