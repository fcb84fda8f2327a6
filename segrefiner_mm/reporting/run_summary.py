"""The result of a run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RunSummary:
    """Counts and problems of a run.

    Attributes:
        text (str): Summary of one line for the user.
        done (int): Number of complete results, including those of earlier
            runs.
        failed (int): Number of inputs that could not be refined. Defaults to
            0.
        problems (tuple[str, ...]): Messages about failures; one message may
            be about several inputs. Defaults to ().
    """

    text: str
    done: int
    failed: int = 0
    problems: tuple[str, ...] = ()
