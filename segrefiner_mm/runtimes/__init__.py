"""Other ways to run the network on a CPU than PyTorch's modules."""

from segrefiner_mm.runtimes.choice import RuntimeChoice, use_runtime
from segrefiner_mm.runtimes.onnx_export import OnnxParts, export_denoiser

__all__ = ['OnnxParts', 'RuntimeChoice', 'export_denoiser', 'use_runtime']
