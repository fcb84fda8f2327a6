"""Alternation between several views of a sample."""

from collections.abc import Sequence
from typing import Any

from mmcv.transforms import BaseTransform, Compose

from segrefiner_mm.registry import TRANSFORMS, build_child


@TRANSFORMS.register_module()
class AlternateViews(BaseTransform):
    """Runs one of several pipelines, in turn, by the number of the draw.

    If ``draws_per_sample`` of the data set equals the number of views, every
    sample is seen in each view once per epoch.

    Required Keys:

    - draw (int): Number of the draw, from the data set.

    Args:
        views (Sequence[Sequence[dict]]): Pipelines.
    """

    def __init__(self, views: Sequence[Sequence[dict]]) -> None:
        self.views = [
            Compose([build_child(TRANSFORMS, step) for step in view])
            for view in views
        ]

    def transform(self, results: dict[str, Any]) -> dict[str, Any] | None:
        """Run the pipeline whose turn it is.

        Args:
            results (dict): See the class.

        Returns:
            dict | None: Output of the pipeline.
        """
        view = self.views[results['draw'] % len(self.views)]
        return view(results)
