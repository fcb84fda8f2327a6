"""Shows a sample in several ways in turn."""

from collections.abc import Sequence
from typing import Any

from mmcv.transforms import BaseTransform, Compose

from segrefiner_mm.registry import TRANSFORMS, build_child


@TRANSFORMS.register_module()
class AlternateViews(BaseTransform):
    """Runs one of several pipelines, by the number of the draw.

    With as many ``draws_per_sample`` in the data set as views, every sample
    is seen in each of them once an epoch.

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
        """Run the pipeline whose turn it is."""
        view = self.views[results['draw'] % len(self.views)]
        return view(results)
