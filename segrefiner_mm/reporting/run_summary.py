"""The result of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunSummary:
    """Counts and problems of a run.

    Attributes:
        text (str): One line for the user.
        done (int): Complete results, including those of earlier runs.
        failed (int): Inputs that could not be refined. Defaults to 0.
        problems (tuple[str, ...]): Messages about failures; one message may
            be about several inputs. Defaults to ().
    """

    text: str
    done: int
    failed: int = 0
    problems: tuple[str, ...] = ()
