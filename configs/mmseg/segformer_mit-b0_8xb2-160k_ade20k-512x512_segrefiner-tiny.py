_base_ = [
    '../_base_/find_mmseg.py',
    'mmseg::segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py',
]

model = dict(
    type='segrefiner_mm.RefinedSegmentor',
    base_type='EncoderDecoder',
    refiner='segrefiner-tiny',
)
