_base_ = './point-rend_r50-caffe_fpn_ms-1x_coco_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
