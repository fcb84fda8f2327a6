# SegRefiner-HR: the published high-resolution model. The whole image takes
# five steps, then tiles at full resolution take the sixth.
_base_ = [
    '../_base_/models/segrefiner_unet.py',
    '../_base_/default_runtime.py',
]

model = dict(
    test_cfg=dict(
        windows=dict(
            _delete_=True,
            type='TiledWindows',
            fine_prob_thr=0.9,
            iou_thr=0.3,
            min_area=129,
        )
    )
)
