"""The EXIF orientation of an opened image, without decoding its pixels."""

from typing import IO

from PIL import Image
from PIL.ImageFile import ImageFile

from segrefiner_mm.io.image_files.orientation import ORIENTATION

# A PNG starts with a signature; a chunk has its length, its type and a
# checksum beside its data, in bytes (PNG specification, section 5).
SIGNATURE, LENGTH, TYPE, CHECKSUM = 8, 4, 4, 4
PIXELS, END = b'IDAT', b'IEND'


def orientation_of(picture: Image.Image) -> int | None:
    """Return the EXIF orientation of an image that is open but not decoded.

    If a PNG has no EXIF data before its pixels, Pillow decodes the pixels, as
    EXIF data may follow them. Here the pixels are skipped if nothing follows.

    Args:
        picture (PIL.Image.Image): The image, whose file is open.

    Returns:
        int | None: The orientation, 1 to 8 in a valid file; None if the image
        has no such tag.

    Raises:
        Exception: An error of Pillow, of any class, if the file or its EXIF
            data are damaged; :func:`opened` converts it.
    """
    bare = picture.format == 'PNG' and 'exif' not in picture.info
    if bare and isinstance(picture, ImageFile) and picture.fp:
        bare = _ends_with_its_pixels(picture.fp)
    exif = Image.Image.getexif(picture) if bare else picture.getexif()
    orientation: int | None = exif.get(ORIENTATION)
    return orientation


def _ends_with_its_pixels(file: IO[bytes]) -> bool:
    """Return whether only the end chunk follows the pixels of a PNG."""
    place = file.tell()
    try:
        file.seek(SIGNATURE)
        seen = False
        while len(head := file.read(LENGTH + TYPE)) == LENGTH + TYPE:
            kind = head[LENGTH:]
            if seen and kind != PIXELS:
                return kind == END
            seen = kind == PIXELS
            length = int.from_bytes(head[:LENGTH], 'big')
            file.seek(length + CHECKSUM, 1)
        return False  # it is cut off, which Pillow reports
    finally:
        file.seek(place)
