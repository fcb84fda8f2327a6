"""Runs over the frames of a video: layouts, resuming, mistakes."""

import json

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import VideoOptions, refine_video
from segrefiner_mm.cli import main as cli
from segrefiner_mm.errors import InputError
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.runs.videos import video_run
from tests.test_io.test_image_files.test_video_frames import write_clip
from tests.test_runs.test_videos.helpers import (
    COUNT,
    FAST,
    masks_in,
    run,
    stopping,
    write,
)


def test_a_mask_per_frame_comes_back(data):
    summary = run(data)
    assert summary.done == COUNT
    assert not summary.failed
    masks = masks_in(data / 'out')
    assert list(masks) == [f'f{index}.png' for index in range(COUNT)]
    for mask in masks.values():
        assert set(np.unique(mask)) == {0, 255}
    again = run(data)
    assert again.done == COUNT
    assert f'{COUNT} frames done before' in again.text


def test_a_run_that_was_stopped_goes_on_as_if_it_had_not_been(
    data, monkeypatch
):
    run(data, 'whole')
    monkeypatch.setattr(video_run, 'EVERY', 0.0)

    class StopsAfterThree(Reporter):
        def progress(self, total, what='Refining'):
            return stopping(super().progress(total, what), 3)

    with pytest.raises(KeyboardInterrupt):
        run(data, reporter=StopsAfterThree())
    assert len(masks_in(data / 'out')) == 3
    seen = []
    real = video_run.VideoRefiner.refine

    def counted(self, image, masks):
        seen.append(len(masks))
        return real(self, image, masks)

    monkeypatch.setattr(video_run.VideoRefiner, 'refine', counted)
    summary = run(data)
    assert summary.done == COUNT
    assert '3 frames done before' in summary.text
    assert len(seen) <= COUNT - 2  # the last state may be a frame older
    for name, mask in masks_in(data / 'whole').items():
        found = cv2.imread(str(data / 'out' / name), 0)
        np.testing.assert_array_equal(found, mask)
    assert not list((data / 'out').glob('*.npz'))


def test_a_changed_frame_is_done_again_and_all_after_it(data):
    run(data)
    mask = cv2.imread(str(data / 'masks' / 'f2.png'), 0)
    write(data / 'masks' / 'f2.png', np.roll(mask, 2, axis=0))
    assert '2 frames done before' in run(data).text


def test_a_result_that_was_edited_is_kept(data):
    run(data)
    edited = np.zeros((120, 160), np.uint8)
    edited[10:50, 10:50] = 255
    write(data / 'out' / 'f1.png', edited)
    run(data)
    found = cv2.imread(str(data / 'out' / 'f1.png'), 0)
    np.testing.assert_array_equal(found, edited)


def test_other_files_are_not_overwritten(data):
    write(data / 'out' / 'f3.png', np.zeros((4, 4), np.uint8))
    with pytest.raises(InputError, match='already exists'):
        run(data)
    assert run(data, overwrite=True).done == COUNT


@pytest.mark.parametrize('by', ['object', 'frame'])
def test_several_objects_in_folders(data, by):
    square = np.zeros((120, 160), np.uint8)
    square[85:118, 5:60] = 255
    for index in range(COUNT):
        old = data / 'masks' / f'f{index}.png'
        disc = cv2.imread(str(old), 0)
        old.unlink()
        for name, mask in (('disc', disc), ('square', square)):
            parts = (name, old.stem) if by == 'object' else (old.stem, name)
            write(data / 'masks' / parts[0] / f'{parts[1]}.png', mask)
    summary = run(data)
    assert summary.done == COUNT
    assert list(masks_in(data / 'out')) == list(masks_in(data / 'masks'))


def test_label_maps_keep_their_numbers(data):
    for index in range(COUNT):
        path = data / 'masks' / f'f{index}.png'
        labels = (cv2.imread(str(path), 0) > 0).astype(np.uint8) * 7
        labels[90:, :50] = 3
        labels[:4] = 255
        write(path, labels)
    summary = run(data, labels=True)
    assert summary.done == COUNT
    for name, labels in masks_in(data / 'out').items():
        before = cv2.imread(str(data / 'masks' / name), 0)
        assert set(np.unique(labels)) == {0, 3, 7, 255}
        np.testing.assert_array_equal(labels == 255, before == 255)


def test_a_video_file(data):
    write_clip(data / 'clip.mkv', COUNT)
    folder = run(data, 'from_folder')
    paths = data / 'clip.mkv', data / 'masks', data / 'out'
    assert refine_video(*paths, None, FAST).done == folder.done == COUNT
    for name, mask in masks_in(data / 'from_folder').items():
        found = cv2.imread(str(data / 'out' / name), 0)
        np.testing.assert_array_equal(found, mask)


def test_masks_of_a_video_file_that_count_from_1_are_asked_about(data):
    write_clip(data / 'clip.mkv', COUNT - 1)
    (data / 'masks' / 'f0.png').unlink()
    paths = data / 'clip.mkv', data / 'masks', data / 'out'
    with pytest.raises(InputError, match='--first 1'):
        refine_video(*paths, None, FAST)
    assert not (data / 'out').exists()
    first = VideoOptions(first=1)
    assert refine_video(*paths, first, FAST).done == COUNT - 1


def test_masks_without_a_frame_are_named(data, capsys):
    write(data / 'masks' / 'f9.png', np.zeros((120, 160), np.uint8))
    argv = ['video', data / 'frames', data / 'masks', '-o', data / 'out']
    options = ['--device', 'cpu', '--steps', 1, '--quiet']
    log = data / 'log.jsonl'
    options += ['--json-log', log]
    assert cli.main([str(word) for word in (*argv, *options)]) == 1
    printed = capsys.readouterr()
    assert printed.out == ''
    assert 'no frame for the mask' in printed.err
    end = json.loads(log.read_text().splitlines()[-1])
    assert (end['event'], end['done'], end['failed']) == ('end', COUNT, 1)


def test_a_mask_of_another_size_fails_alone(data):
    write(data / 'masks' / 'f2.png', np.zeros((50, 50), np.uint8))
    summary = run(data)
    assert (summary.done, summary.failed) == (COUNT - 1, 1)
    [problem] = summary.problems
    assert 'f2.png is 50 x 50, but its frame is 160 x 120' in problem


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (['nowhere', 'masks'], 'no such file or folder'),
        (['frames', 'nowhere'], 'no such folder of masks'),
        (['frames', 'frames'], 'cannot hold frames and masks'),
        (['frames', 'masks', '--steady', '2'], '--steady must be 0 to 1'),
        (
            ['frames', 'masks', '--labels', '--threshold', '9'],
            '--threshold is for masks',
        ),
    ],
)
def test_mistakes_are_told_and_leave_nothing(
    data, words, message, monkeypatch, capsys
):
    monkeypatch.chdir(data)
    assert cli.main(['video', *words, '-o', 'out']) == 2
    assert message in capsys.readouterr().err
    assert not (data / 'out').exists()
