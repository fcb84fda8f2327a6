"""The readers of files, and the commands that use each reader."""

import io
import random
import shutil
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

from fuzzing import seeds
from fuzzing.containers import (
    mutate_picture,
    mutate_safetensors,
    mutate_zip,
)
from fuzzing.mutations import (
    Mutate,
    mutate_bytes,
    mutate_json,
    mutate_json_lines,
)
from fuzzing.rebuilt import (
    rebuild_checkpoint,
    rebuild_npy,
    rebuild_npz,
    rebuild_pickle,
    rebuild_picture,
)
from fuzzing.tool_seeds import write_tool_seeds
from segrefiner_mm.cli import main as cli
from segrefiner_mm.runs.predictions.prediction_run import PredictionRun

OUT = 'out'


class Trial(NamedTuple):
    """A command, and the input file of it that is mutated.

    Attributes:
        target (str): The file, relative to the folder of the seeds.
        mutate (Mutate): Returns the content of a faulty file.
        argv (list[str]): Words of the command; names of files are relative to
            the folder of the seeds.
        named (list[str]): Names of files; a refusal must contain one of them.
        start (str): Folder that is copied to the output before the command
            runs. Defaults to '': the output is empty.
    """

    target: str
    mutate: Mutate
    argv: list[str]
    named: list[str]
    start: str = ''

    def faulty(self, rng: random.Random, content: bytes) -> bytes:
        """Mutate a content until it differs; return b'' after 20 attempts."""
        for _ in range(20):
            mutated = self.mutate(rng, content)
            if mutated != content:
                return mutated
        return b''


def prepare(folder: Path) -> dict[str, list[Trial]]:
    """Write the seeds into an empty folder; return the trials by reader.

    Raises:
        SystemExit: If a command refuses a valid file.
    """
    seeds.write_seeds(folder)
    write_tool_seeds(folder)
    _write_journals(folder)
    return {name: list(trials) for name, trials in _readers(folder)}


def _readers(folder: Path) -> Iterator[tuple[str, Iterator[Trial]]]:
    yield 'coco results', _coco('results.json', '--ann', 'annotations.json')
    yield 'coco annotations', _annotations()
    yield 'lvis annotations', _lvis()
    yield 'panoptic', _panoptic()
    yield 'det pickle', _pickles()
    yield 'inferencer folder', _predictions()
    yield 'labelme', _labelme()
    yield 'yolo', _yolo()
    yield 'segment anything', _sam()
    yield 'videos', _videos()
    yield 'image', _images()
    yield 'mask', _masks(folder, ('png', 'bmp', 'tif', 'webp'))
    yield 'numpy mask', _masks(folder, ('npy', 'npz'))
    yield 'label map', _labels(folder)
    yield 'pth', _weights('weights.pth', 'old.pth')
    yield 'safetensors', _weights('weights.safetensors')
    yield 'folder journal', _folder_journal(folder)
    yield 'coco journal', _coco_journal(folder)
    yield 'eval', _evaluated()


def _model(weights: str = 'weights.safetensors') -> list[str]:
    files = ['--model', 'model.py', '--weights', weights]
    return [*files, '--device', 'cpu', '--no-guard']


def _coco_argv(source: str, *options: str, out: str = 'new.json') -> list[str]:
    target = f'{OUT}/{out}'
    common = ['--img-dir', 'img', '-o', target, *_model(), *options]
    return ['coco', source, *common]


def _coco(source: str, *options: str) -> Iterator[Trial]:
    for extra in ([], ['--segmentation', 'polygon', '--update-boxes']):
        argv = _coco_argv(source, *options, *extra)
        yield Trial(source, mutate_json, argv, [source])


def _annotations() -> Iterator[Trial]:
    yield from _coco('annotations.json')
    argv = _coco_argv('results.json', '--ann', 'annotations.json')
    named = ['annotations.json', 'results.json']
    yield Trial('annotations.json', mutate_json, argv, named)


def _lvis() -> Iterator[Trial]:
    yield from _coco('lvis.json')
    argv = ['eval', 'lvis.json', 'results.json', '--lvis']
    yield Trial('lvis.json', mutate_json, argv, ['lvis.json', 'results.json'])


def _panoptic() -> Iterator[Trial]:
    argv = _coco_argv('panoptic.json')
    for _ in range(2):  # as often as all the rest
        yield Trial('panoptic.json', mutate_json, argv, ['panoptic.json'])
    picture = 'panoptic/a.png'
    named = [picture, 'panoptic.json']
    yield Trial(picture, mutate_picture, argv, named)


def _pickles() -> Iterator[Trial]:
    for number in range(4):
        name = f'dets{number}.pkl'
        argv = _coco_argv(name, out='new.pkl')
        yield Trial(name, mutate_bytes, argv, [name])
        boxes = [*argv, '--update-boxes']
        yield Trial(name, rebuild_pickle, boxes, [name])


def _predictions() -> Iterator[Trial]:
    argv = _coco_argv('preds', out='new')
    yield Trial('preds/a.json', mutate_json, argv, ['preds'])


def _labelme() -> Iterator[Trial]:
    target = 'labelme/a.json'
    argv = _coco_argv('labelme', out='new')
    yield Trial(target, mutate_json, argv, ['labelme'])
    argv = _coco_argv(target, out='new.json')
    yield Trial(target, mutate_json, argv, [target])


def _yolo() -> Iterator[Trial]:
    argv = _coco_argv('yolo', out='new')
    yield Trial('yolo/a.txt', mutate_bytes, argv, ['yolo'])


