"""Damaged inputs of the review: a message, or a result, but no crash."""

import json
import shutil
from typing import Any

import cv2
import numpy as np
import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import digest, file_state
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.decision_file import read_decisions
from segrefiner_mm.review.folder_review import read_folder
from segrefiner_mm.review.page_writer import for_html
from segrefiner_mm.review.review import FileMark
from segrefiner_mm.runs.predictions.mask_rows import (
    MaskRow,
    read_rows,
    write_rows,
)
from tests.test_review.part_scenes import partly

COUNT = 300
MARK = FileMark('masks', '0' * 64)
# What a value of JSON may be instead.
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    1e300,
    '',
    'x',
    '../a',
    '\ud800',
    [],
    [[]],
    {},
    [1],
)


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """Bytes that are changed, cut off or repeated."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        place = int(rng.integers(len(data)))
        kind = rng.integers(3)
        if kind == 0:
            data[place] = rng.integers(256)
        elif kind == 1:
            del data[place : place + int(rng.integers(1, 20))]
        else:
            data[place:place] = data[place : place + int(rng.integers(1, 20))]
        if not data:
            break
    return bytes(data)


def replaced(content: Any, rng: np.random.Generator) -> Any:
    """JSON of which one value, at any depth, is another one."""
    if isinstance(content, dict) and content and rng.random() < 0.8:
        keys = sorted(content)
        key = keys[int(rng.integers(len(keys)))]
        return {**content, key: replaced(content[key], rng)}
    if isinstance(content, list) and content and rng.random() < 0.8:
        place = int(rng.integers(len(content)))
        changed = list(content)
        changed[place] = replaced(content[place], rng)
        return changed
    return VALUES[int(rng.integers(len(VALUES)))]


def outcomes(read, path, contents):
    """How many contents were read, and how many were refused in words."""
    done = refused = 0
    for content in contents:
        path.write_bytes(content)
        try:
            read(path)
            done += 1
        except InputError:
            refused += 1
    return done, refused


def mutations(content, rng):
    text = json.dumps(content).encode()
    for number in range(COUNT):
        if number % 2:
            yield damaged(text, rng)
        else:
            yield json.dumps(replaced(content, rng)).encode()


def test_decisions(tmp_path):
    content = dict(
        segrefiner_decisions=1,
        refined=MARK._asdict(),
        coarse=MARK._asdict(),
        decisions=[
            dict(key=0, mask='0', decision='reject'),
            partly(1, (20, 30), (0, 0, 30, 20), (1, 2, 3, 4)),
        ],
    )

    def read(path):
        return read_decisions(path, MARK, MARK)

    contents = mutations(content, np.random.default_rng(0))
    done, refused = outcomes(read, tmp_path / 'decisions.json', contents)
    assert done > 0
    assert refused > COUNT / 3


def test_tables_of_evidence(tmp_path):
    rows = [MaskRow(f'mask {i}', 'kept', 1.0, 0.5, {}) for i in range(5)]
    write_rows(tmp_path / 'rows.csv', rows)
    content = (tmp_path / 'rows.csv').read_bytes()
    rng = np.random.default_rng(0)
    contents = [damaged(content, rng) for _ in range(COUNT)]
    done, refused = outcomes(read_rows, tmp_path / 'rows.csv', contents)
    assert done > 0
    assert refused > 0


@pytest.fixture
def folder(tmp_path):
    """A folder as a run leaves it, with a journal of one line."""
    image = tmp_path / 'a.jpg'
    masks = [tmp_path / 'a.png', tmp_path / 'out' / 'a.png']
    masks[1].parent.mkdir()
    cv2.imwrite(str(image), np.zeros((20, 30, 3), np.uint8))
    for path in masks:
        cv2.imwrite(str(path), np.eye(20, 30, dtype=np.uint8) * 255)
    line = dict(
        out='a.png',
        settings=dict(threshold=None),
        inputs=[file_state(image), file_state(masks[0])],
        outputs=[file_state(masks[1])],
        verdict='kept',
        confidence=0.5,
        evidence=dict(belief=0.5),
    )
    return masks[1].parent, line


def test_journals(folder):
    out, line = folder
    journal = out / '.segrefiner-run.jsonl'
    journal.write_text(json.dumps(line))
    [pair] = read_folder(out, None, None, Reporter()).pairs
    assert (pair.recorded, pair.confidence) == ('kept', 0.5)

    def read(_):
        review = read_folder(out, None, None, Reporter())
        for pair in review.pairs:
            for_html([pair.verdict, pair.certainty, dict(pair.evidence)])

    contents = mutations(line, np.random.default_rng(0))
    done, refused = outcomes(read, journal, contents)
    assert done > COUNT / 3
    assert refused > 0


def test_journals_of_label_maps(folder):
    out, line = folder
    journal = out / '.segrefiner-run.jsonl'
    line['settings'] = dict(labels=True, ignore=[255])
    journal.write_text(json.dumps(line))
    [pair] = read_folder(out, None, None, Reporter()).pairs
    assert (pair.recorded, pair.changes.labels) == ('kept', 1)  # 0, not 255

    def read(_):
        review = read_folder(out, None, None, Reporter())
        for pair in review.pairs:
            for_html([pair.verdict, pair.numbers()])

    contents = mutations(line, np.random.default_rng(0))
    done, refused = outcomes(read, journal, contents)
    assert done > COUNT / 3
    assert refused > 0


def test_a_journal_cannot_name_an_image_that_the_run_did_not_see(
    folder, tmp_path
):
    """Whoever wrote the journal has to know the content of the file."""
    out, line = folder
    other = tmp_path / 'other.jpg'
    shutil.copy(tmp_path / 'a.jpg', other)
    with other.open('ab') as file:
        file.write(b'\0')
    line['inputs'][0][0] = str(other)
    assert digest(other) != line['inputs'][0][4]
    (out / '.segrefiner-run.jsonl').write_text(json.dumps(line))
    reporter = Reporter()
    assert read_folder(out, None, None, reporter).pairs == []
    assert 'changed after the run' in reporter.problems[0]
