"""The suite on every supported Python, such as ``nox -s core-3.12``.

``core`` needs no compiler; ``hosts`` compiles mmcv's ops; ``openmmlab`` runs
on the original packages, which need an older PyTorch.
"""

import nox

PYTHONS = ['3.10', '3.11', '3.12', '3.13']
TORCH = 'torch==2.13.0'
PYTEST = ('python', '-m', 'pytest', '-m', 'not slow')

nox.options.sessions = ['lint', 'core-3.11']


@nox.session(python='3.11')
def lint(session: nox.Session) -> None:
    """Ruff and mypy."""
    _install_core(session)
    session.install('mypy==2.4.1', 'ruff==0.17.6')
    session.run('ruff', 'check', '.')
    session.run('ruff', 'format', '--check', '.')
    session.run('mypy')


@nox.session(python=PYTHONS)
def core(session: nox.Session) -> None:
    """All tests that need neither mmdet nor mmseg."""
    _install_core(session)
    session.run(*PYTEST, *session.posargs)


@nox.session(python='3.11')
def hosts(session: nox.Session) -> None:
    """All tests, with mmdet and mmseg of the maintained line."""
    session.install(TORCH)
    session.install('setuptools>=77', 'wheel', 'ninja')
    session.install('--no-build-isolation', 'onedl-mmcv==2.3.6')
    session.install('-r', 'requirements-test.txt', '.[onedl-models,tests]')
    session.run(*PYTEST, *session.posargs)


@nox.session(python='3.10')
def openmmlab(session: nox.Session) -> None:
    """The wrappers on the original mmengine, mmcv, mmdet and mmseg."""
    session.install('torch==2.6.0', 'numpy<2', 'setuptools<81', 'wheel')
    session.install('--no-build-isolation', 'mmcv==2.1.0')
    session.install('.[openmmlab-models,tests]', 'ftfy', 'regex')
    session.run(*PYTEST, 'tests/test_integrations', *session.posargs)


@nox.session(python='3.11')
def docs(session: nox.Session) -> None:
    """The site; a warning is an error."""
    session.install(
        '-c',
        'constraints.txt',
        'mkdocs',
        'mkdocs-material',
        'mkdocstrings[python]',
    )
    session.run('mkdocs', 'build', '--strict')


def _install_core(session: nox.Session) -> None:
    session.install(TORCH)
    session.install('--no-deps', '--no-cache-dir', 'onedl-mmcv==2.3.6')
    session.install('-r', 'requirements.txt', '-e', '.[tests]')
