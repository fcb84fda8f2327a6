# segrefiner-tiny: 3.24 M parameters, small enough for a CPU. Its weights are
# part of the package, under the name 'segrefiner-tiny'.
_base_ = [
    '../_base_/models/segrefiner_unet.py',
    '../_base_/datasets/folder_128.py',
    '../_base_/schedules/refine_20k.py',
    '../_base_/default_runtime.py',
]

model = dict(
    head=dict(
        denoiser=dict(
            model_channels=32,
            num_res_blocks=1,
            channel_mult=(1, 1, 2, 2, 4),
            attention_strides=(16,),
        )
    )
)
