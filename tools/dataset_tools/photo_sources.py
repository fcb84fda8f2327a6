"""Public repositories to train on.

A module of ``training_pairs.py``, not a command.
"""

import io
from typing import Any, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

from segrefiner_mm.errors import InputError

Picture = npt.NDArray[Any]  # uint8; OpenCV does not say so


class Source(NamedTuple):
    """A repository with photographs and the true mask of an object on each.

    Attributes:
        repository (str): Owner and name on GitHub.
        name (str): Prefix of the names of its images.
        image (str): Regular expression of the paths of the photographs. Its
            groups give the name of an image.
        mask (str): Path of the mask, with the groups of ``image`` in braces.
        longest (int): Maximum length of the longer side, in pixels; larger
            photographs are shrunk. Defaults to 800.
        crop (int): Number of pixels to crop on every side. Defaults to 0.
        held_out (int): Percentage of the groups that are held out for
            validation. Defaults to 3.
    """

    repository: str
    name: str
    image: str
    mask: str
    longest: int = 800
    crop: int = 0
    held_out: int = 3


SOURCES = (
    Source(
        '40ksoul/CFCNet',
        'cfcnet',
        r'data/images/(?P<key>\d+)\.jpg',
        'data/labels/{key}.png',
    ),
    Source(
        'bearpaw/clothing-co-parsing',
        'ccp',
        r'photos/(?P<key>\d+)\.jpg',
        'annotations/pixel-level/{key}.mat',
    ),
    Source(
        'ZJW-HUST/Deeplab-Weizmann-Horse',
        'horse',
        r'weizmann_horse_db/horse_(?P<part>train|test)/(?P<key>\w+)\.png',
        'weizmann_horse_db/mask_{part}/{key}.png',
        longest=400,
    ),
    Source(
        'barehandpenta/Panda_Dataset',
        'panda',
        r'image(?P<part>|_val)/(?P<key>\w+)\.png',
        'mask{part}/{key}.png',
    ),
    Source(
        'ptdkhoa/Peanut-dataset',
        'peanut',
        r'images/(?P<key>\w+)\.jpg',
        'labels/{key}.png',
        longest=640,
    ),
    Source(
        'NachiRV/PWFID-Pea-Weed-Field-Image-Dataset',
        'pwfid',
        r'images/(?P<key>\w+)\.png',
        'masks/{key}.png',
        crop=2,
    ),
    Source(
        'cwfid/dataset',
        'cwfid',
        r'images/(?P<key>\w+)_image\.png',
        'annotations/{key}_annotation.png',
    ),
    Source(
        'Not-IITian/Icml_coseg_coloc',
        'pascal10',
        r'Pascal_10/(?P<part>\w+)/img_(?P<key>\d+)\.jpg',
        'eval_pascal_10/{part}/img_{key}.png',
        held_out=14,
    ),
    Source(
        'bio-punk/AutoPortraitMatting',
        'portrait',
        r'data/images_data_crop/(?P<key>\d+)\.jpg',
        'data/images_mask/{key}_mask.mat',
    ),
    Source(
        'VikramShenoy97/Human-Segmentation-Dataset',
        'vikram',
        r'Training_Images/(?P<key>\d+)\.jpg',
        'Ground_Truth/{key}.png',
        longest=448,
    ),
    Source(
        'shenjianbing/Correspondence-Driven-Saliency-Transfer-',
        'subdut',
        r'Datasets/subDUT/Imgs/(?P<key>\w+)\.jpg',
        'Datasets/subDUT/Annotations/{key}.png',
    ),
    Source(
        'shenjianbing/'
        'Interactive-Cosegmentation-Using-Global-and-Local-Energy-Optimization',
        'cows',
        r'Datasets/images/cow/(?P<key>\w+)\.bmp',
        'Datasets/images/cow/GroundTruth/{key}.bmp',
    ),
)


def decode_mask(content: bytes, path: str) -> Picture:
    """Decode a mask: an image file, or a MATLAB file.

    A MATLAB file has the mask as ``groundtruth`` or ``mask``.

    Args:
        content (bytes): Content of the file.
        path (str): Path of the file, for its suffix and for messages.

    Returns:
        np.ndarray: (H, W) uint8; 1 where any channel is not 0, else 0.

    Raises:
        InputError: If the file cannot be decoded, or is a MATLAB file and
            scipy is not installed.
    """
    if path.endswith('.mat'):
        return (_groundtruth(content, path) > 0).astype(np.uint8)
    picture = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise InputError(f'cannot decode {path}')
    return picture.any(-1).astype(np.uint8)


def _groundtruth(content: bytes, path: str) -> npt.NDArray[Any]:
    try:
        from scipy.io import loadmat
    except ImportError:
        raise InputError(
            f'{path} is a file of MATLAB: pip install scipy'
        ) from None
    try:
        values = loadmat(io.BytesIO(content))
        name = 'groundtruth' if 'groundtruth' in values else 'mask'
        return np.asarray(values[name])
    except (ValueError, KeyError, TypeError, NotImplementedError) as error:
        raise InputError(f'cannot decode {path}: {error}') from None


def fit(image: Picture, mask: Picture, source: Source) -> list[Picture]:
    """Crop and shrink a photograph and its mask as the source requires.

    Args:
        image (np.ndarray): (H, W, 3) uint8.
        mask (np.ndarray): (H, W) uint8, 0 and 1.
        source (Source): Source with ``crop`` and ``longest``.

    Returns:
        list[np.ndarray]: Photograph, (h, w, 3) uint8, and mask, (h, w) uint8,
        0 and 1.
    """
    if source.crop:
        inner = slice(source.crop, -source.crop)
        image, mask = image[inner, inner], mask[inner, inner]
    scale = source.longest / max(mask.shape)
    if scale >= 1:
        return [image, mask]
    size = [max(round(side * scale), 1) for side in mask.shape[::-1]]
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    # The share of the object in a pixel, at least half.
    full = mask * np.uint8(255)
    share = cv2.resize(full, size, interpolation=cv2.INTER_AREA)
    return [small, (share >= 128).astype(np.uint8)]
