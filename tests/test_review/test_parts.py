"""Parts of masks: read, refused in words, and put back in pixels."""

from pathlib import Path

import numpy as np
import pytest

from segrefiner_mm.apis import DecisionOptions, apply_decisions
from segrefiner_mm.errors import InputError
from segrefiner_mm.review.parts import MOST_PARTS, Parts, read_parts
from segrefiner_mm.windows import Box
from tests.test_review.part_scenes import (
    SIZE,
    apply,
    decide,
    partly,
)
from tests.test_review.scenes import write_review


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_review(tmp_path_factory.mktemp('parts') / 'data')


def test_parts_of_pixels():
    coarse = np.arange(12).reshape(3, 4)
    refined = coarse + 100
    parts = Parts((3, 4), (Box(1, 0, 3, 2), Box(2, 1, 4, 3)))
    # By hand: columns 1 and 2 of rows 0 and 1, 2 and 3 of rows 1 and 2.
    expected = [[100, 1, 2, 103], [104, 5, 6, 7], [108, 109, 10, 11]]
    assert parts.restored(coarse, refined).tolist() == expected
    assert refined.min() == 100  # which stays as it was
    with pytest.raises(InputError, match='4 x 3, and the coarse file has 3'):
        parts.restored(coarse.T, refined)


def test_what_the_page_writes_is_read():
    own = partly('a.png', (50, 40), (0, 0, 40, 50), (3, 4, 5, 6))
    boxes = Box(0, 0, 40, 50), Box(3, 4, 5, 6)
    assert read_parts(own) == Parts((50, 40), boxes)


def test_the_page_has_the_same_limit():
    folder = Path(__file__).parents[2] / 'segrefiner_mm' / 'review' / 'page'
    script = (folder / 'parts.js').read_text()
    assert f'const MOST_PARTS = {MOST_PARTS};' in script


PART = dict(x0=1, y0=2, x1=3, y1=4)


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        (dict(parts=None), 'a list of 1 to 1000 parts, got null'),
        (dict(parts=[]), 'got a list of 0'),
        (dict(parts={}), 'got an object of 0'),
        (dict(parts=[PART] * (MOST_PARTS + 1)), 'got a list of 1001'),
        (dict(parts=[[1, 2, 3, 4]]), 'part 0 must have x0, y0, x1, y1'),
        (dict(parts=[PART, dict(PART, y1=None)]), 'part 1 must have'),
        (dict(parts=[dict(PART, x0=1.0)]), 'got 1.0, 2, 3, 4'),
        (dict(parts=[dict(PART, x0=True)]), 'got true, 2, 3, 4'),
        (dict(parts=[dict(PART, x0='1')]), "got '1', 2, 3, 4"),
        (dict(parts=[dict(PART, x0=10**300)]), 'part 0 is empty'),
        (dict(parts=[dict(PART, x1=1)]), 'part 0 is empty: x1 must be more'),
        (dict(parts=[dict(PART, y1=1)]), 'part 0 is empty'),
        (dict(parts=[dict(PART, x0=-1)]), r'part 0 \(-1, 2, 3, 4\) is not'),
        (dict(parts=[dict(PART, x1=129)]), 'is 128 x 96'),
        (dict(parts=[dict(PART, y1=97)]), 'not inside the image'),
        (dict(width=None), 'got null and 96'),
        (dict(width=128.0), 'got 128.0 and 96'),
        (dict(height=0), 'got 128 and 0'),
        (dict(width=129), 'an image of 129 x 96 .* its mask is of 128 x 96'),
        (dict(width=96, height=128), 'an image of 96 x 128'),
        (dict(decision='accept'), 'it has parts, and the decision accept'),
        (dict(decision='reject'), 'parts belong to partly'),
        (dict(decision='part'), "reject or partly, got 3 and 'part'"),
    ],
)
def test_faulty_parts(scenes, tmp_path, change, problem, capsys):
    decisions = decide(
        scenes, tmp_path, {**partly(3, SIZE, tuple(PART.values())), **change}
    )
    out = tmp_path / 'reviewed.json'
    with pytest.raises(InputError, match=problem) as raised:
        apply_decisions(
            scenes.refined, decisions, out, DecisionOptions(scenes.coarse)
        )
    assert '3' in str(raised.value)
    if change.get('decision') != 'part':  # the mask is named
        assert 'result 3 of image 3' in str(raised.value)
    assert apply(scenes.refined, scenes.coarse, decisions, out) == 2
    printed = capsys.readouterr()
    assert printed.err.count('\n') == 1  # no traceback
    assert not printed.out
    assert not out.exists()


def test_one_faulty_part_leaves_all_unwritten(scenes, tmp_path):
    wrong = partly(9, (96, 129), (0, 0, 129, 5))
    decisions = decide(scenes, tmp_path, dict(key=0, decision='reject'), wrong)
    out = tmp_path / 'reviewed.json'
    assert apply(scenes.refined, scenes.coarse, decisions, out) == 2
    assert not out.exists()


def test_hostile_names_are_printed_as_text(scenes, tmp_path, capsys):
    decisions = decide(
        scenes,
        tmp_path,
        dict(partly(3, SIZE, (0, 0, 0, 0)), mask='\x1b[31m' + 'a' * 5000),
    )
    out = tmp_path / 'reviewed.json'
    assert apply(scenes.refined, scenes.coarse, decisions, out) == 2
    error = capsys.readouterr().err
    assert '?[31maaa' in error
    assert '\x1b' not in error
    assert len(error) < 1000
