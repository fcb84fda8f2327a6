"""A refined panoptic JSON file beside the coarse one, with their PNG files."""

from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.formats.panoptic_json import (
    PanopticRecord,
    read_panoptic,
)
from segrefiner_mm.io.json_files.json_file import shown
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.both_files import CHANGING, Contents, check_same
from segrefiner_mm.review.review import FileMark
from segrefiner_mm.review.run_records import journal_lines, recorded_state


class PanopticResult(NamedTuple):
    """An image of a panoptic JSON file, before and after refinement.

    Attributes:
        key (int): Index of the image among the annotations.
        record (PanopticRecord): Segments of the image after refinement.
        refined (Path): The refined PNG file.
        coarse (Path): The PNG file before refinement.
    """

    key: int
    record: PanopticRecord
    refined: Path
    coarse: Path


class PanopticFiles:
    """A refined panoptic JSON file and the coarse one, with their PNG files.

    Args:
        contents (Contents): From :func:`read_both`.
        files (tuple[Path, Path]): The refined and the coarse JSON file.
        reporter (Reporter): Receives the images whose PNG files are missing,
            or whose coarse PNG file was changed after the run.

    Attributes:
        results (list[PanopticResult]): The images whose PNG files can be
            used, in the order of the file.
        lines (dict[str, dict]): Lines of the run's journal, by the name of
            the PNG file; empty without a journal.

    Raises:
        InputError: If a JSON file is invalid, the two do not belong together,
            the name of a PNG file leads out of its folder, a folder of PNG
            files is missing, or the journal cannot be read.
    """

    def __init__(
        self,
        contents: Contents,
        files: tuple[Path, Path],
        reporter: Reporter,
    ) -> None:
        self._files = files
        after, before = (
            read_panoptic(content, path)
            for content, path in zip(contents, self._files, strict=True)
        )
        _check_match(contents, files)
        for new, old in zip(after, before, strict=True):
            _check_segments(new, old, files)
        folders = [path.with_suffix('') for path in self._files]
        for folder, path in zip(folders, self._files, strict=True):
            if not folder.is_dir():
                raise InputError(
                    f'no folder {folder} with the PNG files of {path}'
                )
        self.lines = journal_lines(folders[0])
        self.results: list[PanopticResult] = []
        for key, record in enumerate(after):
            paths = [record.picture(folder) for folder in folders]
            try:
                self._check(record, *paths)
            except InputError as error:
                reporter.error(error)
                continue
            self.results.append(PanopticResult(key, record, *paths))

    @cached_property
    def marks(self) -> tuple[FileMark, FileMark]:
        """tuple[FileMark, FileMark]: Refined and coarse files.

        Each is identified by the contents of its JSON and PNG files.

        Raises:
            InputError: If a file cannot be read.
        """
        pictures = (
            [result.refined for result in self.results],
            [result.coarse for result in self.results],
        )
        marks = []
        for path, listed in zip(self._files, pictures, strict=True):
            content = sha256(f'{digest(path)}\n'.encode())
            for result, picture in zip(self.results, listed, strict=True):
                name = result.record.file_name
                content.update(f'{name} {digest(picture)}\n'.encode())
            marks.append(FileMark(path.name, content.hexdigest()))
        return marks[0], marks[1]

    def _check(
        self, record: PanopticRecord, refined: Path, coarse: Path
    ) -> None:
        """Check that the PNG files exist and are those of this run."""
        for path in (refined, coarse):
            if not path.is_file():
                raise InputError(f'no file {path} of {record.where}')
        line = self.lines.get(record.file_name, {})
        state = recorded_state(line, 'inputs', 1)
        if state is None:
            return  # no journal, or the run failed to refine it
        if digest(coarse) != state[4]:
            raise InputError(
                f'{refined} was not refined from {coarse}: the journal of '
                'the run knows another content'
            )


def _check_match(contents: Contents, files: tuple[Path, Path]) -> None:
    """Refuse annotations that differ in more than their segments."""
    lists = [content['annotations'] for content in contents]
    if len(lists[0]) != len(lists[1]):
        raise InputError(
            f'{files[0]} was not refined from {files[1]}: it holds '
            f'{len(lists[0])} images, not {len(lists[1])}'
        )
    for new, old in zip(*lists, strict=True):
        where = f'image {shown(old["image_id"])}'
        check_same(new, old, frozenset(['segments_info']), where, files)


def _check_segments(
    new: PanopticRecord, old: PanopticRecord, files: tuple[Path, Path]
) -> None:
    """Refuse segments that differ in more than their boxes and areas."""
    image = f'image {shown(old.image_id)}'
    if len(new.segments) != len(old.segments):
        raise InputError(
            f'{files[0]} was not refined from {files[1]}: {image} has '
            f'{len(new.segments)} segments, not {len(old.segments)}'
        )
    for own, other in zip(new.segments, old.segments, strict=True):
        where = f'{image}: segment {shown(other["id"])}'
        check_same(own, other, CHANGING, where, files)
