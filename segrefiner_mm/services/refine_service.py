"""One refiner for many requests, which are refined one at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import torch
from PIL import Image

from segrefiner_mm.io.encodings.compact_runs import encode_crop
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.images import encode_mask_picture
from segrefiner_mm.io.only_part import read_only_part
from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.models.user_settings import check_only, user_settings
from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
from segrefiner_mm.services.uploads import (
    MaskItem,
    Masks,
    OnlyPart,
    load_upload,
    plain,
)
from segrefiner_mm.windows import RefinedMask, RefineJob


@dataclass(frozen=True)
class Choice:
    """The options of a request.

    Attributes:
        steps (int, optional): Number of reverse steps. Defaults to None: that
            of the server.
        guard (bool): Whether a guard may keep masks and roll refinements
            back, if the server has one. Defaults to True.
        threshold (float, optional): Lowest value of soft masks that is
            foreground. Defaults to None: masks have two values.
        resize_masks (bool): Whether masks of another size are resized to
            the image. Defaults to False.
        only (object, optional): The part of the image in which masks may
            change, see :func:`read_only_part`; never a path. Defaults to
            None: the whole image.
    """

    steps: int | None = None
    guard: bool = True
    threshold: float | None = None
    resize_masks: bool = False
    only: OnlyPart | None = None


@dataclass(frozen=True)
class ServedMask:
    """A refined mask, with its encodings for responses.

    Attributes:
        mask (RefinedMask): The refined mask.
        size (tuple[int, int]): Height and width of the image.
    """

    mask: RefinedMask
    size: tuple[int, int]

    @property
    def confidence(self) -> float:
        """float: Confidence of the network, 0 to 1, with four decimals."""
        return round(float(self.mask.confidence), 4)

    @property
    def evidence(self) -> dict[str, float | None]:
        """dict: Numbers by which the guard decided; None if not finite."""
        numbers: dict[str, float | None] = plain(self.mask.evidence)
        return numbers

    def rle(self) -> dict[str, Any]:
        """Encode the mask as COCO run lengths.

        Returns:
            dict: ``size`` and compressed ``counts``, a str.
        """
        return encode_crop(self.mask.pixels.cpu(), self.mask.box, self.size)

    def polygons(self) -> list[list[float]]:
        """Trace polygons around the connected parts of the mask.

        Returns:
            list[list[float]]: x1, y1, x2, y2, ... per part, in pixels, with
            holes filled; see :func:`outlines_of`.
        """
        return outlines_of(self.rle())

    def png(self) -> bytes:
        """Encode the mask of the whole image as PNG.

        Returns:
            bytes: Content of the PNG file, grey, with values 0 and 255.
        """
        return encode_mask_picture(Path('mask.png'), self.dense())

    def dense(self) -> Any:
        """Return the mask of the whole image.

        Returns:
            np.ndarray: (H, W) bool.
        """
        whole = np.zeros(self.size, bool)
        whole[self.mask.box.slices()] = self.mask.pixels.cpu().numpy()
        return whole


class RefineService:
    """Refines the masks of requests, one request at a time.

    A request gets all cores or the GPU while it is refined. Its image and its
    masks are decoded only then, so that waiting requests keep no decoded
    arrays in memory.

    Args:
        options (RefinerOptions, optional): The model and its settings.
            Defaults to None: the defaults of :class:`RefinerOptions`.
        max_masks (int): Maximum number of masks per request. Defaults to
            1000.

    Attributes:
        max_masks (int): Maximum number of masks per request.
        turn (Lock): Lock that :meth:`refine` acquires; callers of
            :meth:`load` and :meth:`refine_loaded` must hold it.
    """

    def __init__(
        self, options: RefinerOptions | None = None, max_masks: int = 1000
    ) -> None:
        self._options = options or RefinerOptions()
        self._refiner = Refiner(self._options)
        self.max_masks = max_masks
        self.turn = Lock()
        self._settings = lru_cache(maxsize=64)(self._make_settings)

    def start(self) -> None:
        """Load the model, and check the settings.

        Raises:
            InputError: If the model or a setting is unusable.
            CheckpointError: If the weights are unusable.
        """
        self._settings(None, True)

    def refine(
        self,
        image: bytes | Image.Image,
        read_items: Callable[[], Sequence[MaskItem]],
        choice: Choice,
    ) -> list[ServedMask]:
        """Refine the masks of one image.

        Args:
            image (bytes | PIL.Image.Image): Content of an image file, or a
                decoded image.
            read_items (Callable): Returns the masks, see :func:`load_upload`.
                It is called while :attr:`turn` is held.
            choice (Choice): Options of the request.

        Returns:
            list[ServedMask]: One per mask, in order.

        Raises:
            InputError: If any part of the request, or the model, cannot be
                used.
            CheckpointError: If the weights cannot be used.
        """
        with self.turn:
            loaded = self.load(image, read_items(), choice)
            return self.refine_loaded(loaded, choice)

    def load(
        self,
        image: bytes | Image.Image,
        items: Sequence[MaskItem],
        choice: Choice,
    ) -> Masks:
        """Decode an image and its masks; the caller holds :attr:`turn`.

        Args:
            image (bytes | PIL.Image.Image): See :meth:`refine`.
            items (Sequence): The masks, see :func:`load_upload`.
            choice (Choice): Options of the request.

        Returns:
            LoadedPair: The image and its masks, of equal size, and the part
            that may change.

        Raises:
            InputError: If the image, a mask, an option or the model cannot be
                used.
            CheckpointError: If the weights cannot be used.
        """
        self._settings(choice.steps, choice.guard)  # cheaper to check
        loaded = load_upload(
            image,
            items,
            self.max_masks,
            choice.threshold,
            choice.resize_masks,
        )
        only = read_only_part(choice.only, loaded.annotation.size)
        check_only(self.model, [only])
        return replace(loaded, only=only)

    def refine_loaded(self, loaded: Masks, choice: Choice) -> list[ServedMask]:
        """Refine decoded masks; the caller holds :attr:`turn`.

        Args:
            loaded (LoadedPair): From :meth:`load`.
            choice (Choice): Options of the request.

        Returns:
            list[ServedMask]: One per mask, in order.
        """
        settings = self._settings(choice.steps, choice.guard)
        image = torch.from_numpy(loaded.image).permute(2, 0, 1)
        masks = loaded.annotation
        job = RefineJob(image, masks.masks, None, loaded.only)
        [(_, refined)] = self.model.refine([job], settings)
        return [ServedMask(mask, masks.size) for mask in refined]

    @property
    def model(self) -> SegRefiner:
        """SegRefiner: The model, loaded on first use.

        Raises:
            InputError: If the model, the device or the runtime cannot be
                used.
            CheckpointError: If the weights cannot be used.
        """
        return self._refiner.model

    @property
    def steps(self) -> int:
        """int: Number of reverse steps of a request that chooses none."""
        steps = self._settings(None, True).num_steps
        assert steps is not None  # the settings of a model are complete
        return steps

    def _make_settings(self, steps: int | None, guard: bool) -> RefineSettings:
        own = self._refiner.settings
        if steps is None and guard:
            return own
        options = self._options
        return replace(
            user_settings(
                self.model,
                windows=options.windows,
                num_steps=options.steps if steps is None else steps,
                batch_size=options.batch_size,
                seed=options.seed,
                guard=False,
                precision=options.precision,
            ),
            guard=own.guard if guard else None,
        )
