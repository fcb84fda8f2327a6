"""The files that mim looks for; the metadata are in pyproject.toml.

mim finds configs and tools in ``segrefiner_mm/.mim``. A wheel gets copies; an
editable install gets links, so that they never grow stale. Building writes
nothing into the source tree.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

ROOT = Path(__file__).parent
MIM_PARTS = ('configs', 'tools', 'model-index.yml')


class BuildWithMim(build_py):
    """Copies the files for mim into the wheel."""

    def run(self) -> None:
        """Run the command of setuptools, then add the files."""
        package = Path(self.build_lib, 'segrefiner_mm')
        if self.editable_mode:
            super().run()
            return
        # An earlier build may have left modules that are gone by now.
        shutil.rmtree(package, ignore_errors=True)
        super().run()
        for part in MIM_PARTS:
            _copy(ROOT / part, package / '.mim' / part)
        # Named models find their configs without mim's folder too.
        for part in ('_base_', 'segrefiner'):
            _copy(ROOT / 'configs' / part, package / 'configs' / part)


class EditableWithMim(editable_wheel):
    """Links the files for mim into the source tree."""

    def run(self) -> None:
        """Run the command of setuptools, then add the files."""
        folder = ROOT / 'segrefiner_mm' / '.mim'
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for part in MIM_PARTS:
            (folder / part).symlink_to(Path('..', '..', part))
        super().run()


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        ignored = shutil.ignore_patterns('__pycache__')
        shutil.copytree(source, target, ignore=ignored)
    else:
        shutil.copy2(source, target)


setup(cmdclass=dict(build_py=BuildWithMim, editable_wheel=EditableWithMim))
