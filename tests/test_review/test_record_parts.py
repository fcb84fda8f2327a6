"""Decisions that keep the coarse mask in parts: results and annotations.

What is expected is computed from the decoded masks: inside the rectangles the
coarse pixels, outside the refined ones.
"""

import json

import numpy as np
import pytest

from segrefiner_mm.apis import DecisionOptions, apply_decisions
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.outlines import outlines_of
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.rle import decode_mask, encode_mask
from tests.test_review.part_scenes import (
    BOXES,
    SIZE,
    apply,
    decide,
    masks_of,
    mixed,
    partly,
    read,
    write_decisions,
)
from tests.test_review.scenes import write_review


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_review(tmp_path_factory.mktemp('parts') / 'data')


def test_coarse_inside_of_the_parts_and_refined_outside(
    scenes, tmp_path, capsys
):
    decisions = decide(
        scenes,
        tmp_path,
        partly(0, SIZE, *BOXES),
        partly(3, SIZE, (64, 0, 128, 96)),
        dict(key=1, decision='accept'),
        dict(key=5, decision='reject'),
    )
    out = tmp_path / 'reviewed.json'
    assert apply(scenes.refined, scenes.coarse, decisions, out) == 0
    printed = capsys.readouterr().out
    assert '1 rejected, 1 accepted, 2 partly, 6 open' in printed
    before, after, written = map(read, (scenes.coarse, scenes.refined, out))
    coarse, refined, reviewed = map(masks_of, (before, after, written))
    for key, boxes in ((0, BOXES), (3, [(64, 0, 128, 96)])):
        expected = mixed(coarse[key], refined[key], boxes)
        assert (expected != coarse[key]).any()  # or the test shows nothing
        assert (expected != refined[key]).any()
        np.testing.assert_array_equal(reviewed[key], expected)
        # As --update-boxes computes them: the refined ones of scenes are.
        ys, xs = np.nonzero(expected)
        box = [xs.min(), ys.min(), np.ptp(xs) + 1, np.ptp(ys) + 1]
        assert written[key]['bbox'] == box
    assert written[5] == before[5]
    for key in (1, 2, 4, 6, 7, 8, 9):
        assert written[key] == after[key]
    rest = {'image_id', 'category_id', 'score'}
    for new, old in zip(written, after, strict=True):
        assert new.keys() == old.keys()
        assert {n: new[n] for n in rest} == {n: old[n] for n in rest}


def test_what_is_undone_as_a_whole_is_the_coarse_entry(scenes, tmp_path):
    """Byte for byte, and an entry without a change stays the refined one."""
    before, after = read(scenes.coarse), read(scenes.refined)
    coarse, refined = masks_of(before), masks_of(after)
    ys, xs = np.nonzero(coarse[0] != refined[0])
    all_of_it = (xs.min(), ys.min(), xs.max() + 1, ys.max() + 1)
    nothing = (0, 0, 5, 5)
    assert not (coarse[1] != refined[1])[:5, :5].any()
    decisions = decide(
        scenes,
        tmp_path,
        partly(0, SIZE, tuple(map(int, all_of_it))),
        partly(1, SIZE, nothing),
    )
    out = tmp_path / 'reviewed.json'
    assert apply(scenes.refined, scenes.coarse, decisions, out) == 0
    assert before[0] != after[0]
    expected = [before[0], *after[1:]]
    assert out.read_bytes() == json.dumps(expected).encode()


def written_as_polygons(scenes, folder, **fields):
    """Annotations of the scenes, with polygons that follow the pixels."""
    files = []
    for source in (scenes.refined, scenes.coarse):
        content = read(scenes.ann)
        for key, entry in enumerate(read(source)):
            polygons = outlines_of(entry['segmentation'], tolerance=0)
            own = dict(entry, segmentation=polygons, id=100 + key, **fields)
            content['annotations'].append(own)
        files.append(folder / source.name)
        files[-1].write_text(json.dumps(content))
    return files


def test_polygons_stay_polygons(scenes, tmp_path):
    refined, coarse = written_as_polygons(scenes, tmp_path)
    marks = digest(refined), digest(coarse)
    [box] = boxes = [(64, 0, 128, 96)]
    decisions = write_decisions(
        tmp_path / 'decisions.json', *marks, [partly(3, SIZE, box)]
    )
    files = refined, coarse, decisions
    masks = [masks_of(read(p)['annotations'])[3] for p in (coarse, refined)]
    expected = mixed(*masks, boxes)
    for tolerance in ('0', '0.5'):
        out = tmp_path / f'{tolerance}.json'
        assert apply(*files, out, '--tolerance', tolerance) == 0
        [polygon] = read(out)['annotations'][3]['segmentation']
        drawn = decode_mask([polygon], SIZE)
        if tolerance == '0':  # along the edges of the pixels
            np.testing.assert_array_equal(drawn, expected)
        else:  # as refined masks are written
            assert [polygon] == outlines_of(encode_mask(expected))
            assert np.count_nonzero(drawn != expected) < 100
        rest = read(refined)['annotations']
        del rest[3]
        reviewed = read(out)['annotations']
        del reviewed[3]
        assert reviewed == rest


