"""A journal that was edited by hand repeats what it cannot trust."""

import pytest

from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.runs.predictions.prediction_journal import PredictionNotes

KEPT = dict(
    verdict='kept', iou=1.0, size=[4, 6], confidence=0.5, evidence={'x': 0.25}
)
REFINED = dict(KEPT, verdict='refined', encoded=dict(size=[4, 6], counts='h0'))


def entry_of(image):
    fields = dict.fromkeys(ImageEntry._fields)
    return ImageEntry(**{**fields, 'key': 'a', 'image': image, 'masks': [0]})


@pytest.fixture
def image(tmp_path):
    path = tmp_path / 'a.png'
    path.write_bytes(b'content')
    return path


def outcomes(path, entry, masks):
    notes = PredictionNotes(path, dict(steps=1))
    notes.begin()
    notes.look(entry)
    notes.add(entry, masks)
    return PredictionNotes(path, dict(steps=1)).outcomes(entry)


@pytest.mark.parametrize('outcome', [KEPT, REFINED])
def test_what_is_whole_comes_back(tmp_path, image, outcome):
    entry = entry_of(image)
    assert outcomes(tmp_path / 'j', entry, [outcome]) == [outcome]


@pytest.mark.parametrize(
    'outcome',
    [
        'kept',
        dict(KEPT, verdict='good'),
        dict(KEPT, iou='1'),
        dict(KEPT, size=4),
        dict(KEPT, size=[4]),
        dict(KEPT, evidence=[]),
        dict(KEPT, evidence={'x': None}),
        dict(KEPT, confidence=None),
        dict(REFINED, encoded=None),
        dict(REFINED, size=[4]),
        dict(REFINED, encoded=dict(size=[4, 6], counts='zz')),
    ],
)
def test_what_is_not_is_done_again(tmp_path, image, outcome):
    assert outcomes(tmp_path / 'j', entry_of(image), [outcome]) is None


def test_another_count_another_image_and_other_settings(tmp_path, image):
    entry, path = entry_of(image), tmp_path / 'j'
    assert outcomes(path, entry, [KEPT, KEPT]) is None
    assert outcomes(path, entry, [KEPT]) == [KEPT]
    assert PredictionNotes(path, dict(steps=2)).outcomes(entry) is None
    image.write_bytes(b'changed')
    assert PredictionNotes(path, dict(steps=1)).outcomes(entry) is None


def test_an_image_that_changes_while_it_is_refined_is_done_again(
    tmp_path, image
):
    entry, path = entry_of(image), tmp_path / 'j'
    notes = PredictionNotes(path, dict(steps=1))
    notes.begin()
    notes.look(entry)
    image.write_bytes(b'changed')
    notes.add(entry, [KEPT])
    assert PredictionNotes(path, dict(steps=1)).outcomes(entry) is None


def test_an_embedded_image_is_done_until_its_file_is_there(tmp_path, image):
    entry = entry_of(None)._replace(embedded=image.read_bytes)
    assert outcomes(tmp_path / 'j', entry, [KEPT]) == [KEPT]
    notes = PredictionNotes(tmp_path / 'j', dict(steps=1))
    assert notes.outcomes(entry._replace(image=image)) is None
    assert notes.outcomes(entry._replace(embedded=None)) is None
    of_file = entry._replace(image=image)
    assert outcomes(tmp_path / 'k', of_file, [KEPT]) == [KEPT]
    notes = PredictionNotes(tmp_path / 'k', dict(steps=1))
    assert notes.outcomes(entry) is None


def test_a_file_that_cannot_be_read_is_not_done(tmp_path, image):
    image.unlink()
    assert outcomes(tmp_path / 'j', entry_of(image), [KEPT]) is None
