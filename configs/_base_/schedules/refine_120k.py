# For the large networks: the same with a smaller learning rate.
_base_ = ['./refine_20k.py']

max_iters = 120000

train_cfg = dict(max_iters=max_iters, val_interval=5000)
optim_wrapper = dict(optimizer=dict(lr=1e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=1000),
    dict(
        type='CosineAnnealingLR',
        by_epoch=False,
        begin=1000,
        end=max_iters,
        T_max=max_iters - 1000,
        eta_min_ratio=0.01,
    ),
]
