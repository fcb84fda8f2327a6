"""Small runs of the benchmarks, for what they print; how long is no matter."""

import argparse
import importlib
import sys

import pytest
import torch

from tests.helpers import ROOT


@pytest.fixture
def tool(monkeypatch):
    """Import a tool by its name, with its command line."""
    monkeypatch.syspath_prepend(ROOT / 'tools')
    # Exported networks are not needed again.
    monkeypatch.setitem(sys.modules, 'onnx', None)

    def load(name, *options):
        monkeypatch.setattr(sys, 'argv', [name, *map(str, options)])
        return importlib.import_module(name)

    return load


def rows(text):
    """The cells of the lines of tables, by the first cell."""
    lines = [line for line in text.splitlines() if line.startswith('| ')]
    cells = [[c.strip() for c in line.strip('|').split('|')] for line in lines]
    return {first: rest for first, *rest in cells}


@pytest.mark.slow
def test_runtimes_beside_the_published_way(tool, capsys):
    small = ['--megapixels', 0.02, '--rounds', 1]
    tool('benchmark_runtimes', '--model', 'segrefiner-tiny', *small).main()
    text = capsys.readouterr().out
    times, _, resources = text.partition('| peak memory, MiB |')
    shown = rows(times)
    seconds, per_megapixel, factor, iou = shown['the published way']
    assert float(per_megapixel) == pytest.approx(float(seconds) / 0.02, 0.05)
    assert (factor, iou) == ('1.00', '1.0000')
    # The package does what the published way does, but for rounding.
    assert float(shown['torch'][3]) > 0.98
    assert shown['onnxruntime'][0] == 'not installed'
    if not torch.cuda.is_available():
        assert shown['torch, CUDA, bf16'][0] == 'not run: no CUDA device'
    memory, outside, used = rows(resources)['torch']
    assert not float(memory) < 0  # NaN where the system does not tell
    assert 0 <= float(outside) <= 100
    assert 0 < float(used) < 150


def test_what_takes_too_long_is_left_out(tool, monkeypatch):
    bench = tool('benchmark_runtimes')
    scenes = [bench.read_scene(size) for size in (0.01, 0.02)]
    clock = iter([0.0, 100.0] * 2)
    timer = argparse.Namespace(perf_counter=lambda: next(clock))
    monkeypatch.setattr(bench, 'time', timer)
    method = {'slow': lambda scene: scene.coarse}
    best, masks = bench.run(method, scenes, 3)
    assert best == {'slow': [100.0, float('inf')]}  # 200 s at twice the size
    assert masks['slow'][1] is None
    # The published way takes one window whatever the size, and is the measure.
    clock = iter([0.0, 100.0] * 4)
    rows = {bench.PUBLISHED: method['slow']}
    best, masks = bench.run(rows, scenes, 3)
    assert best == {bench.PUBLISHED: [100.0, 100.0]}


@pytest.mark.slow
def test_windows_per_second(tool, capsys):
    options = ['--model', 'segrefiner-tiny', '--masks', 1, 2]
    tool('benchmark_windows', *options).main()
    way = rows(capsys.readouterr().out)['torch']
    assert len(way) == 4
    assert min(map(float, way)) > 0


def test_windows_without_a_gpu(tool):
    if torch.cuda.is_available():
        pytest.skip('has a GPU')
    bench = tool('benchmark_windows', '--device', 'cuda')
    with pytest.raises(SystemExit, match='not run on cuda'):
        bench.main()


@pytest.mark.parametrize('grows', [0, 1])
def test_growth(tool, grows):
    bench = tool('benchmark_growth')
    args = argparse.Namespace(model='segrefiner-tiny', network=False)
    _, [disc] = bench.scene(0.3, 1, bool(grows))
    radius = bench.STAYS if not grows else disc.size[0] // 4
    assert disc.area == pytest.approx(3.14 * radius**2, rel=0.02)
    row = bench.run(args, 0.3, 1, grows)
    assert row['refined'] == 1
    assert row['seconds'] > 0
