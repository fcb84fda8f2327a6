"""``segrefiner env``: the information that a bug report needs."""

import argparse
import json
from collections.abc import Iterator
from typing import Any

from segrefiner_mm.apis import environment


def run_env(args: argparse.Namespace) -> int:
    """Print a description of the installation.

    Args:
        args (argparse.Namespace): The parsed command line.

    Returns:
        int: Exit status.
    """
    described = environment()
    if args.json:
        print(json.dumps(described, indent=2))
    else:
        print('\n'.join(_lines(described)))
    return 0


def _lines(described: dict[str, Any]) -> Iterator[str]:
    for name, value in described['versions'].items():
        yield f'{name:15}{value or "not installed"}'
    for name, value in described['machine'].items():
        yield f'{name:15}{value}'
    for gpu in described['cuda'] or ['none']:
        yield f'{"cuda":15}{gpu}'
    yield f'{"cache":15}{described["cache"] or "none"}'
    if variable := described['runtime_variable']:
        yield f'{"auto is set to":15}{variable}'
        return
    names = described['candidates']
    if names == ['torch']:
        more = "install '.[onnx]' or '.[openvino]' to compare more"
        yield f'{"auto chooses":15}torch; {more}'
    elif not described['runtimes']:
        listed = ', '.join(names)
        yield f'{"auto will time":15}{listed}, when a model first runs'
    for choice in described['runtimes']:
        size, steps = choice['window']
        seconds = ', '.join(
            f'{name} {value:.3f} s'
            for name, value in choice['seconds'].items()
        )
        yield (
            f'{"auto chose":15}{choice["runtime"]} for {choice["denoiser"]} '
            f'({seconds} per window of {size} x {size}, {steps} steps)'
        )
