"""README.md and docs/ are run as they stand: Python, commands, options, links.

Python blocks run on small drawn inputs, in a folder that has the files they
name. A block that cannot run says why in a comment before it. The commands of
the quickstart, the cookbook and docs/soft.md run too; those of all documents
are parsed by the parser of the command line.
"""

import argparse
import re
import shlex
import shutil
import warnings
from pathlib import Path
from unittest import SkipTest

import pytest
import torch

from segrefiner_mm.cli.main import main
from segrefiner_mm.cli.parsers import build_parser
from segrefiner_mm.registry import FUNCTIONS
from tests.document_files import write_files
from tests.helpers import ROOT

DOCUMENTS = [ROOT / 'README.md', *sorted((ROOT / 'docs').glob('*.md'))]
FENCE = re.compile(r'^```(\w*)\n(.*?)^```', re.MULTILINE | re.DOTALL)
INLINE = re.compile(r'(?<!`)`([^`\n]+)`(?!`)')
LINK = re.compile(r'\]\(([^)\s]+)\)')
OPTION = re.compile(r'(?<![\w-])--[a-z][a-z_-]*[a-z]')
# Options of other programs: pip, mim, torchrun, mmdet's tools, cvat-cli.
FOREIGN = {
    *('--no-deps', '--no-cache-dir', '--no-build-isolation'),
    *('--checkpoint', '--nproc_per_node', '--out', '--out_prefix'),
    *('--out_dir', '--step', '--nproc-per-node'),
    # of cvat-cli
    *('--server-host', '--function-module', '--clear-existing'),
    '--conv-mask-to-poly',
}
# Commands of a document that its Python blocks build on.
BEFORE = {'review.md': ['refine', 'images/', 'masks/', '-o', 'refined/']}
# Why a command of the quickstart or the cookbook is parsed only.
PARSED_ONLY = {
    'results.pkl': 'tests/test_cli/test_coco_command.py runs it',
    'preds/': 'tests/test_cli/test_coco_command.py runs it',
    'tables/': 'tests/test_scale/test_refine_tables.py runs it',
    'train.json': 'tests/test_scale/test_ray_engine.py runs it',
}


def by_name(path):
    return path.name


def fences(text, *languages):
    return [body for name, body in FENCE.findall(text) if name in languages]


def shell_commands(text):
    """The ``segrefiner`` commands of shell blocks, as lists of arguments."""
    lines = '\n'.join(fences(text, 'shell')).replace('\\\n', ' ')
    split = [shlex.split(line, comments=True) for line in lines.splitlines()]
    return [words[1:] for words in split if words[:1] == ['segrefiner']]


def inline_commands(text):
    """Those within a line; a name without arguments is no command."""
    prose = FENCE.sub('', text)
    split = [
        shlex.split(code)
        for code in INLINE.findall(prose)
        if code.startswith('segrefiner ')
    ]
    return [
        words[1:]
        for words in split
        if any(not word.startswith('-') for word in words[2:])
    ]


def parses(words):
    """Whether the parser takes them; it prints why not."""
    try:
        build_parser().parse_args(words)
    except SystemExit as end:
        return end.code == 0  # --help and --version
    return True


def all_options(parser):
    """The options of a parser and of its commands."""
    options = set()
    for action in parser._actions:
        options.update(action.option_strings)
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                options |= all_options(command)
    return options


@pytest.fixture(autouse=True)
def one_thread():
    """The pictures are too small for more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def runnable(path):
    """The document's examples, and its namespace."""
    sybil = pytest.importorskip('sybil')
    markdown = pytest.importorskip('sybil.parsers.markdown')
    parsers = [markdown.PythonCodeBlockParser(), markdown.SkipParser()]
    return sybil.Sybil(parsers=parsers).parse(path)


@pytest.mark.parametrize(
    'path',
    [path for path in DOCUMENTS if fences(path.read_text(), 'python')],
    ids=by_name,
)
def test_python_blocks_run(path, tmp_path, monkeypatch):
    document = runnable(path)
    monkeypatch.chdir(tmp_path)
    document.namespace.update(write_files(tmp_path))
    if before := BEFORE.get(path.name):
        assert before in shell_commands(path.read_text())
        assert main(before) == 0
    registered = set(FUNCTIONS.module_dict)
    ran, skipped = 0, 0
    try:
        for example in document.examples():
            try:
                example.evaluate()
                ran += not isinstance(example.region.parsed, tuple)
            except SkipTest:
                skipped += 1
    finally:
        for name in set(FUNCTIONS.module_dict) - registered:
            FUNCTIONS.module_dict.pop(name)
    # Every block was seen. A marker is an example too, a tuple; an example of
    # a doctest is a line of its block.
    assert skipped == path.read_text().count('<!--- skip: next "')
    assert ran + skipped >= len(fences(path.read_text(), 'python'))


@pytest.mark.parametrize('path', DOCUMENTS, ids=by_name)
def test_commands_are_understood(path, capsys):
    text = path.read_text()
    for words in shell_commands(text) + inline_commands(text):
        assert parses(words), capsys.readouterr().err


def test_commands_were_read():
    text = '\n'.join(path.read_text() for path in DOCUMENTS)
    names = {words[0] for words in shell_commands(text)}
    assert {'refine', 'coco', 'eval', 'convert'} <= names
    assert len(inline_commands(text)) >= 10


@pytest.mark.parametrize('path', DOCUMENTS, ids=by_name)
def test_options_exist(path):
    known = all_options(build_parser()) | FOREIGN
    for folder in ('tools', 'segrefiner_mm/cli'):
        for source in (ROOT / folder).rglob('*.py'):
            known |= set(re.findall(r"'(--[\w-]+)'", source.read_text()))
    text = path.read_text()
    code = [*INLINE.findall(FENCE.sub('', text)), *fences(text, 'shell', '')]
    shown = {option for part in code for option in OPTION.findall(part)}
    assert shown <= known


@pytest.mark.parametrize('path', DOCUMENTS, ids=by_name)
def test_links_lead_somewhere_in_the_repository(path):
    for target in LINK.findall(FENCE.sub('', path.read_text())):
        name = target.partition('#')[0]
        if name and '://' not in name:
            assert (path.parent / name).exists(), target


def commands_to_run():
    for name in ('quickstart.md', 'cookbook.md', 'soft.md'):
        text = (ROOT / 'docs' / name).read_text()
        for words in shell_commands(text):
            if words[0] != '--version' and words[1] not in PARSED_ONLY:
                yield pytest.param(words, id=f'{name}:{shlex.join(words)}')


@pytest.mark.parametrize('words', commands_to_run())
def test_commands_run(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    if '--mask-suffix' in words:
        for mask in Path('masks').iterdir():
            mask.rename(mask.with_name(f'{mask.stem}_mask.png'))
    if words[0] == 'eval':  # compares what another command has written
        coarse, refined = Path(words[2]), Path(words[3])
        copy = shutil.copytree if coarse.is_dir() else shutil.copy
        copy(coarse, refined)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        status = main(words)
    assert status == 0, capsys.readouterr().err
    for option in ('-o', '--report'):
        if option in words:
            assert Path(words[words.index(option) + 1]).exists()
