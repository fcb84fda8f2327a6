# SegRefiner-HR as published. Its coarse masks are made once, ahead of the
# training; a patch takes such a mask, or one made for itself, half and half:
#   for D in DIS5K/DIS-TR/gt ThinObject5K/masks; do
#     python tools/dataset_tools/gen_coarse_masks.py data/$D data/coarse/$D
#   done
_base_ = [
    '../_base_/models/segrefiner_unet_tiled.py',
    '../_base_/datasets/hr_collection_256.py',
    '../_base_/schedules/reference_40k.py',
    '../_base_/default_runtime.py',
]

train_pipeline = [
    dict(type='LoadImageFromFile'),
    dict(type='LoadTrueMask', min_area=512),
    dict(
        type='AlternatePipelines',
        pipelines=[
            [
                dict(type='LoadCoarseMasks'),
                dict(type='CropObject', pad=(0, 200), around='gt_mask'),
            ],
            [
                dict(type='LoadCoarseMasks', prob=0.5),
                dict(type='CropPatch'),
                dict(type='SynthesizeCoarseMask', mode='reference'),
            ],
        ],
    ),
    dict(type='RandomFlipMasks', prob=0.5),
    dict(type='PackRefineInputs'),
]
train_dataloader = dict(
    dataset=dict(
        collections=[
            dict(
                root='DIS5K/DIS-TR',
                layout='dis5k',
                coarse='coarse/DIS5K/DIS-TR/gt',
            ),
            dict(
                root='ThinObject5K',
                layout='thin_object',
                coarse='coarse/ThinObject5K/masks',
            ),
        ],
        pipeline=train_pipeline,
    )
)
