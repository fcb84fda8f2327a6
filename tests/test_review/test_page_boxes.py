"""Where the pictures of the page lie in their images."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.apis import ReportOptions, write_report
from segrefiner_mm.io.images import load_image
from tests.test_review.label_scenes import write_panoptic
from tests.test_review.scenes import page_data, write_review

TURNED = 6  # an EXIF orientation: the stored image lies on its side


def check_boxes(report, images, size):
    """Every picture is that part of its image, but for the JPEG."""
    data = page_data(report)
    masks = data['masks']
    for index, (x0, y0, x1, y1) in enumerate(masks['box']):
        assert tuple(masks['image_size'][index]) == size
        name = f'{masks["place"][index]:05d}.jpg'
        shown = cv2.imread(str(report / 'crops' / '000' / name))
        image = load_image(
            images / data['images'][masks['images'][index]], size
        )
        assert 0 <= x0 < x1 <= size[1]
        assert 0 <= y0 < y1 <= size[0]
        part = cv2.resize(
            image[y0:y1, x0:x1],
            shown.shape[1::-1],
            interpolation=cv2.INTER_AREA,
        )
        assert np.abs(part.astype(int) - shown).mean() < 12
        moved = np.roll(part, len(part) // 6, axis=0).astype(int)
        assert np.abs(moved - shown).mean() > 12  # or any box would do


@pytest.mark.parametrize('height', [96, 1200])
def test_masks_of_small_and_of_large_images(tmp_path, height):
    size = height, height + 40
    scenes = write_review(tmp_path / 'data', 4, height=height, width=size[1])
    options = ReportOptions(scenes.coarse, scenes.img_dir, scenes.ann)
    write_report(scenes.refined, tmp_path / 'page', options)
    check_boxes(tmp_path / 'page', scenes.img_dir, size)


def test_label_maps_are_shown_as_a_whole(tmp_path):
    run = write_panoptic(tmp_path / 'data')
    options = ReportOptions(run.coarse, run.img_dir)
    write_report(run.refined, tmp_path / 'page', options)
    check_boxes(tmp_path / 'page', run.img_dir, (96, 128))
    boxes = page_data(tmp_path / 'page')['masks']['box']
    assert boxes == [[0, 0, 128, 96]] * 3


@pytest.mark.parametrize('upright', [True, False])
def test_images_with_an_orientation(tmp_path, upright):
    """Masks are drawn on the upright image, or on the stored pixels."""
    scenes = write_review(tmp_path / 'data', 4)
    for path in scenes.img_dir.iterdir():
        picture = Image.open(path)
        if upright:  # viewers turn it back
            picture = picture.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = TURNED
        picture.save(path, exif=exif)
        assert load_image(path).shape[:2] == (
            (96, 128) if upright else (128, 96)
        )
    content = json.loads(scenes.ann.read_text())
    assert {image['height'] for image in content['images']} == {96}
    options = ReportOptions(scenes.coarse, scenes.img_dir, scenes.ann)
    write_report(scenes.refined, tmp_path / 'page', options)
    check_boxes(tmp_path / 'page', scenes.img_dir, (96, 128))
