# The same with 3.24 M parameters, with the guard, and with tiles of full
# resolution along the edges of large objects.
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
    test_cfg=dict(
        windows=dict(polish=True),
        # Of soft maps; see tools/benchmark_calibration.py.
        temperature=2.2,
        # Trained for it, its bold step gains more than all six do.
        guard=dict(
            _delete_=True,
            type='DoNoHarmGuard',
            bold_belief=1.0,
            calibrated_on='segrefiner-tiny',
        ),
    ),
)
