"""Extension of griffe that turns Sphinx roles in docstrings into plain code.

mkdocstrings renders docstrings as Markdown, which has neither roles such as
``:func:`refine` `` nor the directive ``.. math::``.
"""

import re
import textwrap
from typing import Any

from griffe import Extension, Object

ROLE = re.compile(r':(?:func|class|meth|attr|math):`~?([^`]+)`')
MATH = re.compile(r'^( *)\.\. math::\n\n?((?:\1    .*\n|\n)+)', re.MULTILINE)


class PlainRoles(Extension):
    """Replaces roles and formulas in docstrings by Markdown code."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of an object in place, if it has one."""
        if obj.docstring:
            text = ROLE.sub(r'`\1`', obj.docstring.value)
            obj.docstring.value = MATH.sub(_as_code, f'{text}\n').rstrip('\n')


def _as_code(formula: re.Match[str]) -> str:
    indent, body = formula.groups()
    lines = textwrap.dedent(body).strip('\n')
    return textwrap.indent(f'```latex\n{lines}\n```\n\n', indent)
