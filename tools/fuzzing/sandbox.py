"""Runs cases in a supervised process.

A case that hangs, takes too much memory or crashes ends only its own process.
Processes are forked from a process that has imported everything and computed
nothing, so that a new one starts at once. This needs Linux or macOS.
"""

import io
import multiprocessing
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple

MOST_SECONDS = 10.0
MOST_MEMORY = 2**31
# Beyond this an allocation fails at once, instead of slowing the machine.
MOST_ADDRESSES = 2**33
_COMMANDS = [
    f'segrefiner_mm.cli.{name}_command'
    for name in ('coco', 'convert', 'eval', 'refine')
]
# The line of /proc/PID/status with the peak of memory.
_PEAK = 'VmHWM:'


class Ran(NamedTuple):
    """The outcome of a command.

    Attributes:
        status (int, optional): Exit status; None if the command had none.
        said (str): Output on stderr.
        fault (str): A fault of the command: a traceback, a hang, a crash or
            too much memory. Defaults to '': no fault.
        peak (int): Peak memory of the process, in bytes. Defaults to 0.
        printed (str): Output on stdout. Defaults to ''.
    """

    status: int | None
    said: str
    fault: str = ''
    peak: int = 0
    printed: str = ''


def run_command(argv: Sequence[str | Path]) -> Ran:
    """Run the command line in this process, and record its outcome.

    Args:
        argv (Sequence[str | Path]): Words after ``segrefiner``.

    Returns:
        Ran: The outcome; any exception becomes its ``fault``.
    """
    from segrefiner_mm.cli import main as cli

    status, fault = None, ''
    out, said = io.StringIO(), io.StringIO()
    reset_peak()
    with redirect_stdout(out), redirect_stderr(said):
        try:
            status = cli.main([str(arg) for arg in argv])
        except SystemExit as error:  # of argparse
            status = error.code if isinstance(error.code, int) else 1
        except BaseException:  # all that a user would see as a traceback
            fault = f'traceback: {traceback.format_exc()}'
    return Ran(status, said.getvalue(), fault, peak(), out.getvalue())


def reset_peak() -> None:
    """Reset the peak memory of this process, where the system can."""
    with suppress(OSError):
        Path('/proc/self/clear_refs').write_text('5')


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    status = _status_of(os.getpid(), _PEAK)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # In kibibytes, but on macOS in bytes.
    return status or most * (1 if sys.platform == 'darwin' else 1024)


def held(pid: int) -> int:
    """Return the resident memory of a process in bytes; 0 if unknown."""
    return _status_of(pid, 'VmRSS:')


def _status_of(pid: int, name: str) -> int:
    with suppress(OSError):
        for line in Path(f'/proc/{pid}/status').read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1]) * 1024
    return 0


class Sandbox:
    """A process that runs one case after the other.

    Args:
        do (Callable): Runs a case; a function of a module. It takes the
            arguments of :meth:`run` and returns a :class:`Ran`. Defaults to
            :func:`run_command`.
        seconds (float): Maximum time of a case. Defaults to 10.
        memory (int): Maximum memory of a case, in bytes. Defaults to 2 GiB.
    """

    def __init__(
        self,
        do: Callable[..., Ran] = run_command,
        seconds: float = MOST_SECONDS,
        memory: int = MOST_MEMORY,
    ) -> None:
        self._do = do
        self._seconds = seconds
        self._memory = memory
        self._context = multiprocessing.get_context('forkserver')
        self._context.set_forkserver_preload(_COMMANDS)
        self._process: Any = None
        self._pipe: Any = None

    def __enter__(self) -> 'Sandbox':
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def run(self, *args: Any) -> Ran:
        """Run a case, in a new process if the last one has ended.

        Args:
            *args: Arguments of ``do``; they can be pickled.

        Returns:
            Ran: The outcome, with a ``fault`` after a crash, a hang or too
            much memory.
        """
        self.send(*args)
        return self.receive()

    def send(self, *args: Any) -> None:
        """Begin a case; :meth:`receive` must follow."""
        self.start()
        self._pipe.send(args)

    def has_answer(self) -> bool:
        """Return whether the case has ended."""
        return self._pipe.poll()

    def receive(self) -> Ran:
        """Wait for the end of a case; kill it if it exceeds a limit."""
        until = time.monotonic() + self._seconds
        most, fault = 0, ''
        while not fault:
            if self._pipe.poll(0.02):
                try:
                    ran: Ran = self._pipe.recv()
                except EOFError:
                    return Ran(None, '', self._end(), most)
                if max(ran.peak, most) > self._memory:
                    ran = ran._replace(fault=ran.fault or _too_much(ran.peak))
                return ran
            most = max(most, held(self._process.pid))
            if most > self._memory:
                fault = _too_much(most)
            elif time.monotonic() > until:
                fault = f'hang: over {self._seconds:g} seconds'
        self.stop()
        return Ran(None, '', fault, most)

    def start(self) -> int:
        """Start the process if it does not run; return its id."""
        if self._process is None:
            self._pipe, theirs = self._context.Pipe()
            # Not a daemon: it would lose what it wrote half.
            self._process = self._context.Process(
                target=_serve, args=(theirs, self._do)
            )
            self._process.start()
            theirs.close()
        return self._process.pid

    def stop(self) -> None:
        """Kill the process, if it runs."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()
            self._process = None

    def _end(self) -> str:
        self._process.join()
        code = self._process.exitcode
        self._process = None
        return f'crash: exit code {code}'


def _too_much(peak: int) -> str:
    return f'memory: {peak / 2**30:.1f} GiB'


def _serve(pipe: Any, do: Callable[..., Ran]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):  # of libraries that are not Python
        os.dup2(nowhere, stream)
    limit = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MOST_ADDRESSES if limit < 0 else min(MOST_ADDRESSES, limit)
    resource.setrlimit(resource.RLIMIT_AS, (most, limit))
    import torch

    torch.set_num_threads(1)
    with suppress(EOFError, BrokenPipeError):
        while True:
            given = pipe.recv()
            try:
                ran = do(*given)
            except Exception:
                ran = Ran(None, '', f'tool: {traceback.format_exc()}')
            pipe.send(ran)
