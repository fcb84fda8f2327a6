"""Copies of refined and coarse files: what they replace, and what they spare.

``a`` is refined to a file with another suffix; ``b`` keeps its suffix.
"""

import pytest

from segrefiner_mm.errors import InputError
from segrefiner_mm.review.copied_files import Choice, copy_choices


@pytest.fixture
def files(tmp_path):
    """Choices of a refined ``a`` and of a coarse one, ``b`` being refined."""
    contents = {
        'refined/a.png': b'refined a',
        'refined/b.png': b'refined b',
        'coarse/a.npy': b'coarse a',
        'coarse/b.png': b'coarse b',
    }
    for name, content in contents.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)

    def choices(folder, rejected):
        a = tmp_path / 'refined' / 'a.png', tmp_path / 'coarse' / 'a.npy'
        b = tmp_path / 'refined' / 'b.png', tmp_path / 'coarse' / 'b.png'
        return {
            folder / ('a.npy' if rejected else 'a.png'): Choice(
                *(a[::-1] if rejected else a)
            ),
            folder / 'b.png': Choice(*b),
        }

    return choices


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_copy_of_an_earlier_decision_is_removed(files, tmp_path):
    out = tmp_path / 'out'
    refined = {'a.png': b'refined a', 'b.png': b'refined b'}
    coarse = {'a.npy': b'coarse a', 'b.png': b'refined b'}
    for rejected in (True, False, True):
        copy_choices(out, files(out, rejected), [], overwrite=True)
        assert contents(out) == (coarse if rejected else refined)


def test_a_file_of_that_name_which_no_decision_wrote_is_kept(files, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'a.npy').write_bytes(b'mine')
    with pytest.raises(InputError, match=r'a\.npy would stand beside'):
        copy_choices(out, files(out, False), [], overwrite=True)
    assert contents(out) == {'a.npy': b'mine'}


@pytest.mark.parametrize('rejected', [True, False])
@pytest.mark.parametrize('name', ['refined', 'coarse'])
def test_inputs_are_neither_overwritten_nor_removed(
    files, tmp_path, name, rejected
):
    out = tmp_path / name
    choices = files(out, rejected)
    choices.pop(out / 'b.png')
    before = contents(out)
    with pytest.raises(InputError, match='is an input'):
        copy_choices(out, choices, [], overwrite=True)
    assert contents(out) == before


def test_images_are_not_overwritten(files, tmp_path):
    out = tmp_path / 'images'
    out.mkdir()
    (out / 'b.png').write_bytes(b'image')
    inputs = [out / 'b.png']
    with pytest.raises(InputError, match=r'b\.png is an input'):
        copy_choices(out, files(out, False), inputs, overwrite=True)
    assert contents(out) == {'b.png': b'image'}


def test_a_folder_that_is_taken(files, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'mine.txt').write_bytes(b'')
    with pytest.raises(InputError, match='already exists'):
        copy_choices(out, files(out, False), [], overwrite=False)
    assert contents(out) == {'mine.txt': b''}
    file = out / 'mine.txt'
    with pytest.raises(InputError, match='is a file'):
        copy_choices(file, files(file, False), [], overwrite=True)


def test_what_a_killed_run_left_is_removed(files, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / '.segrefiner-0123456789abcdef-0.partial').write_bytes(b'ref')
    copy_choices(out, files(out, False), [], overwrite=True)
    assert sorted(contents(out)) == ['a.png', 'b.png']
