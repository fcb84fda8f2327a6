_base_ = 'mmdet::mask_rcnn/mask-rcnn_r50_fpn_1x_coco.py'

model = dict(
    type='segrefiner_mm.RefinedDetector',
    base_type='MaskRCNN',
    refiner='segrefiner-tiny',
)
