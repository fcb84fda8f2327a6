"""A command that runs in the background while it is observed."""

import time
from collections.abc import Callable
from pathlib import Path

from fuzzing.sandbox import Ran, Sandbox, held, run_command


class Started:
    """A command in a process of its own; leaving the context kills it.

    Args:
        argv (list[str | Path]): Words of the command, after ``segrefiner``.
        seconds (float): Maximum time of the command. Defaults to 600.

    Attributes:
        pid (int): Id of the process; 0 before the context is entered.
        seconds (float): Time that the command took; 0 before :meth:`result`.
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
        """Wait for the end of the command, and return its outcome."""
        ran = self._sandbox.receive()
        self.seconds = time.monotonic() - self._begun
        return ran

    def is_running(self) -> bool:
        """Return whether the command has not ended."""
        return not self._sandbox.has_answer()

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition is true, or the command has ended."""
        while self.is_running() and not condition():
            time.sleep(0.01)

    def levels(self, images: int, out: Path) -> list[int]:
        """Measure memory until the command has ended.

        Args:
            images (int): Number of images of the run.
            out (Path): Output folder of the run.

        Returns:
            list[int]: Peak memory in each fifth of the run, in bytes.
        """
        most = [0] * 5
        while self.is_running():
            done = len(list(out.glob('*.png'))) if out.is_dir() else 0
            part = min(5 * done // images, 4)
            most[part] = max(most[part], held(self.pid))
            time.sleep(0.01)
        return most
