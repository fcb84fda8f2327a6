"""What long commands print, and what they log."""

import json

import pytest

from segrefiner_mm.cli import main as cli
from tests.helpers import write_folder


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp('reporting'), 2)


def refine(data, out, *options):
    masks = [data / 'images', data / 'masks']
    common = ['--device', 'cpu', '--steps', 1]
    argv = ['refine', *masks, '-o', out, *common, *options]
    return cli.main([str(arg) for arg in argv])


def test_quiet_prints_nothing_and_the_log_tells_all(data, tmp_path, capsys):
    log = tmp_path / 'log.jsonl'
    assert refine(data, tmp_path / 'a', '--quiet', '--json-log', log) == 0
    assert capsys.readouterr() == ('', '')
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    # Once a second at most, so their number depends on the machine.
    *progress, end = lines
    assert {line['event'] for line in progress} == {'progress'}
    assert progress[-1]['images'] == progress[-1]['masks'] == 2
    assert (end['event'], end['done'], end['failed']) == ('end', 2, 0)


def test_a_pipe_gets_the_summary_alone(data, tmp_path, capsys):
    assert refine(data, tmp_path / 'a') == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f'{tmp_path / "a"}: ')
    assert printed.err == ''


def test_an_error_that_ends_the_run_is_printed_and_logged(
    data, tmp_path, capsys
):
    log = tmp_path / 'log.jsonl'
    (tmp_path / 'a').write_text('a file')
    assert refine(data, tmp_path / 'a', '--quiet', '--json-log', log) == 2
    assert 'is a file' in capsys.readouterr().err
    [line] = log.read_text().splitlines()
    assert 'is a file' in json.loads(line)['message']


@pytest.mark.parametrize(
    ('error', 'status', 'message'),
    [
        (KeyboardInterrupt(), 130, 'interrupted'),
        (MemoryError(), 2, 'out of memory'),
    ],
)
def test_the_log_ends_however_the_run_ends(
    data, tmp_path, monkeypatch, error, status, message
):
    def stop(*_):
        raise error

    monkeypatch.setattr('segrefiner_mm.runs.refine_pairs.run_jobs', stop)
    log = tmp_path / 'log.jsonl'
    assert refine(data, tmp_path / 'a', '--json-log', log) == status
    last = json.loads(log.read_text().splitlines()[-1])
    assert (last['event'], last['message']) == ('end', message)
