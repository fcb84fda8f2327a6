"""What is said to a user who took the wrong files, or the wrong command."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import refine_folder, refine_predictions
from segrefiner_mm.errors import InputError


@pytest.fixture
def data(tmp_path):
    """A folder of images, and empty folders beside it."""
    for name in ('images', 'masks', 'labels'):
        (tmp_path / name).mkdir()
    image = np.zeros((8, 8, 3), np.uint8)
    cv2.imwrite(str(tmp_path / 'images' / 'a.jpg'), image)
    return tmp_path


@pytest.mark.parametrize('suffix', ['.json', '.txt', '.pkl'])
def test_labels_are_of_the_other_command(data, suffix):
    file = data / 'labels' / f'a{suffix}'
    file.write_text('0')
    advice = f'segrefiner coco refines {suffix} files'
    with pytest.raises(InputError, match=advice):
        refine_folder(data / 'images', data / 'labels', data / 'out')
    with pytest.raises(InputError, match=advice):
        refine_folder(data / 'images' / 'a.jpg', file, data / 'a.png')
    assert {path.name for path in data.iterdir()} == {
        'images',
        'masks',
        'labels',
    }


def test_names_that_differ_by_a_suffix(data):
    mask = np.zeros((8, 8), np.uint8)
    cv2.imwrite(str(data / 'masks' / 'a_mask.png'), mask)
    with pytest.raises(InputError, match='--mask-suffix _mask matches') as no:
        refine_folder(data / 'images', data / 'masks', data / 'out')
    assert 'segrefiner coco' not in str(no.value)


def test_images_are_of_the_other_command(data):
    with pytest.raises(InputError, match='segrefiner refine takes masks'):
        refine_predictions(data / 'images', data / 'out')
