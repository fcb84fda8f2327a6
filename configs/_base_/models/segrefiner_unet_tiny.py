# The same with 3.24 M parameters, and with the guard.
_base_ = ['./segrefiner_unet.py']

model = dict(
    head=dict(
        denoiser=dict(
            model_channels=32,
            num_res_blocks=1,
            channel_mult=(1, 1, 2, 2, 4),
            attention_strides=(16,),
        )
    ),
    test_cfg=dict(guard=dict(_delete_=True, type='DoNoHarmGuard')),
)
