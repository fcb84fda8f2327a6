# Warm-up, cosine, gradient clipping and a moving average of the weights. The
# learning rate is for `base_batch_size` and scales with the number of GPUs.
max_iters = 20000

train_cfg = dict(
    type='IterBasedTrainLoop', max_iters=max_iters, val_interval=1000
)
val_cfg = dict(type='ValLoop')
val_evaluator = dict(type='MaskQualityMetric')
optim_wrapper = dict(
    type='AutocastOptimWrapper',  # bfloat16; on a CPU too
    optimizer=dict(type='AdamW', lr=4e-4, weight_decay=0.01),
    clip_grad=dict(max_norm=1.0),
)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, by_epoch=False, end=500),
    dict(
        type='CosineAnnealingLR',
        by_epoch=False,
        begin=500,
        end=max_iters,
        T_max=max_iters - 500,
        eta_min_ratio=0.01,
    ),
]
auto_scale_lr = dict(enable=True, base_batch_size=16)
custom_hooks = [dict(type='EMAHook', momentum=0.001)]
