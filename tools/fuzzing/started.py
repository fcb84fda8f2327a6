"""A command that runs by itself while it is looked at."""

import time
from collections.abc import Callable
from pathlib import Path

from fuzzing.sandbox import Ran, Sandbox, held, run_command


class Started:
    """A command in a process of its own; leaving the block kills it.

    Args:
        argv (list): Words of the command.
        seconds (float): The most that it may take. Defaults to 600.

    Attributes:
        pid (int): Id of the process; 0 before it is started.
        seconds (float): Time that the command took, once it has ended.
    """

    def __init__(self, argv: list[str | Path], seconds: float = 600) -> None:
        self._argv = [str(word) for word in argv]
        self._sandbox = Sandbox(run_command, seconds)
        self.pid = 0
        self.seconds = 0.0

    def __enter__(self) -> 'Started':
        self._begun = time.monotonic()
        self.pid = self._sandbox.start()
        self._sandbox.send(self._argv)
        return self

    def __exit__(self, *_: object) -> None:
        self._sandbox.stop()

    def result(self) -> Ran:
        """Wait for its end."""
        ran = self._sandbox.receive()
        self.seconds = time.monotonic() - self._begun
        return ran

    def is_running(self) -> bool:
        """Whether it has not come to an end."""
        return not self._sandbox.has_answer()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until something holds, or the command has ended."""
        while self.is_running() and not condition():
            time.sleep(0.01)

    def levels(self, images: int, out: Path) -> list[int]:
        """Most memory held in each fifth of a run over pictures, in bytes."""
        most = [0] * 5
        while self.is_running():
            done = len(list(out.glob('*.png'))) if out.is_dir() else 0
            part = min(5 * done // images, 4)
            most[part] = max(most[part], held(self.pid))
            time.sleep(0.01)
        return most
