# SegRefiner-HR on the coarse masks of another model for a part of DIS5K: IoU,
# Boundary IoU and mBA of both.
_base_ = [
    '../_base_/models/segrefiner_unet_tiled.py',
    '../_base_/datasets/coarse_pairs.py',
    '../_base_/default_runtime.py',
]

test_dataloader = dict(
    dataset=dict(
        type='DIS5KDataset',
        data_root='data/DIS5K/',
        split='DIS-VD',
        coarse_dir='coarse/isnet',
    )
)
