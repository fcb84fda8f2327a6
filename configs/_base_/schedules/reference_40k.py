# The published schedule of the high-resolution model.
_base_ = ['./reference_120k.py']

train_cfg = dict(max_iters=40000)
param_scheduler = [
    dict(
        type='MultiStepLR',
        by_epoch=False,
        milestones=[20000, 35000],
        gamma=0.5,
    )
]
