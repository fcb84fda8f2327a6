# DIS5K and ThinObject-5K. Every image is seen twice: its object as a whole,
# and a patch of full resolution.
data_root = 'data/'
batch_size = 16

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=512),
    dict(
        type='AlternatePipelines',
        pipelines=[
            [
                dict(type='SynthesizeCoarseMask', mode='diverse'),
                dict(type='CropObject', size=256, pad=(0, 200)),
            ],
            [
                dict(type='SynthesizeCoarseMask', mode='diverse'),
                dict(type='CropPatch', size=256),
            ],
        ],
    ),
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
    num_workers=8,
    persistent_workers=True,
    sampler=dict(type='DrawSampler', batch_size=batch_size),
    dataset=dict(
        type='HRCollectionDataset',
        data_root=data_root,
        collections=[
            dict(root='DIS5K/DIS-TR', layout='dis5k'),
            dict(root='ThinObject5K', layout='thin_object'),
        ],
        pipeline=train_pipeline,
        seed=0,
    ),
)
val_dataloader = dict(
    batch_size=1,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='HRCollectionDataset',
        data_root=data_root,
        collections=[dict(root='DIS5K/DIS-VD', layout='dis5k')],
        indices=100,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
