"""OpenVINO."""

from typing import Any

import torch

from segrefiner_mm.runtimes.graph_denoiser import Arrays, Graph


def load_openvino(model: bytes) -> Graph:
    """Load an ONNX model into OpenVINO, on the CPU and in float32.

    It uses as many threads as PyTorch does.

    Args:
        model (bytes): The ONNX model.

    Returns:
        Graph: The loaded model.
    """
    import openvino

    settings = {
        'INFERENCE_NUM_THREADS': torch.get_num_threads(),
        # By default it computes in bfloat16 where the processor can.
        'INFERENCE_PRECISION_HINT': 'f32',
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
