# segrefiner-tiny: 3.24 M parameters, small enough for a CPU. Its weights are
# part of the package, under the name 'segrefiner-tiny'.
_base_ = [
    '../_base_/models/segrefiner_unet_tiny.py',
    '../_base_/datasets/folder_128.py',
    '../_base_/schedules/refine_20k.py',
    '../_base_/default_runtime.py',
]
