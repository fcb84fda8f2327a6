"""The state of a video run in a file, from which the run can resume."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.files import write_whole
from segrefiner_mm.video import VideoRefiner
from segrefiner_mm.video.carried_evidence import CarriedEvidence
from segrefiner_mm.video.object_track import Glance, ObjectResult, ObjectTrack
from segrefiner_mm.windows import Box, CompactMask

NAME = '.segrefiner-video.npz'

Arrays = dict[str, npt.NDArray[Any]]


def save_state(
    folder: Path, frame: int, run: str, refiner: VideoRefiner
) -> None:
    """Write the state that is carried from one frame to the next.

    Args:
        folder (Path): Output folder.
        frame (int): Number of the last refined frame.
        run (str): Text that identifies inputs and settings.
        refiner (VideoRefiner): The refiner, after that frame.

    Raises:
        InputError: If the file cannot be written.
    """
    arrays: Arrays = {}
    heads = [
        _pack(str(number), key, track, arrays)
        for number, (key, track) in enumerate(refiner.tracks.items())
    ]
    head = json.dumps(dict(frame=frame, run=run, tracks=heads))
    content = io.BytesIO()
    arrays['head'] = np.array(head)
    np.savez_compressed(content, allow_pickle=False, **arrays)
    write_whole(folder / NAME, content.getvalue())


def frame_of_state(folder: Path, run: str) -> int:
    """Return the frame after which the state in a folder was written.

    Args:
        folder (Path): Output folder.
        run (str): See :func:`save_state`.

    Returns:
        int: Number of the frame; -1 if the folder has no readable state of
        this run.
    """
    head = _head(folder, run)
    return -1 if head is None else int(head['frame'])


def load_state(folder: Path, run: str, refiner: VideoRefiner) -> bool:
    """Restore the state of a refiner from the file of :func:`save_state`.

    Args:
        folder (Path): Output folder.
        run (str): See :func:`save_state`.
        refiner (VideoRefiner): A refiner that has seen no frame yet; changed
            in place.

    Returns:
        bool: Whether the state was restored; if not, the refiner is
        unchanged.
    """
    head = _head(folder, run)
    if head is None:
        return False
    try:
        with np.load(folder / NAME, allow_pickle=False) as stored:
            arrays = dict(stored)
        tracks = [_unpack(part, arrays, refiner) for part in head['tracks']]
    except Exception:  # damaged: the run starts anew
        return False
    refiner.tracks = dict(tracks)
    return True


def remove_state(folder: Path) -> None:
    """Remove the state file of a run that is complete.

    Args:
        folder (Path): Output folder.

    Raises:
        InputError: If the file cannot be removed.
    """
    try:
        (folder / NAME).unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f'cannot remove {folder / NAME}: {error}') from error


def _head(folder: Path, run: str) -> dict[str, Any] | None:
    try:
        with np.load(folder / NAME, allow_pickle=False) as stored:
            head = json.loads(str(stored['head']))
        return head if head['run'] == run else None
    except Exception:  # missing or damaged: the run starts anew
        return None


def _pack(
    number: str, key: Any, track: ObjectTrack, arrays: Arrays
) -> dict[str, Any]:
    evidence, glance, last = track.evidence, track.glance, track.last
    assert evidence is not None
    assert glance is not None
    assert last is not None
    coarse = glance.coarse
    arrays[f'evidence{number}'] = evidence.steps
    arrays[f'pixels{number}'] = last.pixels
    arrays[f'glance{number}'] = glance.image
    arrays[f'coarse{number}'] = coarse.pixels.cpu().numpy()
    return dict(
        number=number,
        key=key,
        box=evidence.box,
        window=glance.window,
        size=coarse.size,
        coarse_box=coarse.box,
        area=coarse.area,
        verdict=last.verdict,
        confidence=last.confidence,
    )


def _unpack(
    head: dict[str, Any], arrays: Arrays, refiner: VideoRefiner
) -> tuple[Any, ObjectTrack]:
    number, box = head['number'], Box(*head['box'])
    track = refiner.new_track()
    track.evidence = CarriedEvidence(box, arrays[f'evidence{number}'])
    height, width = head['size']
    coarse = CompactMask(
        (height, width),
        Box(*head['coarse_box']),
        torch.from_numpy(arrays[f'coarse{number}']),
        head['area'],
    )
    image = arrays[f'glance{number}']
    track.glance = Glance(Box(*head['window']), image, coarse)
    track.last = ObjectResult(
        box,
        arrays[f'pixels{number}'],
        head['verdict'],
        head['confidence'],
    )
    return head['key'], track
