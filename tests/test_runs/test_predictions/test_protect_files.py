"""What belongs to the user is neither replaced nor mixed with results."""

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.formats.yolo_folder import YoloFolder
from segrefiner_mm.runs.predictions.prediction_options import (
    PredictionOptions,
)
from segrefiner_mm.runs.predictions.protect_files import protect_files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / 'in').mkdir()
    (tmp_path / 'in' / 'a.txt').write_text('0 0.1 0.1 0.9 0.1 0.5 0.9\n')
    (tmp_path / 'in' / 'data.yaml').write_text('names: [cat]\n')
    return tmp_path


def protect(folder, **options):
    chosen = PredictionOptions(**options)
    suffixes = YoloFolder.suffixes
    protect_files(folder / 'in', folder / 'out', chosen, suffixes)


@pytest.mark.parametrize('name', ['data.yaml', 'data.yml', 'labels/a.txt'])
def test_files_of_another_data_set_stay(folder, name):
    """A YAML file is written as the labels are."""
    protect(folder)
    file = folder / 'out' / name
    file.parent.mkdir(parents=True)
    file.write_text('mine')
    with pytest.raises(InputError, match='--overwrite'):
        protect(folder)
    protect(folder, overwrite=True)


def test_images_may_be_there(folder):
    (folder / 'out').mkdir()
    (folder / 'out' / 'a.jpg').write_bytes(b'')
    protect(folder)


@pytest.mark.parametrize(
    ('name', 'message'),
    [
        ('in', 'is an input'),
        ('in/a.txt', 'is an input'),
        ('in/data.yaml', 'is an input'),
        ('out', 'must not be the output'),
        ('pictures', 'must be a file, and'),
    ],
)
def test_a_report_replaces_neither_inputs_nor_folders(folder, name, message):
    """Not even if other files may be overwritten."""
    (folder / 'pictures').mkdir()
    with pytest.raises(InputError, match=message):
        protect(folder, report=folder / name, overwrite=True)


def test_a_report_replaces_a_report_alone(folder):
    report = folder / 'changes.csv'
    report.write_text('mask,verdict,iou\n')
    protect(folder, report=report)
    report.write_text('')  # as mktemp creates it
    protect(folder, report=report)
    report.write_text('my notes\n')
    with pytest.raises(InputError, match='--overwrite'):
        protect(folder, report=report)
    protect(folder, report=report, overwrite=True)
