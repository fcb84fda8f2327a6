_base_ = 'mmdet::point_rend/point-rend_r50-caffe_fpn_ms-1x_coco.py'

model = dict(
    type='segrefiner_mm.RefinedDetector',
    base_type='PointRend',
    refiner='segrefiner-tiny',
)
