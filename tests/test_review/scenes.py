"""Drawn scenes with coarse and refined masks, as ``coco`` writes them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.runs.predictions.mask_rows import MaskRow, write_rows
from tests.helpers import blocky, draw_object

# Names out of a data file that a page must show as text.
HOSTILE = '<script>document.title = "broken"</script>'
HOSTILE_FILE = '"><img src=x onerror=document.title=1>.png'
CLASSES = ('cup', HOSTILE, 'lamp & "light"')
VERDICTS = ('refined', 'refined', 'kept', 'refined', 'rolled back')


class Scenes(NamedTuple):
    """Files of a run: one mask per image, the verdicts in turn."""

    img_dir: Path
    ann: Path
    coarse: Path
    refined: Path
    evidence: Path


def write_review(folder: Path, count: int = 10, **size: int) -> Scenes:
    scenes = Scenes(
        folder / 'img',
        folder / 'ann.json',
        folder / 'coarse.json',
        folder / 'refined.json',
        folder / 'evidence.csv',
    )
    scenes.img_dir.mkdir(parents=True)
    rng = np.random.default_rng(5)
    images, rows = [], []
    before: list[dict[str, Any]] = []
    after: list[dict[str, Any]] = []
    for index in range(count):
        image, true = draw_object(rng, **size)
        name = HOSTILE_FILE if index == 1 else f'{index:03d}.png'
        encoded = cv2.imencode('.png', image)[1]
        (scenes.img_dir / name).write_bytes(encoded.tobytes())
        height, width = true.shape
        images.append(
            dict(id=index, file_name=name, height=height, width=width)
        )
        verdict = VERDICTS[index % len(VERDICTS)]
        coarse = blocky(true)
        refined = true if verdict == 'refined' else coarse
        category = 1 + index % len(CLASSES)
        for masks, mask in ((before, coarse), (after, refined)):
            masks.append(
                dict(
                    image_id=index,
                    category_id=category,
                    score=0.9,
                    bbox=list(cv2.boundingRect(mask)),
                    segmentation=encode_mask(mask),
                )
            )
        numbers = dict(belief=index / 10, edge_gain=index / 10 - 0.5)
        name = f'result {index} of image {index}'
        rows.append(MaskRow(name, verdict, 1.0, 0.9 - index / 20, numbers))
    categories = [dict(id=i, name=name) for i, name in enumerate(CLASSES, 1)]
    content = dict(images=images, annotations=[], categories=categories)
    scenes.ann.write_text(json.dumps(content))
    scenes.coarse.write_text(json.dumps(before))
    scenes.refined.write_text(json.dumps(after))
    write_rows(scenes.evidence, rows)
    return scenes


def page_data(report: Path) -> dict:
    """The data in the page of a report."""
    html = (report / 'index.html').read_text()
    begin = html.index('type="application/json">') + 24
    return json.loads(html[begin : html.index('</script>', begin)])
