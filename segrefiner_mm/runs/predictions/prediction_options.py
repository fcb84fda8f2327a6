"""Options and summary of a run over a file of predictions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.runs.make_paths import make_paths
from segrefiner_mm.runs.predictions.mask_rows import MaskRow


@dataclass(frozen=True)
class PredictionOptions:
    """Options for reading and writing a file of predictions.

    Paths may be given as strings.

    Attributes:
        img_dir (Path, optional): Folder of the images. Defaults to None: the
            paths in a pickle; the folder of the files of labelme and of JSON
            of Segment Anything; ``images/`` of YOLO. Other formats need one.
        ann (Path, optional): Annotations that name the images of results.
            Defaults to None: see :class:`CocoFile`.
        segmentation (str): Form of the masks in COCO JSON: ``'same'``,
            ``'rle'`` or ``'polygon'``, see :class:`MaskStyle`; the first and
            the last also for labelme. Defaults to 'same'.
        tolerance (float): Maximum distance of a polygon from the edge of its
            mask, in pixels, 0 or more. Defaults to 0.5.
        update_boxes (bool): Whether to update boxes and areas to those of the
            refined masks. Defaults to False.
        report (Path, optional): CSV file to write or replace, with the
            verdict, the IoU with the coarse mask, the confidence and the
            evidence of every mask. Defaults to None: no file.
        overwrite (bool): Whether an existing output may be overwritten.
            Defaults to False.
        soft (str, optional): Type of the soft maps, see :class:`MaskOptions`.
            For COCO JSON, a folder beside the output has a file per mask,
            named by its index in the JSON, from 0; for panoptic JSON, see
            :class:`LabelOptions`. Defaults to None: no soft maps.
        only (object, optional): The part that may change, see
            :class:`OnlyParts`; the masks of a folder have the names of the
            images. Defaults to None: everything.
    """

    img_dir: Path | None = None
    ann: Path | None = None
    segmentation: str = 'same'
    tolerance: float = 0.5
    update_boxes: bool = False
    report: Path | None = None
    overwrite: bool = False
    soft: str | None = None
    only: Any = None

    def __post_init__(self) -> None:
        make_paths(self, 'img_dir', 'ann', 'report')


@dataclass(frozen=True)
class PredictionSummary(RunSummary):
    """Counts and rows of a run over a file of predictions.

    Attributes:
        rows (list[MaskRow]): A row per mask, the most changed first; the first
            1000 for a JSON in shards; none for panoptic results and tables.
            Defaults to [].
    """

    rows: list[MaskRow] = field(default_factory=list, repr=False)
