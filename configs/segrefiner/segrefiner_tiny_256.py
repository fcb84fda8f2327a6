# The third stage of segrefiner-tiny: windows in the size that they have when
# refining; every second one a patch of full resolution, as large objects are
# seen in; small objects too. It trains the bold step, which users get, above
# all, and the edge counts more.
_base_ = ['./segrefiner_tiny_192.py']

window_size = 256
load_from = 'work_dirs/segrefiner_tiny_192/iter_1150.pth'

model = dict(
    head=dict(first_step_prob=0.85, loss_mask=dict(edge_weight=3.0)),
)
whole = [
    dict(type='RandomShrink', prob=0.4),
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
    dict(type='AlternatePipelines', pipelines=[whole, patch]),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PhotometricJitter'),
    dict(type='PackRefineInputs'),
]
train_dataloader = dict(dataset=dict(pipeline=train_pipeline, seed=2))
