"""Images that a thread reads ahead: damaged ones, and an early end."""

import json
import threading

import cv2
import pytest

from segrefiner_mm.apis import PredictionOptions, refine_predictions
from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.io.image_files.pictures import picture_size
from segrefiner_mm.runs.predictions.entry_stream import EntryStream
from segrefiner_mm.runs.refiner import Refiner
from tests.test_scale.datasets import SIZE, refiner, write_dataset


@pytest.fixture
def dataset(tmp_path):
    """Five images, of which the third is a JPEG that ends in the middle.

    The size of a JPEG is read without decoding it; a PNG is decoded for it.
    """
    folder = write_dataset(tmp_path / 'data', 5)
    path = folder / 'img' / '0002.png'
    content = cv2.imencode('.jpg', cv2.imread(str(path)))[1].tobytes()
    path.write_bytes(content[: len(content) // 2])
    assert picture_size(path).stored == SIZE
    return folder


def entries_of(folder):
    content = json.loads((folder / 'coco.json').read_text())
    found = {}
    for index, record in enumerate(content['annotations']):
        if record['segmentation'] and not record['iscrowd']:
            masks = found.setdefault(record['image_id'], {})
            masks[index] = record['segmentation']
    return [
        ImageEntry(str(i), name, None, found[i], image=folder / 'img' / name)
        for i in sorted(found)
        for name in [f'{i:04d}.png']
    ]


def stream(failed):
    def tell(key, problem):
        failed.append((key, problem))

    def tell_all(entry, problem):
        failed.append((entry.key, problem))

    return EntryStream(Refiner(refiner()), tell, tell_all, tell)


def test_an_image_that_ends_early_fails_alone(dataset):
    """Its header is right, so only decoding it in the thread tells."""
    failed = []
    entries = entries_of(dataset)
    results = list(stream(failed).refine(entries))
    assert [entry.key for entry, _ in results] == [e.key for e in entries]
    assert len(entries) == 5
    for entry, outcomes in results:
        assert len(outcomes) == len(entry.masks)
        assert all(outcomes) == (entry.key != '2')
    [(key, problem)] = failed
    assert key == '2'
    assert '0002.png' in problem
    given = PredictionOptions(dataset / 'img')
    out = dataset / 'out.json'
    summary = refine_predictions(dataset / 'coco.json', out, given, refiner())
    assert summary.failed == len(entries[2].masks)


def test_a_run_that_is_closed_leaves_no_thread(dataset):
    before = threading.active_count()
    results = stream([]).refine(entries_of(dataset))
    next(results)
    results.close()
    assert threading.active_count() == before
