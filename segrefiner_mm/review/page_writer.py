"""The files of a review page."""

import json
from collections.abc import Callable, Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any

from segrefiner_mm.review.crops import THUMB, Crop, ThumbSheets
from segrefiner_mm.review.mask_pair import MaskPair, Review

SHARD = 200  # masks whose outlines share a file
FOLDER = 1000  # crops in a folder
# Numbers of a mask, and how the page gets them.
NUMBERS: dict[str, Callable[[MaskPair], float | None]] = {
    'belief': lambda pair: pair.evidence.get('belief'),
    'edge_gain': lambda pair: pair.evidence.get('edge_gain'),
    'confidence': lambda pair: pair.certainty,
    'share': lambda pair: pair.areas.share,
    'iou': lambda pair: pair.areas.iou,
    'area': lambda pair: pair.areas.coarse,
    'refined_area': lambda pair: pair.areas.refined,
    'score': lambda pair: pair.score,
}


class PageWriter:
    """Writes crops, thumbnails and outlines as they come, then the page.

    Args:
        folder (Path): Folder to fill.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sheets = ThumbSheets()
        self._outlines: list[list[str]] = []
        self._pairs: list[MaskPair] = []
        self._sizes: list[tuple[int, int]] = []

    def add(self, pair: MaskPair, crop: Crop) -> None:
        """Add a mask.

        Args:
            pair (MaskPair): The mask.
            crop (Crop): Its pictures.
        """
        place = len(self._pairs)
        self._pairs.append(pair)
        self._sizes.append(crop.size)
        folder = f'crops/{place // FOLDER:03d}'
        self._write(f'{folder}/{place:05d}.jpg', crop.jpeg)
        self._write_sheet(self._sheets.add(crop.thumb), place)
        self._outlines.append([crop.coarse, crop.refined])
        if len(self._outlines) == SHARD:
            self._write_outlines()

    def finish(self, review: Review) -> None:
        """Write what is left, and the page itself.

        Args:
            review (Review): All masks, and what is known about them.
        """
        if self._outlines:
            self._write_outlines()
        self._write_sheet(self._sheets.flush(), len(self._pairs) - 1)
        page = files('segrefiner_mm.review') / 'page'
        for name in ('page.css', 'page.js'):
            self._write(name, (page / name).read_bytes())
        html = (page / 'index.html').read_text('utf-8')
        text = for_html(self._content(review))
        self._write('index.html', html.replace('__DATA__', text).encode())

    def _content(self, review: Review) -> dict[str, Any]:
        pairs = self._pairs
        counts: dict[str, int] = {}
        for pair in review.pairs:
            counts[pair.verdict] = counts.get(pair.verdict, 0) + 1
        columns: dict[str, list[Any]] = {
            'key': [pair.key for pair in pairs],
            'label': [pair.label for pair in pairs],
            'width': [width for width, _ in self._sizes],
            'height': [height for _, height in self._sizes],
        }
        for name, number in NUMBERS.items():
            values = [number(pair) for pair in pairs]
            columns[name] = [v if v is None else round(v, 4) for v in values]
        content = dict(
            refined=review.refined._asdict(),
            coarse=review.coarse._asdict(),
            counts=counts,
            left=review.left,
            failed=review.failed,
            remarks=review.remarks,
            layout=dict(
                shard=SHARD,
                folder=FOLDER,
                thumb=THUMB,
                side=ThumbSheets.SIDE,
            ),
            masks=columns,
        )
        for name, texts in (
            ('images', [pair.image_name for pair in pairs]),
            ('classes', [pair.class_name for pair in pairs]),
            ('verdicts', [pair.verdict for pair in pairs]),
        ):
            content[name], columns[name] = _listed(texts)
        return content

    def _write_outlines(self) -> None:
        number = (len(self._pairs) - 1) // SHARD
        text = json.dumps(self._outlines, separators=(',', ':'))
        # A script, as a page from the disk may not fetch other files.
        script = f'segrefinerOutlines({number},{text});\n'
        self._write(f'outlines/{number:03d}.js', script.encode())
        self._outlines = []

    def _write_sheet(self, sheet: bytes | None, last: int) -> None:
        if sheet is not None:
            number = last // ThumbSheets.SIDE**2
            self._write(f'thumbs/{number:03d}.jpg', sheet)

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def for_html(content: Any) -> str:
    """Encode a value as JSON for a ``script`` element.

    Args:
        content (object): Anything that JSON can hold.

    Returns:
        str: JSON in ASCII that cannot end the element or begin another.
    """
    text = json.dumps(content, separators=(',', ':'), allow_nan=False)
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text


def _listed(values: Iterable[str]) -> tuple[list[str], list[int]]:
    """Return the different values, and the place of each in that list."""
    known: dict[str, int] = {}
    places = [known.setdefault(value, len(known)) for value in values]
    return list(known), places
