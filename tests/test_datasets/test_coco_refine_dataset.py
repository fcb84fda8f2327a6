"""Results of another model beside annotations that know less."""

import json

import pytest

from segrefiner_mm.datasets import CocoRefineDataset
from segrefiner_mm.errors import InputError
from tests.test_integrations.hosts import write_results, write_scenes


@pytest.fixture
def files(tmp_path):
    folder = write_scenes(tmp_path / 'data')
    results = write_results(folder, 3)
    listed = json.loads(results.read_text())
    listed.append(dict(listed[0], image_id=99))
    listed.append(dict(listed[0], category_id=58))
    results.write_text(json.dumps(listed))
    return dict(
        data_root=str(folder),
        ann_file='coco.json',
        results_file=str(results),
        data_prefix=dict(img='img'),
        pipeline=[],
    )


def test_what_is_not_annotated_is_an_error_or_left_out(files):
    with pytest.raises(InputError, match=r'image 99.*skip_unknown'):
        CocoRefineDataset(**files)
    data = CocoRefineDataset(**files, skip_unknown=True)
    counts = [len(d['coarse_scores']) for d in data.load_data_list()]
    assert counts == [1, 1, 1, 0]


def test_low_scores_are_left_out(files):
    data = CocoRefineDataset(**files, skip_unknown=True, score_thr=0.75)
    counts = [len(d['coarse_scores']) for d in data.load_data_list()]
    assert counts == [1, 1, 0, 0]
