import io
import json
import math

import pytest
from rich.console import Console

from segrefiner_mm.errors import InputError
from segrefiner_mm.reporting import json_log
from segrefiner_mm.reporting.json_log import JsonLog
from segrefiner_mm.reporting.progress import Tally
from segrefiner_mm.reporting.reporter import Reporter


class Clock:
    """A clock that stands still unless it is moved."""

    now = 100.0

    def __call__(self):
        return self.now


def run(reporter):
    """Three images, one of which has no usable mask."""
    with reporter.progress(3) as advance:
        advance(['refined', 'kept'])
        reporter.error('b.jpg is damaged')
        advance()
        advance(['refined'])
    reporter.say('segrefiner: note: almost done')


def console(terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=150)


def test_rates_and_time_left():
    clock = Clock()
    tally = Tally(8, clock)
    assert tally.text() == '0/8 images'
    clock.now += 2
    tally.add(['refined', 'kept', 'refined'])
    tally.add(['rolled back'])
    # Two images and four masks in two seconds; six images are left.
    assert (tally.rate(tally.images), tally.rate(tally.masks)) == (1, 2)
    assert tally.seconds_left == 6
    assert tally.text() == (
        '2/8 images, 1.0 images/s, 2.0 masks/s, 0:06 left, 1 kept, '
        '2 refined, 1 rolled back'
    )


def test_long_runs():
    clock = Clock()
    tally = Tally(1000, clock)
    clock.now += 40
    for _ in range(4):
        tally.add()
    assert '0.1 images/s, 2:46:00 left' in tally.text()


def test_more_images_than_expected_leave_no_time():
    clock = Clock()
    tally = Tally(1, clock)
    clock.now += 1
    tally.add()
    tally.add()
    assert tally.seconds_left == 0


def test_a_terminal_shows_a_bar_with_the_verdicts():
    shown = console(terminal=True)
    run(Reporter(shown))
    text = shown.file.getvalue()
    assert '3/3 images' in text
    assert '1 kept, 2 refined' in text
    assert 'masks/s' in text


def test_a_narrow_terminal_has_two_lines():
    shown = Console(file=io.StringIO(), force_terminal=True, width=80)
    reporter = Reporter(shown)
    with reporter.progress(12345) as advance:
        for _ in range(1234):
            advance(['refined', 'kept', 'rolled back'])
    lines = shown.file.getvalue().splitlines()
    assert any(' left' in line for line in lines)
    counts = '1234 kept, 1234 refined, 1234 rolled back'
    assert any(line.strip().startswith(counts) for line in lines)


@pytest.mark.parametrize('quiet', [False, True])
def test_a_pipe_gets_no_bar(quiet):
    shown = console(terminal=False)
    run(Reporter(shown, quiet))
    note = '' if quiet else 'segrefiner: note: almost done\n'
    error = 'segrefiner: error: b.jpg is damaged\n'
    assert shown.file.getvalue() == error + note


def test_quiet_on_a_terminal_prints_errors_alone():
    shown = console(terminal=True)
    reporter = Reporter(shown, quiet=True)
    run(reporter)
    assert shown.file.getvalue() == 'segrefiner: error: b.jpg is damaged\n'
    assert reporter.problems == ['b.jpg is damaged']


def test_the_log_has_an_object_per_line(tmp_path, monkeypatch):
    monkeypatch.setattr(json_log, 'EVERY', math.inf)
    log = tmp_path / 'log.jsonl'
    reporter = Reporter(log=JsonLog(log))
    run(reporter)
    reporter.note_end('all done', done=3, failed=1)
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    # Progress at once, then not before so many seconds, and at the end.
    assert [line['event'] for line in lines] == [
        *('progress', 'error', 'progress', 'note', 'end'),
    ]
    assert lines[0]['images'] == 1
    assert lines[1]['message'] == 'b.jpg is damaged'
    assert lines[2]['images'] == lines[2]['total'] == 3
    assert lines[2]['masks'] == 3
    assert lines[2]['verdicts'] == {'kept': 1, 'refined': 2}
    assert lines[2]['seconds_left'] == 0
    assert lines[3]['message'] == 'note: almost done'
    assert {**lines[4], 'time': ''} == dict(
        time='', event='end', message='all done', done=3, failed=1
    )
    assert all(line['time'].endswith('+00:00') for line in lines)


def test_a_log_that_cannot_be_written(tmp_path):
    with pytest.raises(InputError, match='Is a directory'):
        JsonLog(tmp_path)
