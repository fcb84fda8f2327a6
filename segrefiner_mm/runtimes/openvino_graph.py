"""ONNX models in OpenVINO."""

from typing import Any

import torch

from segrefiner_mm.runtimes.graph_denoiser import Arrays, Graph


def load_openvino(model: bytes, precision: str = 'f32') -> Graph:
    """Load an ONNX model into OpenVINO, on the CPU.

    The model uses as many threads as PyTorch, and must not run in two threads
    at the same time.

    Args:
        model (bytes): The ONNX model.
        precision (str): ``'f32'``; or ``'bf16'``, which a processor without
            bfloat16 instructions computes in float32. Defaults to 'f32'.

    Returns:
        Graph: The loaded model.

    Raises:
        ImportError: If ``openvino`` is not installed.
        Exception: An error of OpenVINO if it cannot load the model.
    """
    import openvino

    settings = {
        'INFERENCE_NUM_THREADS': torch.get_num_threads(),
        # By default it computes in bfloat16 where the processor can.
        'INFERENCE_PRECISION_HINT': precision,
    }
    core: Any = openvino.Core()
    compiled = core.compile_model(core.read_model(model, b''), 'CPU', settings)
    outputs = [port.get_any_name() for port in compiled.outputs]
    request = compiled.create_infer_request()

    def run(feeds: Arrays) -> Arrays:
        request.infer(dict(feeds))
        # Copies, as the next run overwrites its own buffers.
        return {
            name: request.get_output_tensor(index).data.copy()
            for index, name in enumerate(outputs)
        }

    return Graph(tuple(i.get_any_name() for i in compiled.inputs), run)
