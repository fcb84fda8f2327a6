# The same network on whole images: five steps at low resolution, then tiles
# at full resolution take the sixth.
_base_ = ['./segrefiner_unet.py']

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
