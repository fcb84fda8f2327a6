"""Files that are written whole."""

import os
from pathlib import Path

from segrefiner_mm.io.files import write_whole


def test_content_is_on_disk_before_it_has_the_name(tmp_path, monkeypatch):
    """Else a power failure may leave an empty file of the right name."""
    calls = []
    sync, replace = os.fsync, Path.replace

    def noted_sync(descriptor):
        calls.append(('sync', os.fstat(descriptor).st_size))
        sync(descriptor)

    def noted_replace(partial, target):
        calls.append(('rename', target.name))
        return replace(partial, target)

    monkeypatch.setattr(os, 'fsync', noted_sync)
    monkeypatch.setattr(Path, 'replace', noted_replace)
    write_whole(tmp_path / 'a.json', b'12345')
    assert calls[:2] == [('sync', 5), ('rename', 'a.json')]
    assert (tmp_path / 'a.json').read_bytes() == b'12345'
