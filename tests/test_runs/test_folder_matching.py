"""Layouts and names of public data sets."""

import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.cli import main as cli
from segrefiner_mm.errors import InputError
from segrefiner_mm.runs.folder_matching import PairMatching
from tests.helpers import draw_object

STEM = 'aachen_000000_000019'
KINDS = ('color', 'instanceIds', 'labelIds', 'labelTrainIds')


@pytest.fixture
def cityscapes(tmp_path):
    image = tmp_path / 'leftImg8bit' / 'aachen' / f'{STEM}_leftImg8bit.png'
    labels = tmp_path / 'gtFine' / 'aachen'
    for folder in (image.parent, labels):
        folder.mkdir(parents=True)
    image.touch()
    for kind in KINDS:
        (labels / f'{STEM}_gtFine_{kind}.png').touch()
    (labels / f'{STEM}_gtFine_polygons.json').touch()
    return tmp_path


@pytest.mark.parametrize('kind', KINDS[1:])
def test_cityscapes(cityscapes, kind):
    suffix = f'_gtFine_{kind}'
    images, labels = cityscapes / 'leftImg8bit', cityscapes / 'gtFine'
    matching = PairMatching(images, labels, cityscapes / 'out', suffix=suffix)
    assert not matching.problems
    [job] = matching.jobs
    assert job.image == images / 'aachen' / f'{STEM}_leftImg8bit.png'
    assert job.mask == labels / 'aachen' / f'{STEM}{suffix}.png'
    assert job.out == cityscapes / 'out' / 'aachen' / job.mask.name


def test_cityscapes_without_a_suffix(cityscapes):
    matching = PairMatching(
        cityscapes / 'leftImg8bit', cityscapes / 'gtFine', cityscapes / 'out'
    )
    assert not matching.jobs
    hints = [p for p in matching.problems if '--mask-suffix _gtFine_' in p]
    assert len(hints) == len(KINDS)


def test_predictions_named_as_the_images_of_cityscapes(cityscapes):
    predictions = cityscapes / 'pred' / 'aachen'
    predictions.mkdir(parents=True)
    (predictions / f'{STEM}_leftImg8bit.png').touch()
    matching = PairMatching(
        cityscapes / 'leftImg8bit', cityscapes / 'pred', cityscapes / 'out'
    )
    assert not matching.problems
    assert len(matching.jobs) == 1


def test_voc(tmp_path):
    """Palette pictures with a border of 255, which stays to the pixel."""
    image, mask = draw_object(np.random.default_rng(5))
    border = np.zeros_like(mask)
    border[:, ::16] = 1
    labels = np.where(border > 0, 255, np.roll(mask, 4, axis=1) * 15)
    for folder in ('JPEGImages', 'SegmentationClass'):
        (tmp_path / folder).mkdir()
    photo = Image.fromarray(image[..., ::-1].copy())
    photo.save(tmp_path / 'JPEGImages' / '2007_000032.jpg')
    picture = Image.fromarray(labels.astype(np.uint8)).convert('P')
    picture.putpalette(voc_palette())
    file = tmp_path / 'SegmentationClass' / '2007_000032.png'
    picture.save(file)
    argv = ['refine', tmp_path / 'JPEGImages', file.parent, '--labels']
    argv += ['-o', tmp_path / 'out', '--device', 'cpu', '--steps', 1]
    assert cli.main([str(arg) for arg in argv]) == 0
    new = Image.open(tmp_path / 'out' / '2007_000032.png')
    assert new.mode == 'P'
    assert new.getpalette() == voc_palette()
    refined = np.asarray(new)
    np.testing.assert_array_equal(refined == 255, labels == 255)
    assert set(np.unique(refined)) == {0, 15, 255}
    assert (refined != labels).any()


def voc_palette():
    """The bits of a label, in turn for red, green and blue (VOCcode)."""
    palette = []
    for label in range(256):
        colour = [0, 0, 0]
        for bit in range(8):
            for channel in range(3):
                value = (label >> (3 * bit + channel)) & 1
                colour[channel] |= value << (7 - bit)
        palette += colour
    return palette


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def pairs(matching, root):
    return {
        (
            job.image.relative_to(root).as_posix(),
            job.mask.relative_to(root).as_posix(),
            job.out.relative_to(root).as_posix(),
        )
        for job in matching.jobs
    }


def test_a_folder_named_after_an_image_holds_the_masks_of_its_objects(
    tmp_path,
):
    touch(tmp_path, 'img/a.jpg', 'm/a/cup.png', 'm/a/spoon.png', 'm/b/x.png')
    matching = PairMatching(tmp_path / 'img', tmp_path / 'm', tmp_path / 'out')
    assert pairs(matching, tmp_path) == {
        ('img/a.jpg', 'm/a/cup.png', 'out/a/cup.png'),
        ('img/a.jpg', 'm/a/spoon.png', 'out/a/spoon.png'),
    }
    lonely, ours = tmp_path / 'm' / 'b', tmp_path / 'img' / 'b'
    assert matching.problems[0] == f'no folder {ours} for {lonely}'


def test_a_suffix_with_a_star(tmp_path):
    """The longest name of an image that the rest fits is the owner."""
    touch(tmp_path, 'img/a.jpg', 'img/a_1.jpg')
    touch(tmp_path, 'm/a_1_mask9.png', 'm/a_mask2.png', 'm/b_mask2.png')
    folders = tmp_path / 'img', tmp_path / 'm', tmp_path / 'out'
    matching = PairMatching(*folders, suffix='_mask*')
    assert pairs(matching, tmp_path) == {
        ('img/a_1.jpg', 'm/a_1_mask9.png', 'out/a_1_mask9.png'),
        ('img/a.jpg', 'm/a_mask2.png', 'out/a_mask2.png'),
    }
    [problem] = matching.problems
    assert problem == f'no image for the mask {tmp_path / "m/b_mask2.png"}'


def test_images_and_masks_in_one_folder(tmp_path):
    touch(tmp_path, 'a.jpg', 'a_mask.png', 'b.jpg')
    folders = tmp_path, tmp_path, tmp_path / 'out'
    matching = PairMatching(*folders, suffix='_mask')
    assert pairs(matching, tmp_path) == {
        ('a.jpg', 'a_mask.png', 'out/a_mask.png')
    }
    assert matching.problems == [f'no mask for the image {tmp_path / "b.jpg"}']
    with pytest.raises(InputError, match='--mask-suffix, such as _mask'):
        PairMatching(*folders)
