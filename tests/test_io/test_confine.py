"""Names out of data files lead nowhere but into their folder."""

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.confine import confined, path_below, spellings


@pytest.fixture
def folder(tmp_path):
    inside = tmp_path / 'inside'
    (inside / 'sub').mkdir(parents=True)
    (tmp_path / 'outside').mkdir()
    (inside / 'link').symlink_to('../outside')
    (inside / 'own').symlink_to('sub')
    (inside / 'a.png').symlink_to('../outside/a.png')
    (inside / 'loop').symlink_to('loop')
    return inside


@pytest.mark.parametrize('name', ['a', 'sub/a.png', 'own/a.png', './b', '..a'])
def test_names_inside(folder, name):
    assert confined(folder, name) == folder / name


@pytest.mark.parametrize(
    'name',
    [
        *('../.profile', 'sub/../../x', '..', '/etc/passwd', '//host/share'),
        *('C:\\x', 'c:x', '..\\x', '\\x', 'link/a.png', 'a.png', 'loop/a'),
        *('', 'a\0b', '\ud800.png', 'a\nb', None, 3, ['a'], 'sub/..'),
    ],
)
def test_names_that_lead_out(folder, name):
    with pytest.raises(InputError):
        confined(folder, name)


@pytest.mark.parametrize(
    ('name', 'parts'),
    [
        ('images\\a.jpg', ('images', 'a.jpg')),
        ('C:\\data\\a.jpg', ('data', 'a.jpg')),
        ('..\\..\\up\\a.jpg', ('up', 'a.jpg')),
        ('../../up/a.jpg', ('up', 'a.jpg')),
        ('/abs/a.jpg', ('abs', 'a.jpg')),
        ('my%20photo%20%281%29.jpg', ('my photo (1).jpg',)),
        ('%2e%2e%2fa.jpg', ('a.jpg',)),
        ('https://h.org/b/a.jpg?x=1%2F2', ('https:', 'h.org', 'b', 'a.jpg')),
        ('u\u0308.jpg', ('\u00fc.jpg',)),
        ('\u00fc.jpg', ('u\u0308.jpg',)),
    ],
)
def test_spellings_of_other_systems(name, parts):
    found = spellings(name)
    assert parts in found
    assert not any({'..', '.', ''} & set(way) for way in found)


def test_a_name_that_is_right_as_it_is_comes_first():
    assert spellings('100%25.jpg')[0] == ('100%25.jpg',)
    assert spellings('a\\b?.jpg')[0] == ('a\\b?.jpg',)
    assert spellings('..') == spellings('') == spellings('a\0') == []


def test_images_of_data_sets(tmp_path):
    assert path_below('img', 'a/b.jpg', 'f') == 'img/a/b.jpg'
    assert path_below('', '/data/b.jpg', 'f') == '/data/b.jpg'
    for name in ('../b.jpg', '/b.jpg', 'a\\..\\b', 'C:\\b', '', 'a\0'):
        with pytest.raises(InputError, match='f: the image'):
            path_below('img', name, 'f')


def test_a_name_that_is_too_long_is_said_to_be(folder):
    with pytest.raises(InputError, match=r'xxx.* is too long'):
        confined(folder, 'x' * 300 + '.png')
