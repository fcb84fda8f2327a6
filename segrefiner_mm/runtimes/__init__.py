"""Runtimes for the network on a CPU: PyTorch, ONNX Runtime and OpenVINO."""

from segrefiner_mm.runtimes.choice import RuntimeChoice, use_runtime
from segrefiner_mm.runtimes.onnx_export import OnnxParts, export_denoiser

__all__ = ['OnnxParts', 'RuntimeChoice', 'export_denoiser', 'use_runtime']
