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
        img_dir (Path, optional): Folder of the images. Defaults to None: a
            pickle holds their paths, and those of labelme, YOLO and JSON of
            Segment Anything are beside the files. Other formats need it.
        ann (Path, optional): Annotations that name the images of results.
            Defaults to None.
        segmentation (str): Form of the masks in COCO JSON: ``'same'``,
            ``'rle'`` or ``'polygon'``; polygons have no holes. Defaults to
            'same'.
        tolerance (float): Maximum distance of a polygon from the edge of its
            mask, in pixels, 0 or more. Defaults to 0.5.
        update_boxes (bool): Whether to update boxes and areas to those of the
            refined masks. Defaults to False.
        report (Path, optional): CSV file to write, with the verdict, the IoU
            with the coarse mask, the confidence and the evidence of every
            mask. Defaults to None.
        overwrite (bool): Whether an existing output may be overwritten.
            Defaults to False.
        soft (str, optional): Type of the soft maps, see :class:`MaskOptions`,
            for COCO JSON: a folder beside the output, with a file for
            every mask, named by its place in the JSON, from 0; for panoptic
            JSON as for label maps. Defaults to None: none are written.
        only (object, optional): What may change, see :class:`OnlyParts`;
            the masks of a folder have the names of the images. Defaults to
            None: everything.
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
    """Counts of a run over a file of predictions.

    Attributes:
        rows (list[MaskRow]): The masks, the most changed first; the first
            1000 for a JSON in shards; none for panoptic results and tables.
            Defaults to [].
    """

    rows: list[MaskRow] = field(default_factory=list, repr=False)
