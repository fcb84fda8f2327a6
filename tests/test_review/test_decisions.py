"""Decisions applied to results, annotations and folders."""

import json
import shutil

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import (
    DecisionOptions,
    MaskOptions,
    RefinerOptions,
    apply_decisions,
    refine_folder,
)
from segrefiner_mm.cli import main as cli
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.folder_results import folder_marks, folder_results
from tests.helpers import write_folder
from tests.test_review.scenes import write_review


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_review(tmp_path_factory.mktemp('decisions') / 'data')


def read(path):
    return json.loads(path.read_text())


def write_decisions(path, refined, coarse, decisions):
    """A file as the page exports it; marks are the names and hashes."""
    listed = [
        dict(key=key, mask=f'mask {key}', decision=decision)
        for key, decision in decisions.items()
    ]
    content = dict(
        segrefiner_decisions=1,
        refined=dict(name='refined', sha256=refined),
        coarse=dict(name='coarse', sha256=coarse),
        decisions=listed,
    )
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def decide(scenes, tmp_path):
    def write(decisions):
        marks = digest(scenes.refined), digest(scenes.coarse)
        return write_decisions(tmp_path / 'decisions.json', *marks, decisions)

    return write


def test_rejected_masks_are_those_of_the_input(
    scenes, decide, tmp_path, capsys
):
    decisions = decide({0: 'reject', 1: 'accept', 3: 'reject', 5: 'reject'})
    out = tmp_path / 'new' / 'reviewed.json'
    argv = ['coco', scenes.refined, '--coarse', scenes.coarse, '-o', out]
    argv += ['--decisions', decisions]
    assert cli.main([str(arg) for arg in argv]) == 0
    before, after = read(scenes.coarse), read(scenes.refined)
    expected = [
        before[place] if place in (0, 3, 5) else entry
        for place, entry in enumerate(after)
    ]
    assert before[0] != after[0]
    assert before[0]['bbox'] != after[0]['bbox']
    assert read(out) == expected
    assert '3 rejected, 1 accepted, 6 open' in capsys.readouterr().out


def test_annotations_keep_all_else(scenes, tmp_path):
    """Polygons come back as polygons, to the last digit."""
    files = {}
    for name, source in (
        ('coarse', scenes.coarse),
        ('refined', scenes.refined),
    ):
        content = read(scenes.ann)
        content['annotations'] = [
            dict(entry, id=100 + place, mine=['kept', 1.5])
            for place, entry in enumerate(read(source))
        ]
        polygon = [[10.25, 10, 40, 10.125, 40, 40.000000001]]
        if name == 'coarse':
            content['annotations'][2]['segmentation'] = polygon
        files[name] = tmp_path / f'{name}.json'
        files[name].write_text(json.dumps(content))
    decisions = write_decisions(
        tmp_path / 'decisions.json',
        digest(files['refined']),
        digest(files['coarse']),
        {2: 'reject'},
    )
    out = tmp_path / 'reviewed.json'
    options = DecisionOptions(files['coarse'])
    apply_decisions(files['refined'], decisions, out, options)
    expected = read(files['refined'])
    expected['annotations'][2] = read(files['coarse'])['annotations'][2]
    assert expected['annotations'][2]['segmentation'] == polygon
    assert read(out) == expected


def test_no_decision_changes_nothing(scenes, decide, tmp_path):
    out = tmp_path / 'reviewed.json'
    options = DecisionOptions(scenes.coarse)
    apply_decisions(scenes.refined, decide({}), out, options)
    assert read(out) == read(scenes.refined)


def test_decisions_on_other_masks_are_refused(scenes, decide, tmp_path):
    out, coarse = tmp_path / 'reviewed.json', tmp_path / 'coarse.json'
    decisions = decide({0: 'reject'})
    content = read(scenes.coarse)
    content[1]['segmentation'] = content[0]['segmentation']
    coarse.write_text(json.dumps(content))
    with pytest.raises(InputError, match='about other coarse masks'):
        apply_decisions(
            scenes.refined, decisions, out, DecisionOptions(coarse)
        )
    with pytest.raises(InputError, match='about other refined masks'):
        apply_decisions(
            scenes.coarse, decisions, out, DecisionOptions(scenes.coarse)
        )
    assert not out.exists()


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        (dict(segrefiner_decisions=2), 'version 2'),
        (dict(decisions=None), 'must be a list'),
        (dict(decisions=['reject']), 'decision 0 must have a key'),
        (dict(decisions=[dict(key=0, decision='no')]), "got 0 and 'no'"),
        (dict(decisions=[dict(key=[0], decision='accept')]), 'got a list'),
        (dict(decisions=[dict(key=True, decision='accept')]), 'got true'),
        (dict(decisions=[dict(key=10, decision='accept')]), 'label map 10'),
        (dict(decisions=[dict(key=-1, decision='reject')]), 'label map -1'),
        (dict(decisions=[dict(key='0', decision='reject')]), "label map '0'"),
        (dict(decisions=[dict(key=0, decision='reject')] * 2), 'two decis'),
    ],
)
def test_faulty_decisions(scenes, decide, tmp_path, change, problem):
    path = decide({})
    path.write_text(json.dumps({**read(path), **change}))
    out = tmp_path / 'reviewed.json'
    with pytest.raises(InputError, match=problem):
        apply_decisions(
            scenes.refined, path, out, DecisionOptions(scenes.coarse)
        )
    assert not out.exists()


