# SegRefiner-LR: the published instance model, one window around each object,
# trained on LVIS with diverse coarse masks.
_base_ = [
    '../_base_/models/segrefiner_unet.py',
    '../_base_/datasets/lvis_256.py',
    '../_base_/schedules/refine_120k.py',
    '../_base_/default_runtime.py',
]
