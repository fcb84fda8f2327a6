# 3.6 million parameters on an encoder that has seen ImageNet. Image and coarse
# mask are encoded once per window, so that a further step costs a fifth.
_base_ = ['./segrefiner_unet.py']

num_timesteps = 6
model = dict(
    head=dict(
        denoiser=dict(
            _delete_=True,
            type='DenoiseLiteUNet',
            num_timesteps=num_timesteps,
            encoder_weights=None,
        ),
        loss_mask=dict(edge_weight=3.0),
        loss_error=dict(type='ErrorMapLoss', loss_weight=0.5),
        chain_weight=0.5,
    ),
    test_cfg=dict(windows=dict(polish=True)),
)
