"""The kind of compression in a WebP file."""

import io
from pathlib import Path

from segrefiner_mm.io.image_files.picture_source import Source

_LOSSY, _LOSSLESS, _FRAME = b'VP8 ', b'VP8L', b'ANMF'


def is_lossy_webp(source: Source) -> bool:
    """Return whether the first image in a WebP file has lossy compression.

    Pillow does not tell, as it decodes both kinds alike. The chunks are those
    of the WebP container specification.

    Args:
        source (str | Path | bytes): File that Pillow could read as WebP, or
            its content.

    Returns:
        bool: True for lossy (VP8), False for lossless compression (VP8L).

    Raises:
        OSError: If the file cannot be read.
    """
    with (
        io.BytesIO(source)
        if isinstance(source, bytes)
        else Path(source).open('rb') as file
    ):
        file.seek(12)  # 'RIFF', size, 'WEBP'
        while len(head := file.read(8)) == 8:
            kind, size = head[:4], int.from_bytes(head[4:], 'little')
            if kind == _LOSSY:
                return True
            if kind == _LOSSLESS:
                return False
            # The chunks of a frame follow its header of 16 bytes.
            file.seek(16 if kind == _FRAME else size + size % 2, 1)
    return False
