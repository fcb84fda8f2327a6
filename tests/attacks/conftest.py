import pytest

from tests.attacks.attack import write_pair


@pytest.fixture
def folder(tmp_path):
    """A folder with ``img/a.png`` and ``mask/a.png``, and room beside it."""
    inner = tmp_path / 'inner'
    inner.mkdir()
    write_pair(inner)
    return inner
