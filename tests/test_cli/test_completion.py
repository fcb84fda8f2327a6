"""Completion by the protocol that argcomplete's shell code speaks."""

import os
import subprocess
import sys

import pytest

from tests.helpers import ROOT

pytest.importorskip('argcomplete')


def completions(line, tmp_path):
    """What a shell gets for a line with the cursor at its end."""
    answer = tmp_path / 'answer'
    env = dict(
        os.environ,
        PYTHONPATH=os.pathsep.join(
            [str(ROOT), os.environ.get('PYTHONPATH', '')]
        ),
        _ARGCOMPLETE='1',
        _ARGCOMPLETE_SHELL='bash',
        _ARGCOMPLETE_STDOUT_FILENAME=str(answer),
        _ARGCOMPLETE_IFS='\n',
        COMP_LINE=line,
        COMP_POINT=str(len(line)),
    )
    script = 'from segrefiner_mm.cli.main import main; main()'
    subprocess.run(
        [sys.executable, '-c', script], env=env, timeout=60, check=True
    )
    return {word.strip() for word in answer.read_text().split('\n')}


def test_commands_are_completed(tmp_path):
    assert completions('segrefiner re', tmp_path) >= {'refine'}


def test_options_and_choices_are_completed(tmp_path):
    line = 'segrefiner refine a.jpg a.png --thr'
    assert completions(line, tmp_path) == {'--threshold'}
    line = 'segrefiner coco a.json --segmentation '
    assert completions(line, tmp_path) == {'same', 'rle', 'polygon'}


def test_files_are_completed_where_a_file_is_expected(tmp_path, monkeypatch):
    (tmp_path / 'photo.jpg').touch()
    monkeypatch.chdir(tmp_path)
    assert completions('segrefiner refine pho', tmp_path) == {'photo.jpg'}
