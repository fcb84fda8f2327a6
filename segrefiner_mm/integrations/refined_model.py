"""The base class of the wrappers of detectors and segmentors."""

import copy
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.registry import MODELS as ROOT_MODELS
from mmengine.registry import DefaultScope
from mmengine.structures import BaseDataElement
from torch import Tensor

from segrefiner_mm.errors import InputError
from segrefiner_mm.integrations.original_image import original_image
from segrefiner_mm.io.only_part import read_only_part
from segrefiner_mm.models import RefineSettings, SegRefiner
from segrefiner_mm.models.model_zoo import model_cfg
from segrefiner_mm.models.user_settings import check_only
from segrefiner_mm.registry import MODELS, SCOPE, build_child
from segrefiner_mm.windows import Only


class RefinedModel(BaseModel):
    """A model of another package whose predictions are refined.

    The config keys and attributes of the base model are those of this model,
    and its checkpoints can be loaded, so tools for the base work, such as a
    hook that looks for ``backbone``. Training trains the base. The refiner is
    frozen, and its weights come from ``checkpoint`` in its config.

    Args:
        base_type (str): ``type`` of the base model.
        refiner (str | Path | dict): A name such as ``'segrefiner-tiny'``, a
            config file, or the config of a :class:`SegRefiner`.
        refine_cfg (dict, optional): Settings that override ``test_cfg`` of
            the refiner; see :class:`RefineSettings`. Defaults to None.
        keep_coarse (bool): Whether data samples keep the predictions of the
            base, as ``coarse_instances``, ``coarse_sem_seg`` and
            ``coarse_panoptic_seg``, so that the metrics of this package
            evaluate both. Defaults to False.
        only (object, optional): The part of every image that may change, in
            pixels of the original image: a box x1, y1, x2, y2, a polygon, a
            mask (H, W), or ``'errors'``: where the refiner predicts that a
            mask is wrong. The attribute may be set between calls. Defaults to
            None: everything.
        **base: The config of the base model.

    Raises:
        InputError: If the refiner is unknown or not a :class:`SegRefiner`,
            the weights of a named refiner are not bundled, or ``only`` is
            ``'errors'`` and the refiner predicts no errors.
        CheckpointError: If the weights of the refiner cannot be read or do
            not match.
        ValueError: If a value of ``refine_cfg`` is invalid.
    """

    host = ''  # default scope of the base
    keeps_flips = False  # whether predictions of a flipped image are flipped

    def __init__(
        self,
        base_type: str,
        refiner: str | Path | dict[str, Any],
        refine_cfg: dict[str, Any] | None = None,
        keep_coarse: bool = False,
        only: Any = None,
        **base: Any,
    ) -> None:
        built = _build_base(dict(type=base_type, **base), self.host)
        super().__init__(data_preprocessor=built.data_preprocessor)
        self.base = built
        cfg = model_cfg(refiner)
        self.refiner = build_child(MODELS, cfg)
        if not isinstance(self.refiner, SegRefiner):
            kind = type(self.refiner).__name__
            raise InputError(f'refiner must be a SegRefiner, got {kind}')
        self.refiner.requires_grad_(False).eval()
        self.settings: RefineSettings = self.refiner.settings(
            **(refine_cfg or {})
        )
        self.keep_coarse = keep_coarse
        self.only = only
        check_only(self.refiner, [only])
        self._has_weights = cfg.get('checkpoint') is not None
        self._register_load_state_dict_pre_hook(self._take_base_weights)

    def forward(
        self,
        inputs: Any,
        data_samples: Sequence[BaseDataElement] | None = None,
        mode: str = 'tensor',
        **kwargs: Any,
    ) -> Any:
        """Run the base, and refine its predictions in mode ``'predict'``.

        Args:
            inputs (Tensor | list): See the base model.
            data_samples (Sequence[BaseDataElement], optional): See the base
                model. Defaults to None.
            mode (str): ``'loss'``, ``'predict'`` or ``'tensor'``. Defaults to
                'tensor'.
            **kwargs: Further arguments of the base model.

        Returns:
            dict | list | Tensor: The losses of the base; its data samples,
            refined in place; or its raw outputs.

        Raises:
            InputError: If predictions cannot be refined, or the refiner has
                no weights.
        """
        results = self.base(inputs, data_samples, mode=mode, **kwargs)
        if mode == 'predict':
            self._check_weights()
            if self.keep_coarse:
                _keep_coarse(results)
            self.refine(inputs, results)
        return results

    @abstractmethod
    def refine(
        self, inputs: Tensor, samples: Sequence[BaseDataElement]
    ) -> None:
        """Refine the predictions in data samples in place.

        Args:
            inputs (Tensor): (B, 3, h, w), the network input.
            samples (Sequence[BaseDataElement]): Predictions of the base, one
                per image.

        Raises:
            InputError: If a prediction cannot be refined, or an image cannot
                be read.
        """

    def original_image(self, seen: Tensor, sample: BaseDataElement) -> Tensor:
        """Return the image of a prediction.

        Args:
            seen (Tensor): (3, h, w), the network input.
            sample (BaseDataElement): Predictions for the image.

        Returns:
            Tensor: (3, H, W) uint8 BGR; see :func:`original_image`.

        Raises:
            InputError: If the file cannot be read or has another size.
        """
        image = original_image(
            sample, seen, self.data_preprocessor, self.keeps_flips
        )
        return torch.from_numpy(image.copy()).permute(2, 0, 1)

    def part_of(self, image: Tensor) -> Only | None:
        """Return the part of an image that may change.

        Args:
            image (Tensor): (3, H, W), from :meth:`original_image`.

        Returns:
            CompactMask | str | None: The part; see ``only`` of
            :class:`RefineJob`.

        Raises:
            InputError: If ``only`` does not fit the image.
        """
        return read_only_part(self.only, (image.shape[1], image.shape[2]))

    def train(self, mode: bool = True) -> 'RefinedModel':
        """Set the mode of the base; the refiner stays in eval mode.

        Args:
            mode (bool): Whether to train. Defaults to True.

        Returns:
            RefinedModel: The model.
        """
        super().train(mode)
        self.refiner.eval()
        return self

    def init_weights(self) -> None:
        """Initialise the base; the refiner already has its weights."""
        self.base.init_weights()

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            if 'base' not in self._modules:
                raise
            return getattr(self._modules['base'], name)

    def _check_weights(self) -> None:
        if not self._has_weights:
            raise InputError(
                'the refiner has no weights, and a random one ruins masks: '
                'name them as `checkpoint` in its config, or load a '
                'checkpoint of this model that has them'
            )

    def _take_base_weights(
        self, state_dict: dict[str, Tensor], prefix: str, *_: Any
    ) -> None:
        """Rename the weights of a bare checkpoint of the base."""
        mine = [name for name in state_dict if name.startswith(prefix)]
        ours = tuple(f'{prefix}{part}.' for part in ('base', 'refiner'))
        if not any(name.startswith(ours) for name in mine):
            for name in mine:
                renamed = f'{ours[0]}{name.removeprefix(prefix)}'
                state_dict[renamed] = state_dict.pop(name)
        if any(name.startswith(ours[1]) for name in state_dict):
            self._has_weights = True
            return
        for name, tensor in self.refiner.state_dict().items():
            state_dict[ours[1] + name] = tensor  # keep the refiner's weights


def _keep_coarse(samples: Sequence[BaseDataElement]) -> None:
    """Copy the predictions, which are refined in place."""
    for sample in samples:
        for part in ('instances', 'sem_seg', 'panoptic_seg'):
            predicted = sample.get(f'pred_{part}')
            if predicted is not None:
                sample.set_field(copy.deepcopy(predicted), f'coarse_{part}')


def _build_base(cfg: dict[str, Any], host: str) -> Any:
    """Build the base in its own scope, not in the default scope here."""
    scope = DefaultScope.get_current_instance()
    name = host if scope is None else scope.scope_name
    if name in (SCOPE, 'mmengine'):
        name = host
    return ROOT_MODELS.build({'_scope_': name, **cfg})
