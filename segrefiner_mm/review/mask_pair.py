"""A mask before and after refinement, with its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from pycocotools import mask as coco_mask

from segrefiner_mm.windows import REFINED

# The verdict of a mask that did not change, where no record says why.
UNCHANGED = 'unchanged'

Size = tuple[int, int]


class Areas(NamedTuple):
    """Areas of a pair, in pixels.

    Attributes:
        coarse (int): Area of the coarse mask.
        refined (int): Area of the refined mask.
        changed (int): Number of pixels in which the two differ.
    """

    coarse: int
    refined: int
    changed: int

    @property
    def share(self) -> float:
        """Changed area relative to the coarse mask, 0 or more."""
        return self.changed / max(self.coarse, 1)

    @property
    def iou(self) -> float:
        """IoU of both masks, 0 to 1; 1 if both are empty."""
        both = (self.coarse + self.refined - self.changed) // 2
        union = both + self.changed
        return both / union if union else 1.0


@dataclass(frozen=True)
class MaskPair:
    """A coarse mask and the refined mask that was made from it.

    Attributes:
        key (int | str): Identifies the mask in its file or folder.
        label (str): Name of the mask for the user.
        image (Path): Image file.
        image_name (str): Name of the image in the data.
        class_name (str): Name of the class, or ''.
        coarse (dict): Valid run lengths, ``size`` and compressed ``counts``.
        refined (dict): Valid run lengths of the refined mask, of equal size.
        recorded (str, optional): The verdict that the run recorded. Defaults
            to None: there is no record.
        confidence (float, optional): Confidence that the run recorded, 0 to
            1. Defaults to None: there is no record.
        evidence (Mapping[str, float]): Numbers by which the guard decided.
            Defaults to {}.
        score (float, optional): Score that a detector gave the mask. Defaults
            to None.
    """

    key: int | str
    label: str
    image: Path
    image_name: str
    class_name: str
    coarse: dict[str, Any]
    refined: dict[str, Any]
    recorded: str | None = None
    confidence: float | None = None
    evidence: Mapping[str, float] = field(default_factory=dict)
    score: float | None = None

    @cached_property
    def areas(self) -> Areas:
        """Areas: The areas, computed from the run lengths."""
        both = coco_mask.merge([self.coarse, self.refined], intersect=True)
        coarse, refined, shared = (
            int(coco_mask.area(mask))
            for mask in (self.coarse, self.refined, both)
        )
        return Areas(coarse, refined, coarse + refined - 2 * shared)

    @property
    def verdict(self) -> str:
        """The recorded verdict, else ``'refined'`` or ``'unchanged'``."""
        if self.recorded is not None:
            return self.recorded
        return REFINED if self.areas.changed else UNCHANGED

    @property
    def certainty(self) -> float | None:
        """The confidence of the network in the refined mask, 0 to 1.

        None if no confidence is recorded, or the network did not see the mask.
        """
        if not self.confidence and not self.evidence:
            return None
        return self.confidence

    @property
    def share(self) -> float:
        """Changed area relative to the coarse mask, 0 or more."""
        return self.areas.share

    @property
    def size(self) -> Size:
        """Height and width of the image."""
        height, width = self.coarse['size']
        return height, width

    def numbers(self) -> dict[str, float | None]:
        """Return the numbers that the page shows.

        Returns:
            dict[str, float | None]: Numbers by name; None if unknown. Areas
            are in pixels.
        """
        return {
            'belief': self.evidence.get('belief'),
            'edge_gain': self.evidence.get('edge_gain'),
            'confidence': self.certainty,
            'share': self.share,
            'iou': self.areas.iou,
            'area': self.areas.coarse,
            'refined_area': self.areas.refined,
            'score': self.score,
        }
