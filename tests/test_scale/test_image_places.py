"""Images at an address; ``memory://`` stands for a store."""

import pytest

from segrefiner_mm.io.formats.prediction_file import ImageEntry
from segrefiner_mm.scale.image_places import FETCHES, ImagePlaces

fsspec = pytest.importorskip('fsspec', reason='fsspec is not installed')


def test_a_few_images_are_fetched_ahead_in_order(monkeypatch):
    from fsspec.implementations.memory import MemoryFileSystem

    store, cat, read = fsspec.filesystem('memory'), MemoryFileSystem.cat, []

    def counting(self, path, *args, **kwargs):
        read.append(path)
        return cat(self, path, *args, **kwargs)

    monkeypatch.setattr(MemoryFileSystem, 'cat', counting)
    names = [f'{number:03d}.png' for number in range(5 * FETCHES)]
    for name in names[1:]:
        store.pipe_file(f'/ahead/{name}', name.encode())
    entries = [ImageEntry(name, name, None, {}) for name in names]
    located = ImagePlaces('memory://ahead').located(entries)
    first = next(located)
    assert 'no image 000.png' in first.problem
    assert len(read) <= FETCHES + 1
    rest = list(located)
    assert [entry.content for entry in rest] == [n.encode() for n in names[1:]]
    assert len(read) == len(names)
