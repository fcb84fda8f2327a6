# 3.6 million parameters on an encoder that has seen ImageNet. Image and coarse
# mask are encoded once per window, so that a further step costs a sixth
# of the first.
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
    test_cfg=dict(
        windows=dict(
            polish=True,
            polish_reach=2.0,
            # Tiles change next to nothing in objects that are smaller.
            polish_scale=2.5,
            min_error=0.2,
        ),
        model_size=384,
        # One step gains more on bad masks, and harms twice as many.
        num_steps=2,
        # The second step undoes mistakes, but blunts edges.
        edge_reach=3,
        # Of soft maps; see tools/benchmark_calibration.py.
        temperature=1.2,
        guard=dict(
            _delete_=True,
            type='DoNoHarmGuard',
            keep_belief=0.6,
            bold_belief=None,
            # What it adds or removes away from the edge is right, on average.
            undo_detached=False,
            calibrated_on='segrefiner-lite',
        ),
    ),
)
