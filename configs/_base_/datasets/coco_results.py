# Masks that a model predicted on COCO val2017, as COCO results.
data_root = 'data/coco/'
ann_file = 'annotations/instances_val2017.json'
results_file = 'work_dirs/coarse.segm.json'

test_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadCoarseMasks'),
    dict(type='PackRefineInputs'),
]
test_dataloader = dict(
    batch_size=4,
    num_workers=2,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(
        type='CocoRefineDataset',
        data_root=data_root,
        ann_file=ann_file,
        data_prefix=dict(img='val2017'),
        results_file=results_file,
        pipeline=test_pipeline,
    ),
)
test_cfg = dict(type='TestLoop')
test_evaluator = dict(type='CocoBoundaryMetric', ann_file=data_root + ann_file)
