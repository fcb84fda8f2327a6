import pytest

from segrefiner_mm.models.build_refiner import build_refiner, resolve_model


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and no choice of a runtime from outside."""
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    monkeypatch.delenv('SEGREFINER_RUNTIME', raising=False)
    return tmp_path / 'cache' / 'segrefiner_mm'


@pytest.fixture(scope='session')
def lite():
    return build_refiner(*resolve_model('segrefiner-lite', None), 'cpu')
