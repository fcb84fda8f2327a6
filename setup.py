"""Packaging; the metadata that never change are here too, in one place."""

import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel
from setuptools.command.sdist import sdist

ROOT = Path(__file__).parent
MIM = ROOT / 'segrefiner_mm' / '.mim'
MIM_PARTS = ('configs', 'tools', 'model-index.yml')


def version() -> str:
    scope: dict = {}
    exec((ROOT / 'segrefiner_mm' / 'version.py').read_text(), scope)
    return scope['__version__']


def fill_mim(link: bool) -> None:
    """Put what mim looks for inside the package: links or copies."""
    if not (ROOT / 'model-index.yml').exists():
        return  # built from an sdist, which brings the folder along
    shutil.rmtree(MIM, ignore_errors=True)
    MIM.mkdir()
    for part in MIM_PARTS:
        source = ROOT / part
        if link:
            (MIM / part).symlink_to(Path('..', '..', part))
        elif source.is_dir():
            shutil.copytree(
                source,
                MIM / part,
                ignore=shutil.ignore_patterns('__pycache__'),
            )
        else:
            shutil.copy2(source, MIM / part)


class BuildWithMim(build_py):
    def run(self) -> None:
        if not self.editable_mode:
            fill_mim(link=False)
            # The list of data files was made before there were any.
            self.__dict__.pop('data_files', None)
        super().run()


class SdistWithMim(sdist):
    def run(self) -> None:
        fill_mim(link=False)
        super().run()


class EditableWithMim(editable_wheel):
    def run(self) -> None:
        fill_mim(link=True)
        super().run()


MMENGINE_MMCV = {
    'onedl': ['onedl-mmengine>=0.10.12', 'onedl-mmcv>=2.3.6'],
    'openmmlab': ['mmengine>=0.10.7', 'mmcv>=2.1.0'],
}
MODELS = {
    'onedl': ['onedl-mmdetection>=3.5.1', 'onedl-mmsegmentation>=1.4.2'],
    'openmmlab': ['mmdet>=3.3.0', 'mmsegmentation>=1.2.2'],
}
TESTS = ['pytest>=8', 'hypothesis>=6']

setup(
    name='segrefiner_mm',
    version=version(),
    description='Refine coarse segmentation masks by discrete diffusion '
    '(SegRefiner), for OpenMMLab and for any mask',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    keywords='segmentation, mask refinement, diffusion, OpenMMLab',
    classifiers=[
        'Programming Language :: Python :: 3',
        'Topic :: Scientific/Engineering :: Image Recognition',
    ],
    packages=find_packages(include=['segrefiner_mm', 'segrefiner_mm.*']),
    include_package_data=True,
    package_data={
        'segrefiner_mm': [
            'py.typed',
            'weights/*',
            '.mim/model-index.yml',
            '.mim/configs/**/*',
            '.mim/tools/**/*',
        ]
    },
    python_requires='>=3.10',
    # mmengine and mmcv have two distributions each with the same import
    # names, and one would overwrite the other: see the extras. OpenCV has
    # several as well, and mmcv brings the one it wants.
    install_requires=[
        'torch>=2.6',
        'numpy>=1.24',
        'pillow>=10',
        'pycocotools>=2.0.7',
        'faster-coco-eval>=1.6',
        'rich>=13',
        'safetensors>=0.4.3',
    ],
    extras_require={
        'onedl': MMENGINE_MMCV['onedl'],
        'openmmlab': MMENGINE_MMCV['openmmlab'],
        'onedl-models': MMENGINE_MMCV['onedl'] + MODELS['onedl'],
        'openmmlab-models': MMENGINE_MMCV['openmmlab'] + MODELS['openmmlab'],
        'eval': ['pysodmetrics>=1.6'],
        'tests': TESTS,
        'dev': [*TESTS, 'ruff>=0.12', 'mypy>=1.15', 'pre-commit>=4'],
    },
    entry_points={
        'console_scripts': ['segrefiner = segrefiner_mm.cli.main:main']
    },
    cmdclass={
        'build_py': BuildWithMim,
        'sdist': SdistWithMim,
        'editable_wheel': EditableWithMim,
    },
    zip_safe=False,
)
