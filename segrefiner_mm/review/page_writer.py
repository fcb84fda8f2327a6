"""The files of a review page."""

import json
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import Any

from segrefiner_mm.review.crops import SIDE, THUMB, Crop, draw_sheet
from segrefiner_mm.review.page_folder import PAGE_FILES
from segrefiner_mm.review.review import Pair, Review

SHARD = 200  # masks whose details share a file
FOLDER = 1000  # crops in a folder


class PageWriter:
    """Writes crops as they are added, then thumbnails, details and the page.

    A place is the position of a mask or label map in the list as the page
    opens, so that neighbours in the list share files. Pairs may be added in
    any order, and places may be left empty.

    Args:
        folder (Path): Folder to fill.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._drawn: dict[int, tuple[Pair, Crop]] = {}

    def add(self, place: int, pair: Pair, crop: Crop) -> None:
        """Add a mask or a label map.

        Args:
            place (int): Its place in the list, from 0, not yet taken.
            pair (Pair): The mask or label map.
            crop (Crop): Its pictures.

        Raises:
            OSError: If a file cannot be written.
        """
        name = f'{place // FOLDER:03d}/{place:05d}'
        self._write(f'crops/{name}.jpg', crop.jpeg)
        for layer, content in crop.layers.items():
            self._write(f'layers/{name}-{layer}.png', content)
        self._drawn[place] = pair, crop._replace(jpeg=b'', layers={})

    def finish(self, review: Review) -> None:
        """Write the remaining files, and the page itself.

        Args:
            review (Review): The review that the added pairs belong to.

        Raises:
            OSError: If a file cannot be written.
        """
        self._drawn = dict(sorted(self._drawn.items()))
        for number, part in self._parts(SHARD):
            self._write_details(number, part)
        for number, part in self._parts(SIDE**2):
            thumbs = {place: self._drawn[place][1].thumb for place in part}
            self._write(f'thumbs/{number:03d}.jpg', draw_sheet(thumbs))
        page = files('segrefiner_mm.review') / 'page'
        for name in PAGE_FILES:
            self._write(name, (page / name).read_bytes())
        html = (page / 'index.html').read_text('utf-8')
        html = html.replace('__NOUN__', review.noun.removesuffix('s'))
        text = for_html(self._content(review))
        self._write('index.html', html.replace('__DATA__', text).encode())

    def _content(self, review: Review) -> dict[str, Any]:
        pairs = [pair for pair, _ in self._drawn.values()]
        sizes = [crop.size for _, crop in self._drawn.values()]
        boxes = [crop.box for _, crop in self._drawn.values()]
        counts: dict[str, int] = {}
        for pair in review.pairs:
            counts[pair.verdict] = counts.get(pair.verdict, 0) + 1
        columns: dict[str, list[Any]] = {
            'place': list(self._drawn),
            'key': [pair.key for pair in pairs],
            'label': [pair.label for pair in pairs],
            'width': [width for width, _ in sizes],
            'height': [height for _, height in sizes],
            'box': boxes,
            'image_size': [pair.size for pair in pairs],
        }
        rows = [pair.numbers() for pair in pairs]
        for name in rows[0] if rows else ():
            values = [row[name] for row in rows]
            columns[name] = [v if v is None else round(v, 6) for v in values]
        content = dict(
            kind='labels' if review.is_of_label_maps else 'masks',
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
                side=SIDE,
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

    def _parts(self, size: int) -> Iterator[tuple[int, list[int]]]:
        """Yield parts of ``size`` places with their numbers, no empty part."""
        parts = groupby(self._drawn, lambda place: place // size)
        return ((number, list(places)) for number, places in parts)

    def _write_details(self, number: int, places: list[int]) -> None:
        details = {
            place % SHARD: self._drawn[place][1].details for place in places
        }
        text = json.dumps(details, separators=(',', ':'))
        # A script, as a page from the disk may not fetch other files.
        script = f'segrefinerDetails({number},{text});\n'
        self._write(f'details/{number:03d}.js', script.encode())

    def _write(self, name: str, content: bytes) -> None:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def for_html(content: Any) -> str:
    """Encode a value as JSON for a ``script`` element.

    Args:
        content (object): A value that JSON can represent.

    Returns:
        str: JSON in ASCII that cannot end the element or begin another.

    Raises:
        TypeError: If JSON cannot represent a value.
        ValueError: If a number is not finite.
    """
    text = json.dumps(content, separators=(',', ':'), allow_nan=False)
    for sign in '<>&':
        text = text.replace(sign, f'\\u{ord(sign):04x}')
    return text


def _listed(values: Iterable[str]) -> tuple[list[str], list[int]]:
    """Return the distinct values, and the index among them of each value."""
    known: dict[str, int] = {}
    places = [known.setdefault(value, len(known)) for value in values]
    return list(known), places
