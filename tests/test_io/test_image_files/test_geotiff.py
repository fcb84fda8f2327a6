"""Georeferences as GDAL writes and reads them, through rasterio."""

import numpy as np
import pytest
from PIL import Image

from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.image_files.geotiff import file_georeference
from tests.helpers import draw_object

rasterio = pytest.importorskip('rasterio')

OPTIONS = ['--device', 'cpu', '--steps', '1']
PLACES = {
    'north up': rasterio.Affine(0.2, 0, 399960.1, 0, -0.2, 5700000.7),
    'rotated': rasterio.Affine(0.2, 0.05, 399960.1, 0.03, -0.2, 5700000.7),
}


def write(path, bands, place, **more):
    path.parent.mkdir(exist_ok=True)
    with rasterio.open(
        path,
        'w',
        driver='GTiff',
        height=bands.shape[1],
        width=bands.shape[2],
        count=len(bands),
        dtype=bands.dtype,
        crs='EPSG:32633',
        transform=place,
        compress='deflate',
        **more,
    ) as file:
        file.write(bands)
        file.update_tags(season='summer')


def read(path):
    with rasterio.open(path) as file:
        profile = {k: file.profile[k] for k in ('crs', 'transform', 'nodata')}
        return file.read(1), profile, file.tags()['season']


@pytest.fixture
def scene(tmp_path):
    image, mask = draw_object(np.random.default_rng(2))
    coarse = np.roll(mask, 4, axis=1)
    return tmp_path, image.transpose(2, 0, 1)[::-1], coarse


@pytest.mark.parametrize('place', PLACES.values(), ids=[*PLACES])
def test_a_mask_keeps_its_place(scene, place):
    folder, image, coarse = scene
    write(folder / 'image' / 'a.tif', image, place)
    write(folder / 'mask' / 'a.tif', coarse[None] * np.uint8(255), place)
    out = folder / 'new.tif'
    paths = [folder / 'image' / 'a.tif', folder / 'mask' / 'a.tif', '-o', out]
    assert cli.main(['refine', *map(str, paths), *OPTIONS]) == 0
    before, *about = read(folder / 'mask' / 'a.tif')
    after, *now = read(out)
    assert now == about
    assert set(np.unique(after)) == {0, 255}
    assert 0 < np.count_nonzero(after != before) < before.size // 5


def test_label_maps_of_a_folder(scene):
    folder, image, coarse = scene
    place = PLACES['north up']
    labels = coarse * np.uint8(7)
    labels[:, :5] = 255
    write(folder / 'image' / 'a.tif', image, place)
    write(folder / 'label' / 'a.tif', labels[None], place, nodata=255)
    out = folder / 'out'
    paths = [folder / 'image', folder / 'label', '-o', out]
    assert cli.main(['refine', *map(str, paths), '--labels', *OPTIONS]) == 0
    _, *about = read(folder / 'label' / 'a.tif')
    after, *now = read(out / 'a.tif')
    assert now == about
    assert after.dtype == np.uint8
    np.testing.assert_array_equal(after == 255, labels == 255)
    assert 0 < np.count_nonzero(after != labels) < labels.size // 5


def test_other_files_have_no_place(tmp_path):
    Image.new('L', (4, 4)).save(tmp_path / 'a.tif')
    (tmp_path / 'b.tif').write_bytes(b'II*\0 damaged')
    for name in ('a.tif', 'b.tif', 'c.tif', 'a.png'):
        assert file_georeference(tmp_path / name) is None