def test_inputs_and_other_files_are_not_overwritten(scenes, decide, tmp_path):
    decisions, options = decide({}), DecisionOptions(scenes.coarse)
    for path in (scenes.refined, scenes.coarse, decisions):
        forced = DecisionOptions(scenes.coarse, overwrite=True)
        with pytest.raises(InputError, match='is an input'):
            apply_decisions(scenes.refined, decisions, path, forced)
    (tmp_path / 'there.json').touch()
    with pytest.raises(InputError, match='already exists'):
        apply_decisions(
            scenes.refined, decisions, tmp_path / 'there.json', options
        )
    with pytest.raises(InputError, match='needs --coarse'):
        apply_decisions(scenes.refined, decisions, tmp_path / 'new.json')
    with pytest.raises(InputError, match='holds no decisions'):
        apply_decisions(
            scenes.refined, scenes.ann, tmp_path / 'new.json', options
        )


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        (['--coarse', 'c.json'], '--coarse needs --decisions'),
        (['--decisions', 'd.json', '--update-boxes'], 'cannot be combined'),
        (['--decisions', 'd.json', '--report', 'r.csv'], 'cannot be combined'),
    ],
)
def test_options_that_do_not_go_together(options, message, capsys):
    assert cli.main(['coco', 'r.json', '-o', 'o.json', *options]) == 2
    assert message in capsys.readouterr().err


@pytest.fixture(scope='module')
def folder_run(tmp_path_factory):
    """A run over masks of several formats; one is in a folder below."""
    data = write_folder(tmp_path_factory.mktemp('folder') / 'data', 3)
    masks = data / 'masks'
    array = cv2.imread(str(masks / '001.png'), 0) > 0
    np.save(masks / '001.npy', array)
    (masks / '001.png').unlink()
    for kind in ('images', 'masks'):
        (data / kind / 'cups').mkdir()
        [first] = (data / kind).glob('000.*')
        first.rename(data / kind / 'cups' / first.name)
    refine_folder(
        data / 'images',
        masks,
        data / 'refined',
        MaskOptions(),
        RefinerOptions(device='cpu', steps=1, guard=False),
    )
    return data


@pytest.fixture
def of_folder(folder_run, tmp_path):
    refined = folder_run / 'refined'
    results = list(folder_results(refined, None, Reporter()))
    marks = [mark.sha256 for mark in folder_marks(refined, results)]

    def write(decisions):
        return write_decisions(tmp_path / 'decisions.json', *marks, decisions)

    return write


def test_files_of_a_folder_are_copied_as_they_are(
    folder_run, of_folder, tmp_path, capsys
):
    decisions = of_folder({'001.png': 'reject', 'cups/000.png': 'accept'})
    argv = ['coco', folder_run / 'refined', '--decisions', decisions]
    out = tmp_path / 'reviewed'
    assert cli.main([str(arg) for arg in [*argv, '-o', out]]) == 0
    assert '1 rejected, 1 accepted, 1 open' in capsys.readouterr().out
    files = {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in out.rglob('*')
        if path.is_file()
    }
    masks, refined = folder_run / 'masks', folder_run / 'refined'
    assert files == {
        '001.npy': (masks / '001.npy').read_bytes(),
        '002.png': (refined / '002.png').read_bytes(),
        'cups/000.png': (refined / 'cups' / '000.png').read_bytes(),
    }


def test_a_folder_of_inputs_is_not_written_to(folder_run, of_folder, tmp_path):
    decisions = of_folder({'001.png': 'reject'})
    for name in ('refined', 'masks'):
        with pytest.raises(InputError, match=r'is an input|already exists'):
            apply_decisions(
                folder_run / 'refined',
                decisions,
                folder_run / name,
                DecisionOptions(overwrite=True),
            )


def test_a_folder_with_other_masks_is_refused(folder_run, of_folder, tmp_path):
    decisions = of_folder({'001.png': 'reject'})
    copy = tmp_path / 'copy'
    shutil.copytree(folder_run / 'refined', copy)
    cv2.imwrite(str(copy / '002.png'), np.zeros((96, 128), np.uint8))
    with pytest.raises(InputError, match='about other refined masks'):
        apply_decisions(copy, decisions, tmp_path / 'out')
    assert not (tmp_path / 'out').exists()
