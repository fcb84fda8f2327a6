"""Refinement of the images of a shard: rows in, a row per mask out."""

from dataclasses import dataclass, field
from typing import Any

from segrefiner_mm.io.formats.prediction_file import ImageEntry, Key
from segrefiner_mm.runs.predictions.entry_stream import EntryStream, of_all
from segrefiner_mm.runs.refiner import Refiner
from segrefiner_mm.scale.image_places import ImagePlaces
from segrefiner_mm.scale.rows import ResultRow, ShardImage

FAILED = 'failed'


@dataclass
class RefinedRows:
    """The outcome for the masks of a shard.

    Attributes:
        rows (list[dict]): A row per mask: ``mask``, its index in the file;
            ``image``, the key of its image; ``first``, the index of the first
            mask of the image; ``label``, the name of the mask for the user;
            ``verdict``; and ``iou`` of the coarse and the refined mask, 1 if
            the verdict is not ``'refined'``. Unless the mask failed, also
            ``confidence``, ``height``, ``width``, ``evidence`` and
            ``counts``, the compressed run lengths (str) of a refined mask,
            else None. Defaults to [].
        errors (list[str]): Messages about masks that failed. Defaults to [].
        notes (list[str]): Remarks about masks. Defaults to [].
    """

    rows: list[ResultRow] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def refine_rows(
    images: list[ShardImage],
    refiner: Refiner,
    places: ImagePlaces,
    source: str,
) -> RefinedRows:
    """Refine images as ``segrefiner coco`` refines them.

    A refined mask does not depend on the rest of its shard, bit for bit.

    Args:
        images (list[ShardImage]): From :meth:`Shard.images`.
        refiner (Refiner): The model and its settings.
        places (ImagePlaces): Finds the images.
        source (str): File of the masks, for messages.

    Returns:
        RefinedRows: Rows in the order of the images and of their masks. A
        mask that cannot be refined has the verdict ``'failed'`` and a message
        in ``errors``.
    """
    done = RefinedRows()
    labels = {key: label for i in images for key, label in i.labels.items()}

    def fail(key: Key, problem: str) -> None:
        done.errors.append(f'{source}: {labels[key]}: {problem}')

    def fail_all(entry: ImageEntry, problem: str) -> None:
        name = of_all(entry, labels[next(iter(entry.masks))])
        done.errors.append(f'{source}: {name}: {problem}')

    def note(key: Key, text: str) -> None:
        done.notes.append(f'{source}: {labels[key]}: {text}')

    stream = EntryStream(refiner, fail, fail_all, note)
    located = places.located([image.entry for image in images])
    for entry, outcomes in stream.refine(located):
        for key, outcome in zip(entry.masks, outcomes, strict=True):
            done.rows.append(_row(entry, key, labels[key], outcome))
    return done


def _row(
    entry: ImageEntry, key: Key, label: str, outcome: dict[str, Any] | None
) -> ResultRow:
    first = next(iter(entry.masks))
    row = dict(mask=key, image=entry.key, first=first, label=label)
    if outcome is None:
        return dict(row, verdict=FAILED, iou=1.0)
    height, width = outcome['size']
    return dict(
        row,
        verdict=outcome['verdict'],
        iou=outcome['iou'],
        confidence=outcome['confidence'],
        evidence=outcome['evidence'],
        height=height,
        width=width,
        counts=outcome.get('encoded', {}).get('counts'),
    )
