"""Networks that predict masks of the objects in a photograph.

A module of ``predict_masks.py``, not a command.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from yolo_masks import Run, open_yolo

from segrefiner_mm.errors import InputError, reason_of

# A photograph, (H, W, 3) uint8 BGR, to masks, (H, W) bool.
MaskModel = Callable[[npt.NDArray[Any]], list[npt.NDArray[np.bool_]]]
Shape = list[int]


def open_model(
    file: Path,
    mean: Sequence[float],
    std: Sequence[float],
    threads: int,
) -> MaskModel:
    """Open a network that takes one image at a time.

    Args:
        file (Path): ``.onnx`` or ``.tflite`` file; the size of its input is
            fixed.
        mean (Sequence[float]): Means of red, green and blue, on a scale of 0
            to 1. Not used for a YOLO network.
        std (Sequence[float]): Standard deviations of red, green and blue, on
            the same scale. Not used for a YOLO network.
        threads (int): Number of threads of the runtime.

    Returns:
        Callable: Takes a photograph, (H, W, 3) uint8 BGR; returns masks,
        (H, W) bool. A network with two outputs is a YOLO network (see
        :class:`YoloMasks`), and gives a mask per object. Any other network
        gives one mask. With several classes, all but the first are the
        object. A map of one channel is scaled to 0 to 1, and is the object
        above 0.5.

    Raises:
        InputError: If the file is missing or of another type, the runtime is
            not installed, or two outputs are not those of a YOLO network.
    """
    if not file.is_file():
        raise InputError(f'no such file: {file}')
    openers = {'.onnx': _onnx, '.tflite': _tflite}
    if file.suffix not in openers:
        raise InputError(f'{file} is neither .onnx nor .tflite')
    run, shape, outputs = openers[file.suffix](file, threads)
    channels_first = shape[1] == 3
    if len(outputs) == 2:
        return open_yolo(run, shape, outputs)
    size = tuple(shape[2:4] if channels_first else shape[1:3])[::-1]

    def predict(image: npt.NDArray[Any]) -> list[npt.NDArray[np.bool_]]:
        seen = cv2.resize(
            image[:, :, ::-1], size, interpolation=cv2.INTER_AREA
        )
        batch = (seen / 255 - np.array(mean)) / np.array(std)
        batch = batch.astype(np.float32)[None]
        if channels_first:
            batch = np.ascontiguousarray(batch.transpose(0, 3, 1, 2))
        maps = run(batch)[0][0]
        if channels_first:
            maps = maps.transpose(1, 2, 0)
        maps = np.ascontiguousarray(maps)
        full = image.shape[1], image.shape[0]
        if maps.shape[-1] > 1:
            return [np.asarray(cv2.resize(maps, full).argmax(-1) > 0)]
        low, high = maps.min(), maps.max()
        soft = (maps[:, :, 0] - low) / max(high - low, 1e-9)
        return [np.asarray(cv2.resize(soft, full) > 0.5)]

    return predict


def _onnx(file: Path, threads: int) -> tuple[Run, Shape, list[Shape]]:
    try:
        import onnxruntime
    except ImportError:
        raise InputError(f'{file}: pip install onnxruntime') from None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        session = onnxruntime.InferenceSession(str(file), options)
    except Exception as error:  # it has classes of its own for each cause
        raise InputError(f'cannot read {file}: {reason_of(error)}') from None
    [entry, *_] = session.get_inputs()

    def run(batch: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        return list(session.run(None, {entry.name: batch}))

    return run, entry.shape, [out.shape for out in session.get_outputs()]


def _tflite(file: Path, threads: int) -> tuple[Run, Shape, list[Shape]]:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        raise InputError(f'{file}: pip install ai-edge-litert') from None
    try:
        network = Interpreter(str(file), num_threads=threads)
        network.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise InputError(f'cannot read {file}: {reason_of(error)}') from None
    [entry, *_] = network.get_input_details()
    exits = network.get_output_details()

    def run(batch: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        scale, zero = entry['quantization']
        if scale:
            limits = np.iinfo(entry['dtype'])
            batch = np.round(batch / scale + zero)
            batch = batch.clip(limits.min, limits.max)
        network.set_tensor(entry['index'], batch.astype(entry['dtype']))
        network.invoke()
        return [_real_values(network, exit_) for exit_ in exits]

    shapes = [[int(side) for side in end['shape']] for end in (entry, *exits)]
    return run, shapes[0], shapes[1:]


def _real_values(network: Any, exit_: dict[str, Any]) -> npt.NDArray[Any]:
    """Return an output of a network, dequantised."""
    values = np.asarray(network.get_tensor(exit_['index']))
    scale, zero = exit_['quantization']
    if not scale:
        return values
    return (values.astype(np.float32) - zero) * np.float32(scale)
