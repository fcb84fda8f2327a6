# segrefiner-lite: a pretrained encoder and cheap steps. Coarse masks are made
# while training; of images whose line in `ann_file` names masks that models
# have predicted, a third are taken as they are.
_base_ = [
    '../_base_/models/segrefiner_lite.py',
    '../_base_/datasets/folder_128.py',
    '../_base_/schedules/refine_20k.py',
    '../_base_/default_runtime.py',
]

batch_size = 16
window_size = 256
backgrounds = 'data/backgrounds'

model = dict(head=dict(denoiser=dict(encoder_weights='imagenet')))

whole = [
    dict(type='RandomShrink', prob=0.3),
    dict(type='SynthesizeCoarseMask', mode='diverse', max_kinds=2),
    dict(type='CropObject', size=window_size, pad=(8, 40)),
]
patch = [
    dict(
        type='SynthesizeCoarseMask',
        mode='diverse',
        max_kinds=2,
        iou_range=(0.6, 1.0),
        identity_prob=0.15,
        reference_prob=0.05,
    ),
    dict(type='CropPatch', size=window_size),
]
train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=256),
    dict(type='LoadCoarseMasks', prob=0.35),
    dict(type='PasteObject', backgrounds=backgrounds, prob=0.2),
    dict(type='AlternatePipelines', pipelines=[whole, patch]),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PhotometricJitter'),
    dict(type='PackRefineInputs'),
]
train_dataloader = dict(
    batch_size=batch_size,
    sampler=dict(batch_size=batch_size),
    dataset=dict(pipeline=train_pipeline),
)
optim_wrapper = dict(
    optimizer=dict(lr=1e-3),
    # What ImageNet taught is changed with care.
    paramwise_cfg=dict(custom_keys={'encoder': dict(lr_mult=0.3)}),
)
auto_scale_lr = dict(base_batch_size=batch_size)
# The statistics of batch normalisation belong to the averaged weights too.
custom_hooks = [dict(type='EMAHook', momentum=0.003, update_buffers=True)]
