"""Videos whose frames or masks do not fit: what is refused or goes on."""

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.video_frames import FileFrames
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.videos import video_run, video_state
from tests.test_io.test_image_files.test_video_frames import write_clip
from tests.test_runs.test_videos.helpers import (
    COUNT,
    masks_in,
    run,
    stopping,
    write,
)

BLANK = np.zeros((120, 160), np.uint8)


def rename(data, old, new):
    path = data / 'masks' / new
    path.parent.mkdir(exist_ok=True)
    (data / 'masks' / old).rename(path)


def test_an_output_that_is_a_file_is_refused(data):
    (data / 'out').write_text('mine')
    with pytest.raises(InputError, match='is a file'):
        run(data)
    assert (data / 'out').read_text() == 'mine'


@pytest.mark.parametrize('out', ['masks', 'masks/new', 'frames'])
def test_an_output_among_the_inputs_is_refused(data, out):
    with pytest.raises(InputError, match='inputs of the next run'):
        run(data, out)


def test_masks_that_have_no_frame_at_all_are_refused(data):
    for index in range(COUNT):
        rename(data, f'f{index}.png', f'other{index}.png')
    with pytest.raises(InputError, match='no mask in'):
        run(data)


def test_two_masks_of_one_name_are_refused(data):
    write(data / 'masks' / 'f2.bmp', BLANK)
    with pytest.raises(InputError, match='several files named f2'):
        run(data)


def test_two_masks_of_one_frame_are_refused(data):
    write_clip(data / 'clip.mkv', COUNT)
    write(data / 'masks' / 'f02.png', BLANK)
    with pytest.raises(InputError, match='two masks of one frame'):
        run(data, frames='clip.mkv')


def test_a_mask_without_the_suffix_has_no_frame(data):
    for index in range(COUNT - 1):
        rename(data, f'f{index}.png', f'f{index}_m.png')
    summary = run(data, mask_suffix='_m')
    assert (summary.done, summary.failed) == (COUNT - 1, 1)
    assert (
        f'no frame for the mask {data / "masks" / "f4.png"}'
        in (summary.problems[0])
    )


def test_a_file_of_several_masks_fails_alone(data):
    (data / 'masks' / 'f2.png').unlink()
    np.save(data / 'masks' / 'f2.npy', np.ones((2, 120, 160), bool))
    summary = run(data)
    assert (summary.done, summary.failed) == (COUNT - 1, 1)
    assert '2 masks' in summary.problems[0]


def test_label_maps_in_a_subfolder_are_refused(data):
    rename(data, 'f2.png', 'cup/f2.png')
    with pytest.raises(InputError, match='in one file'):
        run(data, labels=True)


def test_frames_without_a_mask_are_seen_and_not_written(data):
    (data / 'masks' / 'f2.png').unlink()
    for labels in (False, True):
        out = f'out{labels}'
        if labels:
            for path in (data / 'masks').iterdir():
                write(path, cv2.imread(str(path), 0) // 100)
        assert run(data, out, labels=labels).done == COUNT - 1
        assert 'f2.png' not in masks_in(data / out)


def test_frames_after_the_last_mask_are_not_read(data):
    for index in (3, 4):
        (data / 'masks' / f'f{index}.png').unlink()
    (data / 'frames' / 'f4.png').write_bytes(b'not read')
    assert run(data).done == 3


def test_an_unreadable_frame_fails_alone(data):
    (data / 'frames' / 'f2.png').write_bytes(b'no picture')
    summary = run(data)
    assert (summary.done, summary.failed) == (COUNT - 1, 1)
    assert 'f2.png' in summary.problems[0]


def test_masks_beyond_the_end_of_a_video_file_are_named(data):
    write_clip(data / 'clip.mkv', COUNT - 2)
    summary = run(data, frames='clip.mkv')
    assert (summary.done, summary.failed) == (COUNT - 2, 2)
    for index, problem in enumerate(summary.problems, COUNT - 2):
        assert f'f{index}.png: the last frame of' in problem


def test_a_video_file_without_frames_is_refused(data, monkeypatch):
    write_clip(data / 'clip.mkv', COUNT)
    monkeypatch.setattr(FileFrames, 'read', lambda self, start: iter(()))
    with pytest.raises(InputError, match='has no frames'):
        run(data, frames='clip.mkv')


class StopsAfterThree(Reporter):
    def progress(self, total, what='Refining'):
        return stopping(super().progress(total, what), 3)


@pytest.mark.parametrize('damage', ['cut', 'a frame', 'no tracks'])
def test_a_damaged_state_starts_the_video_anew(data, damage, monkeypatch):
    run(data, 'whole')
    monkeypatch.setattr(video_run, 'EVERY', 0.0)
    with pytest.raises(KeyboardInterrupt):
        run(data, reporter=StopsAfterThree())
    state = data / 'out' / video_state.NAME
    if damage == 'cut':
        state.write_bytes(state.read_bytes()[:-200])
    elif damage == 'no tracks':
        with np.load(state) as stored:
            np.savez(state, head=stored['head'])
    else:  # the frame that the state was written after
        (data / 'frames' / 'f2.png').write_bytes(b'no picture')
    summary = run(data)
    assert summary.failed == (damage == 'a frame')
    if damage != 'a frame':
        for name, mask in masks_in(data / 'whole').items():
            np.testing.assert_array_equal(masks_in(data / 'out')[name], mask)
    assert not state.exists()


def test_a_state_that_cannot_be_removed_is_told(data):
    (data / 'out' / video_state.NAME).mkdir(parents=True)
    with pytest.raises(InputError, match='cannot remove'):
        run(data)
