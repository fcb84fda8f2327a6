"""Tables of the figures of coarse and refined masks."""

from collections.abc import Iterable, Sequence
from io import StringIO

from mmengine.logging import print_log
from rich.console import Console
from rich.table import Table
from rich.text import Text

COARSE = 'coarse_'  # prefix of figures of coarse masks
NOT_OF_ONE = ('hce',)  # clicks; all others are percentages

# Group, name of the figure, and its coarse and refined values, 0 to 1.
Row = tuple[str, str, Sequence[float]]


def comparison_table(rows: Iterable[Row], columns: Sequence[str]) -> Table:
    """Lay out figures side by side, with their difference.

    Args:
        rows (Iterable[tuple]): Group ('' if there are no groups), name of the
            figure, and one value per column, 0 to 1, or clicks for ``hce``; a
            negative value or NaN is shown as '-'.
        columns (Sequence[str]): One or two names; with two, a column of
            differences, second minus first, follows.

    Returns:
        Table: The figures in percent, and ``hce`` in clicks.
    """
    rows = list(rows)
    grouped = any(group for group, *_ in rows)
    table = Table()
    if grouped:
        table.add_column('')
    table.add_column('figure')
    gains = ['difference'] if len(columns) > 1 else []
    for name in (*columns, *gains):
        table.add_column(name, justify='right')
    last = None
    for group, name, values in rows:
        shown = [v if name in NOT_OF_ONE else 100 * v for v in values]
        cells = [f'{v:.2f}' if v >= 0 else '-' for v in shown]
        if gains:
            known = all(v >= 0 for v in shown)
            cells.append(f'{shown[1] - shown[0]:+.2f}' if known else '-')
        heading = ['' if group == last else group] if grouped else []
        # Plain text, as names may look like the markup of rich.
        table.add_row(*map(Text, (*heading, name, *cells)))
        last = group
    return table


def as_text(table: Table, width: int = 100) -> str:
    """Render a table in plain characters.

    Args:
        table (Table): From :func:`comparison_table`.
        width (int): Width in characters. Defaults to 100.

    Returns:
        str: The table, with line breaks.
    """
    out = StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue()


def log_comparison(figures: dict[str, float]) -> None:
    """Log the figures of coarse and refined masks side by side.

    Args:
        figures (dict[str, float]): Figures of a metric by name, those of
            coarse masks with the prefix ``coarse_``. Without figures of coarse
            masks, nothing is logged.
    """
    rows = [
        ('', name, (figures[COARSE + name], value))
        for name, value in figures.items()
        if COARSE + name in figures
    ]
    if rows:
        table = comparison_table(rows, ['coarse', 'refined'])
        print_log(f'\n{as_text(table)}', 'current')
