_base_ = './segformer_mit-b0_8xb2-160k_ade20k-512x512_segrefiner-tiny.py'

model = dict(refiner='segrefiner-lite')
