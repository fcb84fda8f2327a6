"""All masks or label maps of one review."""

from dataclasses import dataclass, field
from typing import NamedTuple

from segrefiner_mm.review.label_pair import LabelPair
from segrefiner_mm.review.mask_pair import MaskPair

Pair = MaskPair | LabelPair


class FileMark(NamedTuple):
    """A file or folder that decisions are about.

    Attributes:
        name (str): Its name, without folders.
        sha256 (str): SHA-256 in hexadecimal digits: of the content of a file;
            of a folder, of the names and hashes of its results.
    """

    name: str
    sha256: str


@dataclass
class Review:
    """All masks to review, or all label maps, from a file or a folder.

    Attributes:
        refined (FileMark): File or folder of the refined masks.
        coarse (FileMark): File or folder of the coarse masks.
        pairs (list[Pair]): The masks or label maps, in the order of the file,
            or sorted by name for a folder. Defaults to [].
        left (int): Number of masks that are never refined, such as crowds.
            Defaults to 0.
        failed (int): Number of masks or label maps that cannot be shown.
            Defaults to 0.
        remarks (list[str]): Sentences about missing information, for the
            page. Defaults to [].
    """

    refined: FileMark
    coarse: FileMark
    pairs: list[Pair] = field(default_factory=list)
    left: int = 0
    failed: int = 0
    remarks: list[str] = field(default_factory=list)

    @property
    def is_of_label_maps(self) -> bool:
        """Whether the pairs are label maps."""
        return any(isinstance(pair, LabelPair) for pair in self.pairs)

    @property
    def noun(self) -> str:
        """Plural noun for the pairs: ``'masks'`` or ``'label maps'``."""
        return 'label maps' if self.is_of_label_maps else 'masks'
