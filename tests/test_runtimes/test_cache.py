"""Files of the cache."""

import os

from segrefiner_mm.runtimes import OnnxParts
from segrefiner_mm.runtimes.cache import (
    MOST_EXPORTS,
    cache_folder,
    read_export,
    write_export,
)


def test_only_the_exports_used_last_are_kept(cache):
    keys = [f'{index:032x}' for index in range(MOST_EXPORTS + 1)]
    for age, key in enumerate(reversed(keys[:-1])):
        write_export(key, OnnxParts(key.encode()))
        os.utime(cache / 'exports' / key, (1e9 - age, 1e9 - age))
    assert read_export(keys[0]) == OnnxParts(keys[0].encode())  # used now
    write_export(keys[-1], OnnxParts(b'step', b'encode'))
    assert read_export(keys[-1]) == OnnxParts(b'step', b'encode')
    assert read_export(keys[0]) is not None
    assert read_export(keys[1]) is None  # the oldest
    assert len(list((cache / 'exports').iterdir())) == MOST_EXPORTS


def test_an_export_without_its_step_is_none(cache):
    write_export('0' * 32, OnnxParts(b'step'))
    (cache / 'exports' / ('0' * 32) / 'step.onnx').unlink()
    assert read_export('0' * 32) is None


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv('XDG_CACHE_HOME', 'relative')
    monkeypatch.setenv('HOME', str(tmp_path))
    assert cache_folder() == tmp_path / '.cache' / 'segrefiner_mm'
