"""Refusal of wrong usage: what is wrong, and where the options are listed."""

import argparse
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, NoReturn


class CommandParser(argparse.ArgumentParser):
    """Parser of one command, or of the whole command line.

    The messages of argparse begin with all options, and an unknown option is
    reported without the command that lacks it.
    """

    def parse_known_args(  # type: ignore[override]
        self, args: Sequence[str] | None = None, namespace: Any = None
    ) -> tuple[Any, list[str]]:
        """Parse arguments, of which none may be unknown.

        Args:
            args (Sequence[str], optional): Arguments. Defaults to None: those
                of the process.
            namespace (argparse.Namespace, optional): Receives the values.
                Defaults to None: a new one.

        Returns:
            tuple[argparse.Namespace, list[str]]: The values, and no rest.

        Raises:
            SystemExit: With status 2, if an argument is wrong or unknown.
        """
        values, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(self._described(unknown))
        return values, []

    def error(self, message: str) -> NoReturn:
        """Print a message without the list of options, and exit.

        Args:
            message (str): What is wrong.

        Raises:
            SystemExit: With status 2.
        """
        self.exit(
            2,
            f'{self.prog}: error: {message}\n'
            f'{self.prog} --help shows how it is used\n',
        )

    def _described(self, unknown: list[str]) -> str:
        text = f'unrecognized arguments: {" ".join(unknown)}'
        option = unknown[0].partition('=')[0]
        known = list(self._option_string_actions)
        alike = get_close_matches(option, known, n=1)
        return f'{text} (did you mean {alike[0]}?)' if alike else text
