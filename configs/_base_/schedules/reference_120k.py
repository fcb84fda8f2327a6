# The published schedule of the instance model: no warm-up, no clipping, no
# moving average, float32. Known to collapse on few GPUs.
max_iters = 120000

train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=max_iters, val_interval=5000
)
val_cfg = dict(type='ValLoop')
val_evaluator = dict(type='MaskQualityMetric')
optim_wrapper = dict(
    type='OptimWrapper',
    optimizer=dict(type='AdamW', lr=4e-4, weight_decay=0.0),
)
param_scheduler = [
    dict(
        type='MultiStepLR',
        by_epoch=False,
        milestones=[80000, 100000],
        gamma=0.5,
    )
]
