"""Options for the review page and for applying its decisions."""

from dataclasses import dataclass
from pathlib import Path

from segrefiner_mm.io.encodings.outlines import TOLERANCE
from segrefiner_mm.runs.make_paths import make_paths

MOST_SHOWN = 5000


@dataclass(frozen=True)
class ReportOptions:
    """Options for a review page. Paths may be given as strings.

    Attributes:
        coarse (Path, optional): The coarse masks: the JSON file that was
            refined, or the folder of masks or label maps. Defaults to None:
            for a folder run, the paths in its journal.
        img_dir (Path, optional): Folder of the images. Defaults to None: for
            a folder run, the paths in its journal.
        ann (Path, optional): Annotations that name the images and the classes
            of results; only for a JSON file. Defaults to None.
        evidence (Path, optional): CSV file that :func:`refine_predictions`
            wrote as ``report``, with the verdicts and the numbers behind
            them; only for a JSON file that is not panoptic. Defaults to None:
            verdicts are derived from the masks.
        limit (int): Maximum number of masks or label maps on the page, 1 or
            more; the most changed and the least confident are chosen.
            Defaults to 5000.
        overwrite (bool): Whether an earlier report may be replaced. Defaults
            to False.
    """

    coarse: Path | None = None
    img_dir: Path | None = None
    ann: Path | None = None
    evidence: Path | None = None
    limit: int = MOST_SHOWN
    overwrite: bool = False

    def __post_init__(self) -> None:
        make_paths(self, 'coarse', 'img_dir', 'ann', 'evidence')


@dataclass(frozen=True)
class DecisionOptions:
    """Options for applying decisions. Paths may be given as strings.

    Attributes:
        coarse (Path, optional): See :class:`ReportOptions`. Defaults to None.
        overwrite (bool): Whether an existing output may be overwritten.
            Defaults to False.
        tolerance (float): Maximum distance of polygons from the edge of a
            mask with parts, in pixels; see :class:`MaskStyle`. Defaults to
            0.5.
    """

    coarse: Path | None = None
    overwrite: bool = False
    tolerance: float = TOLERANCE

    def __post_init__(self) -> None:
        make_paths(self, 'coarse')
