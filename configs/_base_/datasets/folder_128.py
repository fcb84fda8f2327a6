# Pairs of images and masks. `ann_file` has a path of each per line, separated
# by a tab; without it, images/ and masks/ are matched by their names. One
# scene in ten is for validation.
data_root = 'data/refine'
batch_size = 16
window_size = 128

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=256),
    dict(type='SynthesizeCoarseMask', mode='diverse'),
    dict(type='CropObject', size=window_size, pad=(8, 48)),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PhotometricJitter'),
    dict(type='PackRefineInputs'),
]
val_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=1),
    dict(type='SynthesizeCoarseMask', mode='diverse'),
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
        scenes=dict(take=[1, 2, 3, 4, 5, 6, 7, 8, 9], of=10),
        pipeline=train_pipeline,
        seed=0,
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=1,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='FolderRefineDataset',
        data_root=data_root,
        ann_file='',
        scenes=dict(take=[0], of=10),
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