def test_boxes_that_the_run_did_not_update_stay(scenes, tmp_path):
    """All boxes are those of the input, so the run was not to change any."""
    entries = {name: read(getattr(scenes, name)) for name in ('coarse',)}
    entries['refined'] = [
        dict(new, bbox=old['bbox'], area=7)
        for new, old in zip(
            read(scenes.refined), entries['coarse'], strict=True
        )
    ]
    entries['coarse'] = [dict(own, area=7) for own in entries['coarse']]
    files = {}
    for name, content in entries.items():
        files[name] = tmp_path / f'{name}.json'
        files[name].write_text(json.dumps(content))
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        *(digest(files[name]) for name in ('refined', 'coarse')),
        [partly(0, SIZE, BOXES[0])],
    )
    out = tmp_path / 'out.json'
    assert apply(files['refined'], files['coarse'], decisions, out) == 0
    new, old = read(out)[0], entries['refined'][0]
    assert new['segmentation'] != old['segmentation']
    assert (new['bbox'], new['area']) == (old['bbox'], 7)
    # Where one of them differs, boxes and areas are computed.
    entries['coarse'][9]['area'] = 8
    files['coarse'].write_text(json.dumps(entries['coarse']))
    content = read(decisions)
    content['coarse']['sha256'] = digest(files['coarse'])
    decisions.write_text(json.dumps(content))
    apply(files['refined'], files['coarse'], decisions, out, '--overwrite')
    new = read(out)[0]
    assert new['area'] == decode_mask(new['segmentation']).sum()


def test_annotations_say_the_size_of_polygons(scenes, tmp_path):
    """A size on its side is that of an image with an EXIF orientation."""
    refined, coarse = written_as_polygons(scenes, tmp_path)
    marks = digest(refined), digest(coarse)

    def result(size):
        own = write_decisions(
            tmp_path / 'decisions.json',
            *marks,
            [partly(3, size, (0, 0, 40, 40))],
        )
        out = tmp_path / 'out.json'
        options = DecisionOptions(coarse, overwrite=True)
        return apply_decisions(refined, own, out, options)

    assert '1 partly' in result(SIZE).text
    with pytest.raises(InputError, match='103 of image 3: its parts are of'):
        result((96, 129))
    assert '1 partly' in result(SIZE[::-1]).text


def test_polygons_of_results_have_the_size_of_the_page(scenes, tmp_path):
    """No file but the decisions says how large their images are."""
    files = written_as_polygons(scenes, tmp_path)
    for path in files:
        path.write_text(json.dumps(read(path)['annotations']))
    marks = map(digest, files)
    own = write_decisions(
        tmp_path / 'decisions.json', *marks, [partly(3, SIZE, BOXES[0])]
    )
    out = tmp_path / 'out.json'
    assert apply(*files, own, out, '--tolerance', '0') == 0
    masks = [masks_of(read(path))[3] for path in (files[1], files[0], out)]
    expected = mixed(*masks[:2], BOXES[:1])
    np.testing.assert_array_equal(masks[2], expected)
    content = read(own)
    content['decisions'][0].update(width=80, height=60)
    own.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r'80 x 60 .* polygons reach out'):
        apply_decisions(
            files[0], own, tmp_path / 'no.json', DecisionOptions(files[1])
        )


def test_masks_that_were_never_refined_have_no_parts(scenes, tmp_path):
    files = written_as_polygons(scenes, tmp_path, iscrowd=1)
    own = write_decisions(
        tmp_path / 'decisions.json',
        *map(digest, files),
        [partly(3, SIZE, BOXES[0])],
    )
    with pytest.raises(InputError, match=r'103 of .* never refined: crowd'):
        apply_decisions(
            files[0], own, tmp_path / 'out.json', DecisionOptions(files[1])
        )


def test_a_tolerance_that_makes_no_sense(scenes, tmp_path):
    options = DecisionOptions(scenes.coarse, tolerance=-1)
    with pytest.raises(InputError, match='--tolerance must be 0 or more'):
        apply_decisions(
            scenes.refined,
            decide(scenes, tmp_path),
            tmp_path / 'out.json',
            options,
        )
