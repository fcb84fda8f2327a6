"""ONNX models in ONNX Runtime."""

import os
from typing import Any

import torch

from segrefiner_mm.runtimes.graph_denoiser import Arrays, Graph


def load_onnxruntime(model: bytes) -> Graph:
    """Load an ONNX model into ONNX Runtime, on the CPU.

    The model uses as many threads as PyTorch.

    Args:
        model (bytes): The ONNX model.

    Returns:
        Graph: The loaded model.

    Raises:
        ImportError: If ``onnxruntime`` is not installed.
        Exception: An error of ONNX Runtime if it cannot load the model.
    """
    # Otherwise, ONNX Runtime 1.32 and later sends telemetry when imported.
    os.environ.setdefault('ORT_DISABLE_TELEMETRY', '1')
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    # Threads that wait would take the processor from the rest of the work.
    options.add_session_config_entry('session.intra_op.allow_spinning', '0')
    options.log_severity_level = 3  # errors only
    session: Any = onnxruntime.InferenceSession(
        model, options, providers=['CPUExecutionProvider']
    )
    outputs = [output.name for output in session.get_outputs()]

    def run(feeds: Arrays) -> Arrays:
        values = session.run(outputs, dict(feeds))
        return dict(zip(outputs, values, strict=True))

    return Graph(tuple(i.name for i in session.get_inputs()), run)
