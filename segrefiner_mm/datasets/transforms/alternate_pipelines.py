"""Alternation between several pipelines."""

from collections.abc import Sequence
from typing import Any

from mmcv.transforms import BaseTransform, Compose

from segrefiner_mm.registry import TRANSFORMS, build_child


@TRANSFORMS.register_module(name=['AlternatePipelines', 'AlternateViews'])
class AlternatePipelines(BaseTransform):
    """Runs one of several pipelines, in turn, by the number of the draw.

    If ``draws_per_sample`` of the data set equals the number of pipelines,
    every sample goes through each pipeline once per epoch. ``AlternateViews``,
    with ``views``, is the old name of this transform in configs.

    Required Keys:

    - draw (int): Number of the draw, from the data set.

    Args:
        pipelines (Sequence[Sequence[dict]], optional): Configs of the
            transforms of each pipeline. Defaults to None: ``views``.
        views (Sequence[Sequence[dict]], optional): Old name of ``pipelines``.
            Defaults to None.

    Raises:
        ValueError: If there are no pipelines.
    """

    def __init__(
        self,
        pipelines: Sequence[Sequence[dict[str, Any]]] | None = None,
        views: Sequence[Sequence[dict[str, Any]]] | None = None,
    ) -> None:
        if not (chosen := pipelines or views):
            raise ValueError('AlternatePipelines needs pipelines')
        self.pipelines = [
            Compose([build_child(TRANSFORMS, step) for step in pipeline])
            for pipeline in chosen
        ]

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Run the pipeline whose turn it is.

        Args:
            results (dict): See the class.

        Returns:
            dict | None: Output of the pipeline; None if one of its transforms
            returns None.
        """
        pipeline = self.pipelines[results['draw'] % len(self.pipelines)]
        return pipeline(results)
