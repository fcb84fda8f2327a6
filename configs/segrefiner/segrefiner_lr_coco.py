# SegRefiner-LR on the results of another model: mask AP and Boundary AP of
# both. `results_file` is what CocoMetric writes with format_only=True.
_base_ = [
    '../_base_/models/segrefiner_unet.py',
    '../_base_/datasets/coco_results.py',
    '../_base_/default_runtime.py',
]
