"""The result of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunSummary:
    """Counts of a run, and what went wrong.

    Attributes:
        text (str): One line for the user.
        done (int): Results that are complete, those of earlier runs included.
        failed (int): Inputs that could not be refined.
        problems (tuple[str, ...]): One message per failure; a message may
            speak of several inputs.
    """

    text: str
    done: int
    failed: int = 0
    problems: tuple[str, ...] = ()
