"""docs/tutorial.ipynb runs, and shows what it says."""

import json
import os

import pytest

from tests.helpers import ROOT

TUTORIAL = ROOT / 'docs' / 'tutorial.ipynb'


def code_cells(notebook):
    return [cell for cell in notebook['cells'] if cell['cell_type'] == 'code']


def test_the_stored_outputs_are_whole():
    """It was run from top to bottom, without an error, and stays small."""
    cells = code_cells(json.loads(TUTORIAL.read_text()))
    assert [c['execution_count'] for c in cells] == list(
        range(1, len(cells) + 1)
    )
    kinds = {out['output_type'] for cell in cells for out in cell['outputs']}
    assert kinds == {'stream', 'execute_result'}
    assert TUTORIAL.stat().st_size < 1_000_000
    assert str(ROOT) not in TUTORIAL.read_text()


@pytest.mark.slow
def test_it_runs(monkeypatch):
    nbformat = pytest.importorskip('nbformat')
    nbclient = pytest.importorskip('nbclient')
    pytest.importorskip('ipykernel')
    path = os.pathsep.join([str(ROOT), os.environ.get('PYTHONPATH', '')])
    monkeypatch.setenv('PYTHONPATH', path)
    notebook = nbformat.read(TUTORIAL, as_version=4)
    where = dict(metadata=dict(path=str(TUTORIAL.parent)))
    nbclient.NotebookClient(notebook, timeout=600, resources=where).execute()
    text = '\n'.join(
        output.get('text', '')
        for cell in code_cells(notebook)
        for output in cell['outputs']
    )
    assert 'refined 0.' in text
    assert 'kept 0.' in text  # the mask that was traced by hand
