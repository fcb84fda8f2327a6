"""The Python API: the inferencer, ``refine()``, and a function per command."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segrefiner_mm.apis.inferencer import SegRefinerInferencer
    from segrefiner_mm.apis.refine_image import refine
    from segrefiner_mm.evaluation.evaluate_files import (
        EvaluateOptions,
        evaluate,
    )
    from segrefiner_mm.matting import alpha_matte, cut_out
    from segrefiner_mm.review.decisions import apply_decisions
    from segrefiner_mm.review.report_options import (
        DecisionOptions,
        ReportOptions,
    )
    from segrefiner_mm.review.write_report import write_report
    from segrefiner_mm.runs.pair_options import LabelOptions, MaskOptions
    from segrefiner_mm.runs.predictions.prediction_options import (
        PredictionOptions,
    )
    from segrefiner_mm.runs.predictions.refine_predictions import (
        refine_predictions,
    )
    from segrefiner_mm.runs.refine_pairs import refine_folder, refine_labels
    from segrefiner_mm.runs.refiner import Refiner, RefinerOptions
    from segrefiner_mm.runs.videos.refine_video import (
        VideoOptions,
        refine_video,
    )
    from segrefiner_mm.runtimes.environment import environment
    from segrefiner_mm.runtimes.export_network import (
        ExportOptions,
        export_onnx,
    )
    from segrefiner_mm.scale.options import DatasetOptions
    from segrefiner_mm.scale.refine_dataset import refine_dataset
    from segrefiner_mm.services.demo.run_demo import demo
    from segrefiner_mm.services.run_server import serve
    from segrefiner_mm.services.serve_options import ServeOptions
    from segrefiner_mm.video import Steadying

# The modules of the names above. The command line answers --help
# without waiting for PyTorch, so nothing is imported before it is used.
_HOMES = {
    'DatasetOptions': 'scale.options',
    'DecisionOptions': 'review.report_options',
    'EvaluateOptions': 'evaluation.evaluate_files',
    'ExportOptions': 'runtimes.export_network',
    'LabelOptions': 'runs.pair_options',
    'MaskOptions': 'runs.pair_options',
    'PredictionOptions': 'runs.predictions.prediction_options',
    'Refiner': 'runs.refiner',
    'RefinerOptions': 'runs.refiner',
    'ReportOptions': 'review.report_options',
    'SegRefinerInferencer': 'apis.inferencer',
    'ServeOptions': 'services.serve_options',
    'Steadying': 'video.steadying',
    'VideoOptions': 'runs.videos.refine_video',
    'alpha_matte': 'matting',
    'apply_decisions': 'review.decisions',
    'cut_out': 'matting',
    'demo': 'services.demo.run_demo',
    'environment': 'runtimes.environment',
    'evaluate': 'evaluation.evaluate_files',
    'export_onnx': 'runtimes.export_network',
    'refine': 'apis.refine_image',
    'refine_dataset': 'scale.refine_dataset',
    'refine_folder': 'runs.refine_pairs',
    'refine_labels': 'runs.refine_pairs',
    'refine_predictions': 'runs.predictions.refine_predictions',
    'refine_video': 'runs.videos.refine_video',
    'serve': 'services.run_server',
    'write_report': 'review.write_report',
}

__all__ = [
    'DatasetOptions',
    'DecisionOptions',
    'EvaluateOptions',
    'ExportOptions',
    'LabelOptions',
    'MaskOptions',
    'PredictionOptions',
    'Refiner',
    'RefinerOptions',
    'ReportOptions',
    'SegRefinerInferencer',
    'ServeOptions',
    'Steadying',
    'VideoOptions',
    'alpha_matte',
    'apply_decisions',
    'cut_out',
    'demo',
    'environment',
    'evaluate',
    'export_onnx',
    'refine',
    'refine_dataset',
    'refine_folder',
    'refine_labels',
    'refine_predictions',
    'refine_video',
    'serve',
    'write_report',
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'segrefiner_mm.{home}'), name)
