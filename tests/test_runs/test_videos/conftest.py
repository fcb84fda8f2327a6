import numpy as np
import pytest

from tests.test_runs.test_videos.helpers import COUNT, write
from tests.test_video.clips import coarse_of, moving


@pytest.fixture
def data(tmp_path):
    """``frames/`` and ``masks/`` of a disc that moves."""
    frames = moving(COUNT)
    for index, (frame, mask) in enumerate(
        zip(frames, coarse_of(frames), strict=True)
    ):
        write(tmp_path / 'frames' / f'f{index}.png', frame.image)
        write(tmp_path / 'masks' / f'f{index}.png', mask * np.uint8(255))
    return tmp_path
