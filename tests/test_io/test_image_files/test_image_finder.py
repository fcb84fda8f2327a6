"""Images are found by what other systems call them, and never outside."""

import unicodedata

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.image_files.image_finder import ImageFinder

FILES = (
    *('a.jpg', 'img_1.jpg', 'my photo (1).jpg', 'a.b_jpg.rf.0ff1.jpg'),
    *('job1/f.png', 'job2/f.png', 'sub/deep/only.webp', 'sub/deep/x.txt'),
    *('two.jpg', 'two.png', '100%25.jpg', '\u00fcber.jpg'),
)


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        path = tmp_path / 'img' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b'')
    (tmp_path / 'secret.jpg').write_bytes(b'')
    (tmp_path / 'img' / 'out.jpg').symlink_to('../secret.jpg')
    (tmp_path / 'img' / 'in.jpg').symlink_to('a.jpg')
    (tmp_path / 'img' / 'away').symlink_to('..')
    return tmp_path / 'img'


@pytest.mark.parametrize(
    ('name', 'file'),
    [
        *((name, name) for name in FILES if not name.endswith('.txt')),
        ('in.jpg', 'in.jpg'),
        ('images\\a.jpg', 'a.jpg'),
        ('C:\\images\\a.jpg', 'a.jpg'),
        ('..\\..\\up\\a.jpg', 'a.jpg'),
        ('../../../up/a.jpg', 'a.jpg'),
        ('/data/imgs/a.jpg', 'a.jpg'),
        ('file:///data/a.jpg', 'a.jpg'),
        ('https://h.org/b/a.jpg?X-Sig=ab%2Fc#top', 'a.jpg'),
        ('my%20photo%20%281%29.jpg', 'my photo (1).jpg'),
        ('IMG_1.JPG', 'img_1.jpg'),
        ('img_1.png', 'img_1.jpg'),
        ('img_1', 'img_1.jpg'),
        ('a.b_jpg.rf.0ff1', 'a.b_jpg.rf.0ff1.jpg'),
        ('Job2/f.png', None),
        ('job2/F.jpg', 'job2/f.png'),
        ('only.webp', 'sub/deep/only.webp'),
        (unicodedata.normalize('NFD', '\u00fcber.jpg'), '\u00fcber.jpg'),
    ],
)
def test_by_name(folder, name, file):
    if file is None:
        with pytest.raises(InputError, match='no image'):
            ImageFinder(folder).find(name)
    else:
        assert ImageFinder(folder).find(name) == folder / file


@pytest.mark.parametrize(
    ('name', 'reason'),
    [
        ('two.gif', 'several images fit'),
        ('f.png', 'several images fit'),
        ('secret.jpg', 'no image'),
        ('../secret.jpg', 'no image'),
        ('..\\secret.jpg', 'no image'),
        ('%2e%2e/secret.jpg', 'no image'),
        ('out.jpg', 'link that leads out'),
        ('OUT.png', 'link that leads out'),
        ('away/secret.jpg', 'link that leads out'),
        ('job3/only.webp', 'no image'),
        ('..', 'no image'),
        ('a\0.jpg', 'no image'),
        ('\ud800.jpg', 'no image'),
        ('x' * 5000, 'no image'),
    ],
)
def test_never_outside_nor_by_guess(folder, name, reason):
    with pytest.raises(InputError, match=reason):
        ImageFinder(folder).find(name)


def test_without_a_folder(folder):
    path = str(folder / 'a.jpg')
    assert str(ImageFinder(None).find(path)) == path
    with pytest.raises(InputError, match='--img-dir'):
        ImageFinder(None).find('gone.jpg')
    with pytest.raises(InputError, match='no such folder'):
        ImageFinder(folder / 'gone')
