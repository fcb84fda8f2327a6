_base_ = 'mmdet::solov2/solov2_r50_fpn_1x_coco.py'

model = dict(
    type='segrefiner_mm.RefinedDetector',
    base_type='SOLOv2',
    refiner='segrefiner-tiny',
)
