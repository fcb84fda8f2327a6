# The import lets tools of other packages find 'mmseg::' as well.
_base_ = __import__('segrefiner_mm') and (
    'mmseg::pspnet/pspnet_r50-d8_4xb2-80k_cityscapes-512x1024.py'
)

model = dict(
    type='segrefiner_mm.RefinedSegmentor',
    base_type='EncoderDecoder',
    refiner='segrefiner-tiny',
)
