# The second stage of segrefiner-tiny: larger windows, and a quarter of them
# patches of full resolution, which tiles look like.
_base_ = ['./segrefiner_tiny.py']

batch_size = 8
window_size = 192
max_iters = 1150
load_from = 'work_dirs/segrefiner_tiny/iter_20000.pth'

whole = [
    dict(type='SynthesizeCoarseMask', mode='diverse'),
    dict(type='CropObject', size=window_size, pad=(8, 48)),
]
patch = [
    dict(type='SynthesizeCoarseMask', mode='diverse'),
    dict(type='CropPatch', size=window_size),
]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=256),
    dict(type='AlternatePipelines', pipelines=[whole, whole, whole, patch]),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PhotometricJitter'),
    dict(type='PackRefineInputs'),
]
train_dataloader = dict(
    batch_size=batch_size,
    sampler=dict(batch_size=batch_size),
    dataset=dict(pipeline=train_pipeline, seed=1),
)
train_cfg = dict(max_iters=max_iters, val_interval=max_iters)
optim_wrapper = dict(optimizer=dict(lr=3e-4))
param_scheduler = [
    dict(type='LinearLR', start_factor=0.1, by_epoch=False, end=20),
    dict(
        type='CosineAnnealingLR',
        by_epoch=False,
        begin=20,
        end=max_iters,
        T_max=max_iters - 20,
        eta_min_ratio=0.01,
    ),
]
auto_scale_lr = dict(base_batch_size=batch_size)
custom_hooks = [dict(type='EMAHook', momentum=0.006)]
