"""Writes small valid files of other tools, which are mutated."""

import base64
import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image

from fuzzing.seeds import HEIGHT, IMAGES, WIDTH, draw, dump, write
from segrefiner_mm.io.image_files.geotiff import encode_geotiff
from segrefiner_mm.io.rle import encode_mask


def write_tool_seeds(folder: Path) -> None:
    """Write valid files of labelme, YOLO, Segment Anything and more."""
    _, mask = draw()
    _write_labelme(folder / 'labelme', mask)
    _write_yolo(folder / 'yolo', mask)
    _write_sam(folder, mask)
    _write_videos(folder, mask)
    _write_geotiff(folder / 'labels' / 'placed.tif', mask)


def _write_labelme(folder: Path, mask: np.ndarray) -> None:
    """Write a file with a polygon, a mask and a rectangle."""
    [outline], _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    crop = io.BytesIO()
    Image.fromarray(mask).save(crop, 'PNG')
    kinds = [
        ('polygon', outline[:, 0].tolist(), None),
        ('mask', [[0, 0], [WIDTH - 1, HEIGHT - 1]], crop.getvalue()),
        ('rectangle', [[1.0, 2.0], [30.0, 40.0]], None),
    ]
    shapes = [
        dict(
            label='disc',
            points=points,
            group_id=None,
            description='',
            shape_type=kind,
            flags={},
            mask=picture and base64.b64encode(picture).decode(),
        )
        for kind, points, picture in kinds
    ]
    content: dict[str, Any] = dict(
        version='5.5.0',
        flags={},
        shapes=shapes,
        imagePath=IMAGES[0],
        imageData=None,
        imageHeight=HEIGHT,
        imageWidth=WIDTH,
    )
    dump(folder / 'a.json', content)


def _write_yolo(folder: Path, mask: np.ndarray) -> None:
    [outline], _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    corners = (outline[:, 0] / (WIDTH, HEIGHT)).ravel()
    words = ' '.join(f'{number:.6g}' for number in corners)
    folder.mkdir()
    for name in IMAGES:
        text = f'0 {words}\n1 0.5 0.5 0.2 0.2\n0 {words} 0.75\n'
        (folder / f'{Path(name).stem}.txt').write_text(text)


def _write_sam(folder: Path, mask: np.ndarray) -> None:
    """Write a file of SA-1B, and a file and a folder of ``amg.py``."""
    record = dict(
        id=1,
        segmentation=encode_mask(mask),
        bbox=list(cv2.boundingRect(mask)),
        area=int(mask.sum()),
        predicted_iou=0.9,
        point_coords=[[9.0, 9.0]],
        crop_box=[0, 0, WIDTH, HEIGHT],
        stability_score=0.9,
    )
    image = dict(file_name=IMAGES[0], height=HEIGHT, width=WIDTH, image_id=1)
    content = dict(image=image, annotations=[record, record])
    dump(folder / 'sa1b.json', content)
    dump(folder / 'sam' / 'a.json', [record, record])
    write(folder / 'amg' / 'a' / '0.png', mask * 255)
    table = 'id,area,bbox_x0,bbox_y0,bbox_w,bbox_h\n0,9,1,2,3,4\n'
    (folder / 'amg' / 'a' / 'metadata.csv').write_text(table)


def _write_videos(folder: Path, mask: np.ndarray) -> None:
    video = dict(
        id=1, width=WIDTH, height=HEIGHT, length=2, file_names=[*IMAGES]
    )
    track = dict(
        id=1,
        video_id=1,
        category_id=1,
        iscrowd=0,
        segmentations=[encode_mask(mask), None],
        areas=[int(mask.sum()), None],
        bboxes=[list(cv2.boundingRect(mask)), None],
    )
    content = dict(videos=[video], annotations=[track], categories=[])
    dump(folder / 'videos.json', content)


def _write_geotiff(path: Path, mask: np.ndarray) -> None:
    """Write a label map in UTM zone 33, with a value for missing data."""
    place = {
        33550: (12, (0.2, 0.2, 0.0)),
        33922: (12, (0.0, 0.0, 0.0, 399960.0, 5700000.0, 0.0)),
        34735: (3, (1, 1, 0, 2, 1024, 0, 1, 1, 3072, 0, 1, 32633)),
        34737: (2, 'WGS 84 / UTM zone 33N|'),
        42113: (2, '255'),
    }
    path.write_bytes(encode_geotiff(mask * 7, place))
