_base_ = './deeplabv3plus_r50-d8_4xb4-40k_voc12aug-512x512_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
