"""Valid files that are turned into attacks, and commands under watch."""

import os
import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers import ROOT

# After all others, as there is a test.py.
sys.path.append(str(ROOT / 'tools'))

from fuzzing.readers import OUT, absolute
from fuzzing.sandbox import Ran, Sandbox
from fuzzing.seeds import write_seeds


class Place(NamedTuple):
    """A folder of valid files, and how a command is run on them.

    Attributes:
        folder (Path): The files of :func:`write_seeds`; those of a user are
            beside it.
        sandbox (Sandbox): Runs commands.
    """

    folder: Path
    sandbox: Sandbox

    @property
    def out(self) -> Path:
        return self.folder / OUT

    def run(self, command: str) -> Ran:
        """Run a command; it may neither crash nor write elsewhere."""
        before = self.files()
        ran = self.sandbox.run(absolute(self.folder, command.split()))
        assert not ran.fault, ran.fault
        assert self.files() == before
        return ran

    def refuse(self, command: str, *words: str, status: int = 2) -> Ran:
        """Run a command that fails in words, and leaves no result."""
        ran = self.run(command)
        assert ran.status == status, ran
        assert ran.said.startswith('segrefiner: error: ')
        for word in words:
            assert word in ran.said
        results = [p for p in self.out.rglob('*') if p.name[0] != '.']
        assert not results or status == 1
        return ran

    def files(self) -> dict[str, bytes]:
        """All that the command must leave as it is."""
        contents: dict[str, bytes] = {}
        for top, folders, names in os.walk(self.folder.parent):
            if Path(top) == self.folder:
                folders[:] = [name for name in folders if name != OUT]
            contents |= {
                str(Path(top, name)): Path(top, name).read_bytes()
                for name in names
            }
        return contents


@pytest.fixture(scope='session')
def _sandbox():
    with Sandbox(seconds=60) as sandbox:
        yield sandbox


@pytest.fixture(scope='session')
def _valid_files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('seeds')
    write_seeds(folder)
    return folder


@pytest.fixture
def place(tmp_path, _valid_files, _sandbox):
    folder = tmp_path / 'home' / 'data'
    shutil.copytree(_valid_files, folder)
    (folder / OUT).mkdir()
    (folder.parent / '.profile').write_text('unharmed')
    return Place(folder, _sandbox)
