"""The package as it is installed and imported."""

import subprocess
import sys
import venv
import zipfile
from functools import partial

import pytest

from segrefiner_mm.review.page_folder import PAGE_FILES
from tests.helpers import ROOT


def run(code):
    return subprocess.run(
        [sys.executable, '-c', code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_importing_the_package_imports_no_heavy_module():
    process = run(
        'import sys, segrefiner_mm;'
        'print([m for m in ("torch", "cv2", "mmcv", "mmdet", "matplotlib")'
        ' if m in sys.modules])'
    )
    assert process.stdout.strip() == '[]', process.stderr


def test_the_core_needs_neither_mmdet_nor_mmseg_nor_compiled_ops():
    process = run(
        'import sys;'
        'sys.modules.update(dict.fromkeys(["mmdet", "mmseg", "mmcv._ext"]));'
        'import segrefiner_mm.models, segrefiner_mm.apis.inferencer;'
        'import segrefiner_mm.evaluation'
    )
    assert process.returncode == 0, process.stderr


def test_without_mmengine_the_error_says_what_to_install():
    process = run(
        'import importlib.util as u; find = u.find_spec;'
        'u.find_spec = lambda n, *a: None if n == "mmengine" else find(n, *a);'
        'import segrefiner_mm'
    )
    assert "pip install 'segrefiner_mm[onedl]'" in process.stderr


def test_base_configs_of_this_package_resolve(tmp_path):
    config = tmp_path / 'mine.py'
    config.write_text("_base_ = 'segrefiner_mm::segrefiner/segrefiner_hr.py'")
    process = run(
        'import segrefiner_mm; from mmengine.config import Config;'
        f'print(Config.fromfile({str(config)!r}).model.type)'
    )
    assert process.stdout.strip() == 'SegRefiner', process.stderr


def test_unknown_attributes():
    import segrefiner_mm
    import segrefiner_mm.apis

    for module in (segrefiner_mm, segrefiner_mm.apis):
        with pytest.raises(AttributeError, match='nothing'):
            _ = module.nothing


@pytest.mark.slow
def test_the_wheel_is_complete_and_the_source_tree_stays_as_it_was(tmp_path):
    before = state()
    venv.create(tmp_path / 'venv', with_pip=True)
    python = tmp_path / 'venv' / 'bin' / 'python'
    run = partial(subprocess.run, check=True, cwd=tmp_path)
    wheel = '-m', 'pip', 'wheel', '-q', '--no-deps', '-w', tmp_path
    run([python, *wheel, ROOT])
    [built] = tmp_path.glob('*.whl')
    names = set(zipfile.ZipFile(built).namelist())
    assert {
        'segrefiner_mm/py.typed',
        'segrefiner_mm/weights/segrefiner_lite.safetensors',
        'segrefiner_mm/weights/segrefiner_tiny.safetensors',
        'segrefiner_mm/weights/MODEL_CARD.md',
        'segrefiner_mm/weights/LICENSE',
        'segrefiner_mm/review/page/index.html',
        *(f'segrefiner_mm/review/page/{name}' for name in PAGE_FILES),
        'segrefiner_mm/configs/segrefiner/segrefiner_lite.py',
        'segrefiner_mm/configs/_base_/models/segrefiner_lite.py',
        'segrefiner_mm/.mim/model-index.yml',
        'segrefiner_mm/.mim/configs/segrefiner/segrefiner_tiny.py',
        'segrefiner_mm/.mim/configs/segrefiner/metafile.yml',
        'segrefiner_mm/.mim/configs/_base_/models/segrefiner_unet.py',
        'segrefiner_mm/.mim/tools/benchmark.py',
        'segrefiner_mm/.mim/tools/train.py',
    } <= names
    assert not [name for name in names if name.startswith('tests')]
    assert state() == before
    # The same comes out of an sdist.
    run([python, '-m', 'pip', 'install', '-q', 'build'])
    run([python, '-m', 'build', '-q', '--sdist', '-o', tmp_path, ROOT])
    [source] = tmp_path.glob('*.tar.gz')
    again = tmp_path / 'again'
    run([python, *wheel[:-1], again, source])
    [rebuilt] = again.glob('*.whl')
    assert set(zipfile.ZipFile(rebuilt).namelist()) == names
    assert state() == before


def state():
    """What git says of the source tree, and where mim's links lead."""
    status = subprocess.run(
        ['git', 'status', '--short', '--untracked-files=all'],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    mim = ROOT / 'segrefiner_mm' / '.mim'
    links = {path.name: path.is_symlink() for path in mim.glob('*')}
    return status.stdout, links
