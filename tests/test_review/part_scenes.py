"""Decisions with parts, as the page exports them, and what they lead to."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.rle import decode_mask
from tests.test_review.scenes import Scenes

Side = tuple[int, int, int, int]  # x0, y0, x1, y1
SIZE = 96, 128
# Two that overlap, and one at the corner of the image.
BOXES = (30, 20, 70, 50), (60, 40, 80, 60), (100, 80, 128, 96)


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def masks_of(entries: Iterable[dict]) -> list[np.ndarray]:
    return [decode_mask(entry['segmentation'], SIZE) for entry in entries]


def partly(key: Any, size: tuple[int, int], *boxes: Side) -> dict[str, Any]:
    """A decision on a mask of an image of so many rows and columns."""
    return dict(
        key=key,
        mask=f'result {key} of image {key}',
        decision='partly',
        width=size[1],
        height=size[0],
        parts=[
            dict(zip(('x0', 'y0', 'x1', 'y1'), box, strict=True))
            for box in boxes
        ],
    )


def write_decisions(
    path: Path, refined: str, coarse: str, decisions: Iterable[dict]
) -> Path:
    """A file as the page exports it; marks are the hashes of both files."""
    content = dict(
        segrefiner_decisions=1,
        refined=dict(name='refined', sha256=refined),
        coarse=dict(name='coarse', sha256=coarse),
        decisions=list(decisions),
    )
    path.write_text(json.dumps(content))
    return path


def mixed(
    coarse: np.ndarray, refined: np.ndarray, boxes: Iterable[Side]
) -> np.ndarray:
    """The coarse pixels inside of boxes, and the refined ones outside."""
    ys, xs = np.indices(coarse.shape)
    inside = np.zeros(coarse.shape, bool)
    for x0, y0, x1, y1 in boxes:
        inside |= (xs >= x0) & (xs < x1) & (ys >= y0) & (ys < y1)
    return np.where(inside, coarse, refined)


def decide(scenes: Scenes, folder: Path, *decisions: dict) -> Path:
    """Decisions on the masks of drawn scenes."""
    marks = digest(scenes.refined), digest(scenes.coarse)
    return write_decisions(folder / 'decisions.json', *marks, decisions)


def apply(
    refined: Path, coarse: Path, decisions: Path, out: Path, *options: str
) -> int:
    """The exit status of the command that applies decisions to JSON."""
    argv = ['coco', refined, '--coarse', coarse, '--decisions', decisions]
    return cli.main([str(arg) for arg in [*argv, '-o', out, *options]])
