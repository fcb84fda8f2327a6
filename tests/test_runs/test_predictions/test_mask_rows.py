import csv

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.runs.predictions.mask_rows import (
    COLUMNS,
    MaskRow,
    read_rows,
    write_rows,
)

ROWS = [
    MaskRow(
        'annotation 7 of image "ä, b"',
        'refined',
        0.75,
        0.5,
        {'belief': 0.25, 'edge_gain': -0.125, 'islands': 0.0},
    ),
    MaskRow('result 1 of image 3', 'kept', 1.0, 0.0),
    MaskRow('result 2 of image 3', 'left: crowd', 1.0),
]


def test_rows_come_back_as_they_were_written(tmp_path):
    write_rows(tmp_path / 'new' / 'rows.csv', ROWS)
    assert list(read_rows(tmp_path / 'new' / 'rows.csv').values()) == ROWS


def test_a_number_that_a_mask_lacks_is_empty(tmp_path):
    write_rows(tmp_path / 'rows.csv', ROWS)
    with (tmp_path / 'rows.csv').open(newline='') as file:
        header, first, second, _ = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert first[header.index('overlap')] == ''
    assert second[3:] == ['0.0', *[''] * 6]


def test_the_table_of_an_older_version_has_fewer_columns(tmp_path):
    (tmp_path / 'old.csv').write_text('mask,verdict,iou\na,kept,1.0\n')
    assert read_rows(tmp_path / 'old.csv') == {'a': MaskRow('a', 'kept', 1.0)}


def test_rows_of_one_name_cannot_be_told_apart(tmp_path):
    write_rows(tmp_path / 'rows.csv', [*ROWS, ROWS[0]])
    assert list(read_rows(tmp_path / 'rows.csv')) == [r.mask for r in ROWS[1:]]


@pytest.mark.parametrize(
    ('text', 'problem'),
    [
        ('a,b\n1,2\n', 'has no column iou'),
        ('', 'has no column iou'),
        ('mask,verdict,iou\nm,kept,much\n', "line 2: iou is 'much'"),
        ('mask,verdict,iou\nm,kept,nan\n', "line 2: iou is 'nan'"),
        (b'\xff\xfe\x00', 'cannot read'),
        ('mask,verdict,iou\n' + 'x' * 200_000 + '\n', 'cannot read'),
    ],
)
def test_other_tables_are_refused(tmp_path, text, problem):
    content = text if isinstance(text, bytes) else text.encode()
    (tmp_path / 'rows.csv').write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_rows(tmp_path / 'rows.csv')


def test_no_such_file(tmp_path):
    with pytest.raises(InputError, match='No such file'):
        read_rows(tmp_path / 'rows.csv')


def test_a_table_of_several_mebibytes_is_whole(tmp_path):
    rows = [
        MaskRow(f'result {index} of {"x" * 100}', 'kept', 1.0, 0.0)
        for index in range(20_000)
    ]
    write_rows(tmp_path / 'rows.csv', rows)
    assert (tmp_path / 'rows.csv').stat().st_size > 2**21
    assert list(read_rows(tmp_path / 'rows.csv').values()) == rows
