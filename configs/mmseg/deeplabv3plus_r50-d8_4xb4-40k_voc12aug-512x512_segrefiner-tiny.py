# The import lets tools of other packages find 'mmseg::' as well.
_base_ = __import__('segrefiner_mm') and (
    'mmseg::deeplabv3plus/deeplabv3plus_r50-d8_4xb4-40k_voc12aug-512x512.py'
)

model = dict(
    type='segrefiner_mm.RefinedSegmentor',
    base_type='EncoderDecoder',
    refiner='segrefiner-tiny',
)
