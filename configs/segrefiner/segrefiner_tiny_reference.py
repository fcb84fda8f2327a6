# segrefiner-tiny by the published schedule, with coarse masks of one kind at
# one level: to compare with.
_base_ = [
    '../_base_/models/segrefiner_unet_tiny.py',
    '../_base_/datasets/folder_128.py',
    '../_base_/schedules/reference_120k.py',
    '../_base_/default_runtime.py',
]

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=512),
    dict(type='SynthesizeCoarseMask', mode='reference'),
    dict(type='CropObject', size=128, pad=(0, 40), around='gt_mask'),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PackRefineInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline))
