_base_ = './mask2former_r50_8xb2-lsj-50e_coco-panoptic_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
