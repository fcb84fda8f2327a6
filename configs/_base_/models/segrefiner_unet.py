# The published model: 118.60 M parameters. Six steps on 256 x 256 windows.
num_timesteps = 6

model = dict(
    type='SegRefiner',
    data_preprocessor=dict(
        type='RefineDataPreprocessor',
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
    ),
    head=dict(
        type='DiffusionRefineHead',
        denoiser=dict(
            type='DenoiseUNet',
            in_channels=4,
            out_channels=1,
            model_channels=128,
            num_res_blocks=2,
            channel_mult=(1, 1, 2, 2, 4, 4),
            attention_strides=(16, 32),
            num_heads=4,
            num_timesteps=num_timesteps,
        ),
        scheduler=dict(
            type='DiscreteTransitionScheduler',
            num_timesteps=num_timesteps,
            fine_start=0.8,
            fine_end=0.0,
        ),
        loss_mask=dict(type='BinaryCrossEntropyLoss', loss_weight=1.0),
        loss_texture=dict(type='TextureL1Loss', loss_weight=5.0),
    ),
    test_cfg=dict(
        windows=dict(type='ObjectWindows', pad=20, min_area=512),
        model_size=256,
        batch_size=32,
        num_steps=num_timesteps,
        seed=0,
        guard=None,
    ),
    checkpoint=None,
)
