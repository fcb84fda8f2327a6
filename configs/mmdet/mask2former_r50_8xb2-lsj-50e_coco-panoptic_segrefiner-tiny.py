_base_ = 'mmdet::mask2former/mask2former_r50_8xb2-lsj-50e_coco-panoptic.py'

model = dict(
    type='segrefiner_mm.RefinedDetector',
    base_type='Mask2Former',
    refiner='segrefiner-tiny',
)
