# The import lets tools of other packages find 'mmseg::' as well.
_base_ = __import__('segrefiner_mm') and (
    'mmseg::segformer/segformer_mit-b0_8xb2-160k_ade20k-512x512.py'
)

model = dict(
    type='segrefiner_mm.RefinedSegmentor',
    base_type='EncoderDecoder',
    refiner='segrefiner-tiny',
)
