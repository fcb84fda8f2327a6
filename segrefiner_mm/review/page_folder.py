"""The folder of a review page, written as a whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.io import outputs
from segrefiner_mm.io.files import partial_prefix

MARK = '.segrefiner-report'  # identifies a folder that may be replaced
# Files that are the same in every report.
PAGE_FILES = (
    'page.css',
    'base.js',
    'overview.js',
    'list.js',
    'viewer.js',
    'parts.js',
    'decisions.js',
    'page.js',
)
# All else in a report is the user's, such as decisions that were saved there.
_FILES = (MARK, 'index.html', *PAGE_FILES)
_FOLDERS = ('crops', 'details', 'layers', 'thumbs')
_OF_SYSTEMS = ('.DS_Store', 'Thumbs.db', 'desktop.ini')


def check_free(out: Path, overwrite: bool) -> None:
    """Refuse a folder whose files would be lost.

    Args:
        out (Path): Folder to write.
        overwrite (bool): Whether an earlier report may be replaced.

    Raises:
        InputError: If ``out`` is a file, a folder that is neither empty nor a
            report, a report that may not be replaced, or a report with files
            of the user.
    """
    if not out.exists():
        return
    if not out.is_dir():
        raise InputError(f'{out} is a file: a report is a folder')
    if not any(out.iterdir()):
        return
    if not (out / MARK).is_file():
        raise InputError(
            f'{out} holds other files than a report: choose another folder'
        )
    outputs.check_free(out, True, overwrite)
    for path in sorted(out.iterdir()):
        if path.name not in (*_FILES, *_FOLDERS, *_OF_SYSTEMS):
            raise InputError(
                f'{path} is no part of a report: move it before the report '
                'is replaced, or choose another folder'
            )


@contextmanager
def new_folder(out: Path, overwrite: bool) -> Iterator[Path]:
    """Write a folder under a temporary name, and rename it when complete.

    Unlike :func:`write_whole`, this does not sync the thousands of small
    files to disk: a report that is lost can be made again.

    Args:
        out (Path): Folder to write.
        overwrite (bool): Whether an earlier report may be replaced.

    Yields:
        Path: Folder to fill.

    Raises:
        InputError: If files would be lost, or the folder or a file in it
            cannot be written. After any error of the block, the unfinished
            folder is removed and an earlier report is unchanged.
    """
    check_free(out, overwrite)
    out = out.resolve()
    prefix = f'{partial_prefix(out)}{token_hex(8)}'
    partial, old = (out.with_name(prefix + end) for end in ('.new', '.old'))
    try:
        try:
            partial.mkdir(parents=True)
            (partial / MARK).touch()
            yield partial
            check_free(out, overwrite)
            if out.exists():
                out.rename(old)
            try:
                partial.rename(out)
            except OSError:
                if old.exists():
                    old.rename(out)
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise InputError(f'cannot write {out}: {reason_of(error)}') from error
