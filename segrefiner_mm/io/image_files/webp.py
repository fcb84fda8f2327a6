"""The kind of compression in a WebP file."""

from pathlib import Path

_LOSSY, _LOSSLESS, _FRAME = b'VP8 ', b'VP8L', b'ANMF'


def is_lossy_webp(path: str | Path) -> bool:
    """Return whether the first image in a WebP file has lossy compression.

    Pillow does not tell, as it decodes both kinds alike. The chunks are those
    of the WebP container specification.

    Args:
        path (str | Path): File that Pillow could read as WebP.

    Returns:
        bool: True for lossy (VP8), False for lossless compression (VP8L).

    Raises:
        OSError: If the file cannot be read.
    """
    with Path(path).open('rb') as file:
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
