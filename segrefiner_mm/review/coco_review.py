"""The masks of results or annotations in JSON, to be reviewed."""

from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import read_json
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.image_files.image_finder import ImageFinder
from segrefiner_mm.io.json_files.json_file import shown, shown_name
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.rle import run_lengths
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.both_files import Contents, file_mark, open_both
from segrefiner_mm.review.mask_pair import MaskPair
from segrefiner_mm.review.review import Review
from segrefiner_mm.runs.predictions.mask_rows import MaskRow
from segrefiner_mm.runs.predictions.prediction_masks import (
    open_entry,
    with_images,
)


class CocoReview:
    """Pairs the masks of a refined JSON file with those of the coarse one.

    Args:
        contents (Contents): From :func:`read_both`.
        files (tuple[Path, Path]): Results or annotations that ``segrefiner
            coco`` wrote, and the file before refinement.
        img_dir (Path): Folder of the images.
        ann (Path, optional): Annotations that name the images and classes of
            results. None: the refined file names the classes, and images are
            looked for as :class:`CocoFile` describes.
        rows (dict[str, MaskRow]): Rows that the run recorded, by the name of
            the mask.
        reporter (Reporter): Receives the masks that cannot be shown.

    Attributes:
        review (Review): The review, which :meth:`read` fills.

    Raises:
        InputError: If a file cannot be read or is invalid, the two files do
            not belong together, or there is no folder ``img_dir``.
    """

    def __init__(
        self,
        contents: Contents,
        files: tuple[Path, Path],
        img_dir: Path,
        ann: Path | None,
        rows: dict[str, MaskRow],
        reporter: Reporter,
    ) -> None:
        refined, coarse = files
        self._finder = ImageFinder(img_dir)
        self._after, self._before = open_both(contents, files, ann)
        content = read_json(ann) if ann else self._after.content
        self._classes = class_names(content)
        self._rows = rows
        self._source = refined
        self._reporter = reporter
        self.review = Review(file_mark(refined), file_mark(coarse))

    def read(self) -> Review:
        """Read all masks; to be called once.

        A mask that cannot be shown is reported and counted as failed.

        Returns:
            Review: The masks, in the order of the file.
        """
        for entry in with_images(list(self._before.images()), self._finder):
            try:
                self._read_image(entry)
            except InputError as error:
                self.review.failed += len(entry.masks)
                self._reporter.error(f'{self._source}: {error}')
        self.review.left = len(self._before.untouched())
        self.review.pairs.sort(key=lambda pair: pair.key)
        return self.review

    def _read_image(self, entry: ImageEntry) -> None:
        opened = open_entry(entry, self._fail, lambda *_: None)
        keys, image = list(entry.masks), entry.image
        assert image is not None  # opened, and on this machine
        for place, coarse in zip(opened.places, opened.encoded, strict=True):
            key = keys[place]
            try:
                mask = self._after.masks[key].get('segmentation')
                refined = run_lengths(mask, opened.size)
            except InputError as error:
                self._fail(key, str(error))
                continue
            name = shown_name(entry.name or image.name)
            self.review.pairs.append(
                self._pair(key, image, name, coarse, refined)
            )

    def _pair(
        self,
        key: int,
        image: Path,
        name: str,
        coarse: dict[str, Any],
        refined: dict[str, Any],
    ) -> MaskPair:
        record, label = self._after.masks[key], self._after.label(key)
        row = self._rows.get(label)
        score: Any = record.get('score')
        return MaskPair(
            key,
            label,
            image,
            name,
            class_of(record, self._classes),
            coarse,
            refined,
            recorded=row and row.verdict,
            confidence=row and row.confidence,
            evidence=row.evidence if row else {},
            score=float(score) if is_real(score) else None,
        )

    def _fail(self, key: int, problem: str) -> None:
        self.review.failed += 1
        label = self._after.label(key)
        self._reporter.error(f'{self._source}: {label}: {problem}')


def class_names(content: Any) -> dict[Any, str]:
    """Return the names of the categories that a JSON file lists.

    Args:
        content (object): Content of the file; invalid categories are skipped.

    Returns:
        dict[int | str, str]: Names by id.
    """
    listed = content.get('categories') if isinstance(content, dict) else None
    return {
        record['id']: record['name']
        for record in (listed if isinstance(listed, list) else [])
        if isinstance(record, dict)
        and isinstance(record.get('id'), (int, str))
        and isinstance(record.get('name'), str)
    }


def class_of(record: dict[str, Any], names: dict[Any, str]) -> str:
    """Return the name of the class of a result or an annotation.

    Args:
        record (dict): The result or annotation.
        names (dict[int | str, str]): From :func:`class_names`.

    Returns:
        str: The name; ``'category ID'`` if ``names`` has none for the id; ''
        if the record has no ``category_id``.
    """
    own = record.get('category_id')
    if own is None:
        return ''
    known = names.get(own) if isinstance(own, (int, str)) else None
    return known or f'category {shown(own)}'
