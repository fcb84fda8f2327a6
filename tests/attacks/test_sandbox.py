"""Whether a command that fails the user would be noticed."""

import os
import signal
import time

import numpy as np
import pytest
from fuzzing.sandbox import Ran, Sandbox, run_command


def fail_the_user(how):
    if how == 'hang':
        time.sleep(60)
    elif how == 'memory':
        held = np.ones(2**29, np.uint8)
        time.sleep(60 * bool(held[0]))
    elif how == 'crash':
        os.kill(os.getpid(), signal.SIGSEGV)
    return Ran(0, how)


@pytest.mark.parametrize('how', ['hang', 'memory', 'crash'])
def test_what_spoils_its_process_is_a_fault(how):
    memory, seconds = (2**40, 2) if how == 'hang' else (2**28, 60)
    with Sandbox(fail_the_user, seconds=seconds, memory=memory) as sandbox:
        assert sandbox.run(how).fault.startswith(f'{how}: ')
        assert sandbox.run('well') == Ran(0, 'well')


def test_a_traceback_is_a_fault(monkeypatch):
    """As of a command that does not foresee what it meets."""
    from segrefiner_mm.cli import main as cli

    def main(argv):
        raise KeyError(argv[0])

    monkeypatch.setattr(cli, 'main', main)
    assert "KeyError: 'x'" in run_command(['x']).fault
