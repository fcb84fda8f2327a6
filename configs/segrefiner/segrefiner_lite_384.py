# The last stage of segrefiner-lite: windows in the size that they have when
# refining, half of the samples with masks of real models, a fifth perfect, and
# edges count more. It continues from the bundled weights unless another
# `load_from` is given.
_base_ = ['./segrefiner_lite.py']

batch_size = 8
window_size = 384
backgrounds = 'data/backgrounds'
max_iters = 1200

model = dict(
    checkpoint='segrefiner-lite',
    head=dict(
        denoiser=dict(encoder_weights=None),
        loss_mask=dict(edge_weight=5.0),
    ),
)
whole = [
    dict(type='RandomShrink', prob=0.3),
    dict(
        type='SynthesizeCoarseMask',
        mode='diverse',
        max_kinds=2,
        identity_prob=0.2,
    ),
    dict(type='CropObject', size=window_size, pad=(12, 60)),
]
patch = [
    dict(
        type='SynthesizeCoarseMask',
        mode='diverse',
        max_kinds=2,
        iou_range=(0.6, 1.0),
        identity_prob=0.25,
        reference_prob=0.05,
    ),
    dict(type='CropPatch', size=window_size),
]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=256),
    dict(type='LoadCoarseMasks', prob=0.5),
    dict(type='PasteObject', backgrounds=backgrounds, prob=0.15),
    dict(type='CastShadow', prob=0.35),
    dict(type='CutAtBorder', prob=0.2),
    dict(type='AlternatePipelines', pipelines=[whole, whole, patch]),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PhotometricJitter'),
    dict(type='PackRefineInputs'),
]
train_dataloader = dict(
    batch_size=batch_size,
    sampler=dict(batch_size=batch_size),
    dataset=dict(pipeline=train_pipeline),
)
train_cfg = dict(max_iters=max_iters)
optim_wrapper = dict(optimizer=dict(lr=4e-4))
auto_scale_lr = dict(base_batch_size=batch_size)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.05, by_epoch=False, end=50),
    dict(
        type='CosineAnnealingLR',
        by_epoch=False,
        begin=50,
        end=max_iters,
        T_max=max_iters - 50,
        eta_min_ratio=0.02,
    ),
]
custom_hooks = [dict(type='EMAHook', momentum=0.004, update_buffers=True)]
