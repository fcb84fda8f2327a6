_base_ = './solov2_r50_fpn_1x_coco_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
