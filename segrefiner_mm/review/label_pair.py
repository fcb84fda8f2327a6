"""A label map before and after refinement, with its metadata."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from segrefiner_mm.review.label_changes import LabelChanges, Labels
from segrefiner_mm.review.mask_pair import UNCHANGED, Size
from segrefiner_mm.windows import REFINED


@dataclass(frozen=True)
class LabelPair:
    """A coarse label map and the refined one that was made from it.

    Attributes:
        key (int | str): Identifies the label map in its file or folder.
        label (str): Name of the label map for the user.
        image (Path): Image file.
        image_name (str): Name of the image in the data.
        class_name (str): Subfolder of the label map, or ''.
        read (Callable): Reads the coarse and the refined label map, (H, W)
            integers each; raises :class:`InputError` if one cannot be read.
        changes (LabelChanges): The differences between the two label maps.
        ignore (Sequence[int]): Labels that are not segments, such as void.
            Defaults to ().
        names (Mapping[int, str]): Names of labels. Defaults to {}.
        palette (bytes, optional): Red, green and blue of every label from 0
            on, one byte each. Defaults to None: colours are chosen.
        recorded (str, optional): The verdict that the run recorded. Defaults
            to None: there is no record.
    """

    key: int | str
    label: str
    image: Path
    image_name: str
    class_name: str
    read: Callable[[], tuple[Labels, Labels]]
    changes: LabelChanges
    ignore: Sequence[int] = ()
    names: Mapping[int, str] = field(default_factory=dict)
    palette: bytes | None = None
    recorded: str | None = None

    @property
    def verdict(self) -> str:
        """The recorded verdict, else ``'refined'`` or ``'unchanged'``."""
        if self.recorded is not None:
            return self.recorded
        return REFINED if self.changes.pixels else UNCHANGED

    @property
    def certainty(self) -> None:
        """None: a label map has no confidence."""
        return None

    @property
    def share(self) -> float:
        """Changed pixels relative to all pixels, 0 to 1."""
        return self.changes.share

    @property
    def size(self) -> Size:
        """Height and width of the image."""
        return self.changes.size

    def numbers(self) -> dict[str, float | None]:
        """Return the numbers that the page shows.

        Returns:
            dict[str, float | None]: Numbers of :class:`LabelChanges` by name.
        """
        return {
            'share': self.share,
            'pixels': self.changes.pixels,
            'labels': self.changes.labels,
            'changed': self.changes.changed,
            'least_iou': self.changes.least_iou,
        }

    def name_of(self, label: int) -> str:
        """Return the name of a segment.

        Args:
            label (int): Its label.

        Returns:
            str: The name, or ``'label NUMBER'``.
        """
        return self.names.get(label, f'label {label}')
