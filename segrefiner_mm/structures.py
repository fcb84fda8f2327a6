"""The data sample that pipelines, models and evaluators exchange."""

from mmengine.structures import BaseDataElement, InstanceData


class RefineDataSample(BaseDataElement):
    """Masks of one image: coarse, true and refined.

    Each field is an :obj:`InstanceData` whose ``masks`` are (N, H, W) bool.
    The names of the fields follow mmdet, so that its visualizers and metrics
    apply.

    Attributes:
        coarse_instances (InstanceData): Masks to refine.
        gt_instances (InstanceData): True masks, in training and evaluation.
        pred_instances (InstanceData): Refined masks. Further fields are
            ``confidence``, (N,) float32 from 0 to 1; ``verdicts``, N strings;
            ``evidence``, N dicts of the numbers by which a guard decided; and
            with soft maps ``soft_masks``, (N, H, W) float32 from 0 to 1.

    Examples:
        >>> import torch
        >>> from mmengine.structures import InstanceData
        >>> sample = RefineDataSample(metainfo=dict(img_path='cat.jpg'))
        >>> masks = torch.zeros(2, 480, 640, dtype=torch.bool)
        >>> sample.coarse_instances = InstanceData(masks=masks)
    """

    @property
    def coarse_instances(self) -> InstanceData:
        """InstanceData: Masks to refine."""
        return self._coarse_instances

    @coarse_instances.setter
    def coarse_instances(self, value: InstanceData) -> None:
        """InstanceData: Masks to refine."""
        self.set_field(value, '_coarse_instances', dtype=InstanceData)

    @coarse_instances.deleter
    def coarse_instances(self) -> None:
        """InstanceData: Masks to refine."""
        del self._coarse_instances

    @property
    def gt_instances(self) -> InstanceData:
        """InstanceData: True masks."""
        return self._gt_instances

    @gt_instances.setter
    def gt_instances(self, value: InstanceData) -> None:
        """InstanceData: True masks."""
        self.set_field(value, '_gt_instances', dtype=InstanceData)

    @gt_instances.deleter
    def gt_instances(self) -> None:
        """InstanceData: True masks."""
        del self._gt_instances

    @property
    def pred_instances(self) -> InstanceData:
        """InstanceData: Refined masks."""
        return self._pred_instances

    @pred_instances.setter
    def pred_instances(self, value: InstanceData) -> None:
        """InstanceData: Refined masks."""
        self.set_field(value, '_pred_instances', dtype=InstanceData)

    @pred_instances.deleter
    def pred_instances(self) -> None:
        """InstanceData: Refined masks."""
        del self._pred_instances
