_base_ = [
    '../_base_/find_mmseg.py',
    'mmseg::pspnet/pspnet_r50-d8_4xb2-80k_cityscapes-512x1024.py',
]

model = dict(
    type='segrefiner_mm.RefinedSegmentor',
    base_type='EncoderDecoder',
    refiner='segrefiner-tiny',
)
