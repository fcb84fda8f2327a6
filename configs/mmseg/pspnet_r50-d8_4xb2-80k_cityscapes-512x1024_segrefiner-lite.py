_base_ = './pspnet_r50-d8_4xb2-80k_cityscapes-512x1024_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
