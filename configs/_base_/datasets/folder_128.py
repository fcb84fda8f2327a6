# Pairs of images and masks. `ann_file` has a path of each per line, separated
# by a tab; without it, images/ and masks/ are matched by their names.
data_root = 'data/refine'
batch_size = 16
window_size = 128

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=256),
    dict(type='SynthesizeCoarseMask', mode='diverse'),
    dict(type='CropObject', size=window_size, pad=(10, 40)),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PhotometricJitter'),
    dict(type='PackRefineInputs'),
]

train_dataloader = dict(
    batch_size=batch_size,
    num_workers=2,
    persistent_workers=True,
    sampler=dict(type='DrawSampler', batch_size=batch_size),
    dataset=dict(
        type='FolderRefineDataset',
        data_root=data_root,
        ann_file='',
        pipeline=train_pipeline,
        seed=0,
    ),
)
