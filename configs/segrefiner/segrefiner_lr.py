# SegRefiner-LR: the published instance model, one window around each object.
_base_ = [
    '../_base_/models/segrefiner_unet.py',
    '../_base_/default_runtime.py',
]
