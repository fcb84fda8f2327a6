_base_ = [
    '../_base_/find_mmseg.py',
    'mmseg::deeplabv3plus/deeplabv3plus_r50-d8_4xb4-40k_voc12aug-512x512.py',
]

model = dict(
    type='segrefiner_mm.RefinedSegmentor',
    base_type='EncoderDecoder',
    refiner='segrefiner-tiny',
)
