"""Python for people: the inferencer, ``refine()``, a function per command."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segrefiner_mm.apis.dataset_functions import refine_dataset
    from segrefiner_mm.apis.export_network import ExportOptions, export_onnx
    from segrefiner_mm.apis.file_functions import (
        evaluate,
        refine_folder,
        refine_labels,
        refine_predictions,
        refine_video,
    )
    from segrefiner_mm.apis.inferencer import SegRefinerInferencer
    from segrefiner_mm.apis.installation import environment
    from segrefiner_mm.apis.refine_image import refine
    from segrefiner_mm.apis.report_functions import (
        apply_decisions,
        write_report,
    )
    from segrefiner_mm.apis.service_functions import demo, serve
    from segrefiner_mm.evaluation.evaluate_files import EvaluateOptions
    from segrefiner_mm.matting import alpha_matte, cut_out
    from segrefiner_mm.review.report_options import (
        DecisionOptions,
        ReportOptions,
    )
    from segrefiner_mm.runs.refine_pairs import LabelOptions, MaskOptions
    from segrefiner_mm.runs.refine_predictions import PredictionOptions
    from segrefiner_mm.runs.refine_video import VideoOptions
    from segrefiner_mm.runs.refiner import RefinerOptions
    from segrefiner_mm.scale.options import DatasetOptions
    from segrefiner_mm.services.serve_options import ServeOptions
    from segrefiner_mm.video import Steadying

_ROOMS = {
    'segrefiner_mm.apis.installation': ['environment'],
    'segrefiner_mm.apis.export_network': ['ExportOptions', 'export_onnx'],
    'segrefiner_mm.apis.inferencer': ['SegRefinerInferencer'],
    'segrefiner_mm.apis.dataset_functions': ['refine_dataset'],
    'segrefiner_mm.apis.refine_image': ['refine'],
    'segrefiner_mm.runs.refiner': ['RefinerOptions'],
    'segrefiner_mm.apis.file_functions': [
        'evaluate',
        'refine_folder',
        'refine_labels',
        'refine_predictions',
        'refine_video',
    ],
    'segrefiner_mm.apis.report_functions': ['apply_decisions', 'write_report'],
    'segrefiner_mm.apis.service_functions': ['demo', 'serve'],
    'segrefiner_mm.services.serve_options': ['ServeOptions'],
    'segrefiner_mm.review.report_options': [
        'DecisionOptions',
        'ReportOptions',
    ],
    'segrefiner_mm.matting': ['alpha_matte', 'cut_out'],
    'segrefiner_mm.evaluation.evaluate_files': ['EvaluateOptions'],
    'segrefiner_mm.runs.refine_pairs': ['LabelOptions', 'MaskOptions'],
    'segrefiner_mm.runs.refine_predictions': ['PredictionOptions'],
    'segrefiner_mm.scale.options': ['DatasetOptions'],
    'segrefiner_mm.runs.refine_video': ['VideoOptions'],
    'segrefiner_mm.video.steadying': ['Steadying'],
}

__all__ = [
    'DatasetOptions',
    'DecisionOptions',
    'EvaluateOptions',
    'ExportOptions',
    'LabelOptions',
    'MaskOptions',
    'PredictionOptions',
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
    # The command line answers --help without waiting for PyTorch.
    for module, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
