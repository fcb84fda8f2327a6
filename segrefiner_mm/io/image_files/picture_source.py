"""An image file, given by its path or by its content."""

from pathlib import Path

Source = str | Path | bytes


def name_of(source: Source) -> str:
    """Return the name of an image for messages.

    Args:
        source (str | Path | bytes): A path, or the content of a file.

    Returns:
        str: Its path, or ``'the image'`` for bytes.
    """
    return 'the image' if isinstance(source, bytes) else str(source)
