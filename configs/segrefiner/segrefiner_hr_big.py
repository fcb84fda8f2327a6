# SegRefiner-HR on the coarse masks of another model for BIG: IoU, Boundary
# IoU and mBA of both.
_base_ = [
    '../_base_/models/segrefiner_unet_tiled.py',
    '../_base_/datasets/coarse_pairs.py',
    '../_base_/default_runtime.py',
]

test_dataloader = dict(
    dataset=dict(
        type='BIGDataset',
        data_root='data/big/',
        split='test',
        coarse_dir='coarse/deeplab',
    )
)
