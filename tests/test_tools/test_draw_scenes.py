"""The scenes are what FolderRefineDataset reads, and repeat."""

import runpy

import cv2
import numpy as np
import pytest

from segrefiner_mm.datasets import FolderRefineDataset
from tests.helpers import ROOT

TOOL = ROOT / 'tools' / 'dataset_tools' / 'draw_scenes.py'


def test_scenes_are_a_data_set(tmp_path):
    main = runpy.run_path(str(TOOL))['main']
    for out in ('a', 'b'):
        main([str(tmp_path / out), '--count', '4', '--size', '90', '120'])
    with pytest.raises(SystemExit):
        main([str(tmp_path / 'c'), '--size', '0', '0'])
    assert not (tmp_path / 'c').exists()
    pairs = FolderRefineDataset(data_root=str(tmp_path / 'a'), pipeline=[])
    infos = pairs.load_data_list()
    assert len(infos) == 4
    for info in infos:
        mask = cv2.imread(info['mask_path'], cv2.IMREAD_GRAYSCALE)
        image = cv2.imread(info['img_path'])
        assert image.shape == (90, 120, 3)
        assert set(np.unique(mask)) == {0, 255}
        inside, outside = (image[mask == v].mean(axis=0) for v in (255, 0))
        assert np.abs(inside - outside).max() > 5
        again = cv2.imread(info['img_path'].replace('/a/', '/b/'))
        np.testing.assert_array_equal(image, again)
    # Another seed adds scenes, and none is taken for part of another.
    options = '--count', '2', '--size', '90', '120', '--seed', '7'
    main([str(tmp_path / 'a'), *options])
    kept = FolderRefineDataset(
        data_root=str(tmp_path / 'a'),
        pipeline=[],
        scenes=dict(take=[0, 2], of=3),
    )
    assert len(kept) == 4
