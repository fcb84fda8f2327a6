# SegRefiner-HR: the published high-resolution model, trained on DIS5K and
# ThinObject-5K with diverse coarse masks.
_base_ = [
    '../_base_/models/segrefiner_unet_tiled.py',
    '../_base_/datasets/hr_collection_256.py',
    '../_base_/schedules/refine_40k.py',
    '../_base_/default_runtime.py',
]
