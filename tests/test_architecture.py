"""The rules of docs/architecture.md, read out of the source."""

import ast

from tests.helpers import ROOT

PACKAGE = ROOT / 'segrefiner_mm'
# A room may import those that come later, and no room that comes before.
ROOMS = (
    'cli',
    'apis',
    'scale',
    'services',
    'review',
    'runs',
    'integrations',
    'label_maps',
    'datasets',
    'engine',
    'evaluation',
    'video',
    'runtimes',
    'models',
    'reporting',
    'visualization',
    'matting',
    'io',
    'windows',
)
MOST_LINES = 300
HOSTS = {'mmdet', 'mmseg'}


def modules():
    """Path and syntax tree of every module."""
    for path in sorted(PACKAGE.rglob('*.py')):
        if '.mim' not in path.parts:
            yield path.relative_to(PACKAGE), ast.parse(path.read_text())


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f'{node.module}.{alias.name}'
                is_module = (ROOT / inner.replace('.', '/')).with_suffix('.py')
                yield inner if is_module.is_file() else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_imports_point_downwards():
    wrong, seen = [], set()
    for path, tree in modules():
        own = path.parts[0]
        if own not in ROOMS:
            continue
        for name in imported(tree):
            package, _, rest = name.partition('.')
            other = rest.partition('.')[0]
            if package != 'segrefiner_mm' or other not in ROOMS:
                continue
            seen.add((own, other))
            if ROOMS.index(other) < ROOMS.index(own):
                wrong.append(f'{path} imports {name}')
    assert not wrong
    assert ('runs', 'io') in seen  # or nothing was read at all


def test_no_module_imports_itself_through_others():
    uses = {}
    for path, tree in modules():
        name = '.'.join(('segrefiner_mm', *path.with_suffix('').parts))
        uses[name.removesuffix('.__init__')] = set(imported(tree))
    done = set()

    def visit(name, above):
        assert name not in above, f'{name} imports itself: {above}'
        if name in uses and name not in done:
            for other in sorted(uses[name] - {name}):
                visit(other, (*above, name))
            done.add(name)

    for name in uses:
        visit(name, ())


def test_no_other_room_than_the_integrations_imports_mmdet_or_mmseg():
    users = {
        path.parts[0]
        for path, tree in modules()
        for name in imported(tree)
        if name.partition('.')[0] in HOSTS
    }
    assert users <= {'integrations'}


def test_only_the_commands_know_the_command_line():
    users = {
        path.parts[0]
        for path, tree in modules()
        if 'argparse' in imported(tree)
    }
    assert users == {'cli'}


def test_files_are_short():
    long = {
        str(path): count
        for path, _ in modules()
        if (count := len((PACKAGE / path).read_text().splitlines()))
        > MOST_LINES
    }
    assert not long


def test_every_room_is_in_the_document():
    text = (ROOT / 'docs' / 'architecture.md').read_text()
    assert not [room for room in ROOMS if f'`{room}/`' not in text]
