_base_ = './mask-rcnn_r50_fpn_1x_coco_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
