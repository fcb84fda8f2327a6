"""Shards of results: Parquet files with a row per mask."""

import io
import json
from collections.abc import Iterator
from typing import Any

from segrefiner_mm.errors import InputError, reason_of
from segrefiner_mm.scale.places import MissingFileError, Place
from segrefiner_mm.scale.refine_rows import RefinedRows
from segrefiner_mm.scale.rows import ResultRow

_NOTES = b'segrefiner_mm'
# Columns and their types in Arrow.
COLUMNS = {
    'mask': 'int64',
    'image': 'string',
    'first': 'int64',
    'label': 'string',
    'verdict': 'string',
    'iou': 'double',
    'confidence': 'double',
    'height': 'int32',
    'width': 'int32',
    'evidence': 'string',
    'counts': 'string',
}


def need_pyarrow() -> Any:
    """Import pyarrow.

    Returns:
        module: ``pyarrow``, with ``pyarrow.parquet``.

    Raises:
        InputError: If pyarrow is not installed.
    """
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            "shards need pyarrow: pip install 'segrefiner_mm[scale]'"
        ) from None
    return pyarrow


def file_of(key: str) -> str:
    """Return the file name of a shard.

    Args:
        key (str): Key of the shard.

    Returns:
        str: The name.
    """
    return f'{key}.parquet'


def write_shard(
    place: Place, key: str, done: RefinedRows, states: dict[str, Any]
) -> None:
    """Write the results of a shard; equal results give equal bytes.

    Args:
        place (Place): Folder of the shards.
        key (str): Key of the shard.
        done (RefinedRows): The results.
        states (dict[str, list | None]): States of the image files, by name;
            see :meth:`ImagePlaces.state`.

    Raises:
        InputError: If the shard cannot be written, or pyarrow is not
            installed.
    """
    pa = need_pyarrow()
    columns = {name: [row.get(name) for row in done.rows] for name in COLUMNS}
    columns['evidence'] = [
        None if value is None else json.dumps(value)
        for value in columns['evidence']
    ]
    notes = dict(errors=done.errors, notes=done.notes, images=states)
    schema = pa.schema(
        [(name, pa.type_for_alias(kind)) for name, kind in COLUMNS.items()],
        metadata={_NOTES: json.dumps(notes).encode()},
    )
    table = pa.table(columns, schema=schema)
    sink = io.BytesIO()
    pa.parquet.write_table(table, sink, compression='zstd')
    place.write(file_of(key), sink.getvalue())


def read_shard(
    place: Place, key: str
) -> tuple[RefinedRows, dict[str, Any]] | None:
    """Read the results of a shard.

    Args:
        place (Place): Folder of the shards.
        key (str): Key of the shard.

    Returns:
        tuple[RefinedRows, dict] | None: The results and the states of the
        image files; None if the shard is not written yet.

    Raises:
        InputError: If the shard cannot be read or is damaged, or pyarrow is
            not installed.
    """
    name = place.name(file_of(key))
    try:
        content = place.read(file_of(key))
    except MissingFileError:
        return None
    table = parsed_table(content, name)
    try:
        notes = json.loads(table.schema.metadata[_NOTES])
        rows = [*_rows(table)]
        done = RefinedRows(rows, notes['errors'], notes['notes'])
        return done, dict(notes['images'])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f'{name} is not a shard of results') from error


def parsed_table(content: bytes, name: str) -> Any:
    """Parse a Parquet file.

    Args:
        content (bytes): Content of the file.
        name (str): Name of the file, for errors.

    Returns:
        pyarrow.Table: The table.

    Raises:
        InputError: If the file is damaged, or pyarrow is not installed.
    """
    pa = need_pyarrow()
    try:
        return pa.parquet.read_table(io.BytesIO(content))
    except (pa.ArrowException, OSError) as error:
        raise InputError(
            f'{name} is a damaged shard: {reason_of(error)}'
        ) from error


def _rows(table: Any) -> Iterator[ResultRow]:
    for row in table.select(list(COLUMNS)).to_pylist():
        evidence = row['evidence']
        row['evidence'] = None if evidence is None else json.loads(evidence)
        yield row
