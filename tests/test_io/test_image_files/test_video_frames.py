import builtins

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.video_frames import (
    FileFrames,
    FolderFrames,
    open_frames,
)
from tests.test_video.clips import moving


def write_clip(path, count=5, rotation=None):
    av = pytest.importorskip('av')
    with av.open(str(path), 'w') as container:
        stream = container.add_stream('ffv1', rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, 'bgr0'
        for frame in moving(count):
            picture = av.VideoFrame.from_ndarray(frame.image, format='bgr24')
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def test_pictures_are_in_the_order_of_their_numbers(tmp_path):
    for number in (10, 9, 100):
        picture = np.full((4, 6, 3), number, np.uint8)
        cv2.imwrite(str(tmp_path / f'frame_{number}.png'), picture)
    frames = open_frames(tmp_path)
    assert isinstance(frames, FolderFrames)
    read = {index: image[0, 0, 0] for index, image in frames.read()}
    assert read == {0: 9, 1: 10, 2: 100}
    assert [index for index, _ in frames.read(2)] == [2]
    assert frames.index_of('frame_10') == 1
    assert frames.index_of('frame_11') is None
    assert frames.file_of(0) == tmp_path / 'frame_9.png'


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / 'a.png').write_bytes(b'nothing')
    cv2.imwrite(str(tmp_path / 'b.png'), np.zeros((4, 4, 3), np.uint8))
    (_, error), (_, image) = FolderFrames(tmp_path).read()
    assert 'a.png' in str(error)
    assert image.shape == (4, 4, 3)


def test_a_video_file_gives_its_frames(tmp_path):
    path = tmp_path / 'clip.mkv'
    write_clip(path)
    frames = open_frames(path)
    for (index, image), frame in zip(frames.read(), moving(5), strict=True):
        np.testing.assert_array_equal(image, frame.image)
        assert frames.file_of(index) is None
    assert [index for index, _ in frames.read(3)] == [3, 4]


def test_masks_of_a_video_file_are_numbered(tmp_path):
    path = tmp_path / 'clip.mkv'
    write_clip(path, 1)
    frames = FileFrames(path, first=1)
    names = ('0003', 'frame_12', '0', 'frame', '9' * 40)
    found = [frames.index_of(name) for name in names]
    assert found == [2, 11, None, None, None]


def test_what_is_no_video_is_refused(tmp_path):
    pytest.importorskip('av')
    path = tmp_path / 'clip.mp4'
    path.write_bytes(b'nothing' * 100)
    with pytest.raises(InputError, match=r'cannot read .*clip\.mp4'):
        list(open_frames(path).read())
    with pytest.raises(InputError, match='no such file or folder'):
        open_frames(tmp_path / 'missing')
    (tmp_path / 'empty').mkdir()
    with pytest.raises(InputError, match='no images in'):
        open_frames(tmp_path / 'empty')


def test_without_pyav_the_extra_is_named(tmp_path, monkeypatch):
    path = tmp_path / 'clip.mp4'
    path.write_bytes(b'')
    real = builtins.__import__

    def missing(name, *args, **kwargs):
        if name == 'av':
            raise ImportError
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, '__import__', missing)
    with pytest.raises(InputError, match=r'segrefiner_mm\[video\]'):
        open_frames(path)
