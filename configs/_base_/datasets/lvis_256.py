# LVIS v1 on COCO 2017 images: one random object per image. Of the validation
# images, a few hundred are enough to watch a run.
data_root = 'data/lvis/'
batch_size = 16

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=512),
    dict(type='SynthesizeCoarseMask', mode='diverse'),
    dict(type='CropObject', size=256, pad=(0, 40)),
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
        type='LVISRefineDataset',
        data_root=data_root,
        ann_file='annotations/lvis_v1_train.json',
        data_prefix=dict(img=''),
        min_area=512,
        pipeline=train_pipeline,
        seed=0,
    ),
)
val_dataloader = dict(
    batch_size=4,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='LVISRefineDataset',
        data_root=data_root,
        ann_file='annotations/lvis_v1_val.json',
        data_prefix=dict(img=''),
        min_area=512,
        indices=500,
        pipeline=val_pipeline,
        test_mode=True,
    ),
)