def _sam() -> Iterator[Trial]:
    boxes = '--update-boxes'
    argv = _coco_argv('sa1b.json', boxes)
    yield Trial('sa1b.json', mutate_json, argv, ['sa1b.json'])
    argv = _coco_argv('sam', boxes, out='new')
    yield Trial('sam/a.json', mutate_json, argv, ['sam'])
    argv = _coco_argv('amg', boxes, out='new')
    yield Trial('amg/a/metadata.csv', mutate_bytes, argv, ['amg'])
    yield Trial('amg/a/0.png', mutate_picture, argv, ['amg'])


def _videos() -> Iterator[Trial]:
    argv = _coco_argv('videos.json', '--update-boxes')
    yield Trial('videos.json', mutate_json, argv, ['videos.json'])


def _refine(image: str, mask: str, *options: str, out: str) -> list[str]:
    return ['refine', image, mask, '-o', f'{OUT}/{out}', *_model(), *options]


def _images() -> Iterator[Trial]:
    for suffix in seeds.PICTURES:
        image, mask = f'pictures/image.{suffix}', 'masks/mask.png'
        argv = _refine(image, mask, '--overlay', out='new.png')
        yield Trial(image, mutate_picture, argv, [image, mask])
    yield Trial(image, rebuild_picture, argv, [image, mask])


def _masks(folder: Path, suffixes: tuple[str, ...]) -> Iterator[Trial]:
    image = 'img/a.png'
    for path in sorted((folder / 'masks').iterdir()):
        mask, suffix = f'masks/{path.name}', path.suffix[1:]
        if suffix in suffixes:
            mutate = mutate_zip if suffix == 'npz' else mutate_picture
            rebuild = _REBUILD.get(suffix, rebuild_picture)
            for options in ([], ['--threshold', '0.5']):
                argv = _refine(image, mask, *options, out='new.png')
                yield Trial(mask, mutate, argv, [mask, image])
                yield Trial(mask, rebuild, argv, [mask, image])


_REBUILD = {'npy': rebuild_npy, 'npz': rebuild_npz}


def _labels(folder: Path) -> Iterator[Trial]:
    image = 'img/a.png'
    for path in sorted((folder / 'labels').iterdir()):
        labels = f'labels/{path.name}'
        argv = _refine(image, labels, '--labels', out='new.tif')
        yield Trial(labels, mutate_picture, argv, [labels, image])
    yield Trial(labels, rebuild_picture, argv, [labels, image])


def _weights(*names: str) -> Iterator[Trial]:
    for name in names:
        is_safe = name.endswith('.safetensors')
        mutate = mutate_safetensors if is_safe else mutate_zip
        argv = ['convert', name, f'{OUT}/new.safetensors', '--half']
        yield Trial(name, mutate, argv, [name])
        if not is_safe:
            yield Trial(name, rebuild_checkpoint, argv, [name])
        files = ['refine', 'img/a.png', 'masks/mask.png']
        argv = [*files, '-o', f'{OUT}/new.png', *_model(name)]
        yield Trial(name, mutate, argv, [name])


def _folder_argv() -> list[str]:
    return ['refine', 'pairs/img', 'pairs/mask', '-o', OUT, *_model()]


def _write_journals(folder: Path) -> None:
    """Write the outputs of runs that were stopped after their work."""
    image, mask = seeds.draw()
    for name in ('a', 'b'):
        seeds.write(folder / 'pairs' / 'img' / f'{name}.png', image)
        seeds.write(folder / 'pairs' / 'mask' / f'{name}.png', mask * 255)
    _run(folder, _folder_argv())
    (folder / OUT).rename(folder / 'done_pairs')
    with patch.object(PredictionRun, 'forget'):
        _run(folder, _coco_argv('journaled.json', *_ANN))
    (folder / OUT / 'new.json').unlink()
    (folder / OUT).rename(folder / 'done_coco')


_ANN = ('--ann', 'annotations.json')


def _folder_journal(folder: Path) -> Iterator[Trial]:
    yield from _journal(folder, 'done_pairs', _folder_argv())


def _coco_journal(folder: Path) -> Iterator[Trial]:
    argv = _coco_argv('journaled.json', *_ANN)
    yield from _journal(folder, 'done_coco', argv)


def _journal(folder: Path, start: str, argv: list[str]) -> Iterator[Trial]:
    [journal] = (folder / start).glob('.*.jsonl')
    target = f'{OUT}/{journal.name}'
    yield Trial(target, mutate_json_lines, argv, [OUT], start)


def _evaluated() -> Iterator[Trial]:
    figures = ['--json', f'{OUT}/figures.json']
    for truth, predicted in (
        ('annotations.json', 'results.json'),
        ('panoptic.json', 'panoptic.json'),
    ):
        argv = ['eval', truth, predicted, *figures]
        for target in (truth, predicted):
            yield Trial(target, mutate_json, argv, [truth, predicted])
    folders = ['eval', 'pairs/mask', 'pairs/mask', 'pairs/mask']
    yield Trial('pairs/mask/a.png', mutate_picture, folders, ['pairs/mask'])
    labels = [*folders, '--labels', '--ignore', '0']
    yield Trial('pairs/mask/a.png', mutate_picture, labels, ['pairs/mask'])


def absolute(folder: Path, words: list[str]) -> list[str]:
    """Return the words of a command, with absolute paths of files."""
    tops = {path.name for path in folder.iterdir()} | {OUT}
    return [
        str(folder / word) if word.split('/')[0] in tops else word
        for word in words
    ]


def _run(folder: Path, argv: list[str]) -> None:
    shutil.rmtree(folder / OUT, ignore_errors=True)
    with redirect_stdout(io.StringIO()):
        status = cli.main(absolute(folder, argv))
    if status:
        raise SystemExit(f'a valid file is not accepted: {argv}')
