"""The masks to review of a folder that ``segrefiner refine`` wrote."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

from segrefiner_mm.errors import InputError, about
from segrefiner_mm.io.confine import confined
from segrefiner_mm.io.file_state import digest
from segrefiner_mm.io.files import read_json_lines
from segrefiner_mm.io.json_files.json_file import shown_name
from segrefiner_mm.io.json_files.numbers import is_real
from segrefiner_mm.io.masks import load_masks
from segrefiner_mm.io.rle import encode_mask
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.review.mask_pair import FileMark, MaskPair, Review
from segrefiner_mm.runs.predictions.prediction_journal import VERDICTS
from segrefiner_mm.runs.run_journal import NAME


@dataclass(frozen=True)
class FolderResult:
    """A result that the journal of a folder run lists.

    Attributes:
        key (str): Name of the refined mask in the folder.
        line (dict): The line of the journal.
        refined (Path): The refined mask.
        image (Path): The image.
        coarse (Path): The coarse mask, unchanged since the run.
    """

    key: str
    line: dict[str, Any]
    refined: Path
    image: Path
    coarse: Path

    @cached_property
    def refined_digest(self) -> str:
        """str: SHA-256 of the refined mask."""
        return digest(self.refined)

    @property
    def coarse_digest(self) -> str:
        """str: SHA-256 of the coarse mask, which is that of the run."""
        return str(self.line['inputs'][1][4])


def folder_results(
    folder: Path,
    coarse: Path | None,
    img_dir: Path | None,
    reporter: Reporter,
) -> Iterator[FolderResult]:
    """Yield the results of a folder run whose inputs are still there.

    The journal has the hash of every input, so a file that was changed after
    the run is not taken for one of them.

    Args:
        folder (Path): Output folder of the run.
        coarse (Path, optional): Folder of the coarse masks. None: the paths in
            the journal.
        img_dir (Path, optional): Folder of the images. None: the paths in the
            journal.
        reporter (Reporter): Receives the results that cannot be used.

    Yields:
        FolderResult: A result.

    Raises:
        InputError: If there is no journal with results, or they are label
            maps.
    """
    lines = {
        line['out']: line
        for line in read_json_lines(folder / NAME)
        if isinstance(line.get('out'), str) and 'verdict' in line
    }
    if not lines:
        raise InputError(
            f'{folder} has no {NAME} with results: it must be the output '
            'folder of segrefiner refine'
        )
    for key, line in sorted(lines.items()):
        settings = line.get('settings')
        if isinstance(settings, dict) and settings.get('labels'):
            raise InputError(
                f'{folder} holds label maps: only masks can be reviewed'
            )
        try:
            refined = confined(folder, key)
            if not refined.is_file():
                raise InputError(f'{refined} no longer exists')
            inputs = line.get('inputs')
            states = inputs if isinstance(inputs, list) else []
            image, mask = _inputs(key, states, (img_dir, coarse))
        except InputError as error:
            reporter.error(error)
            continue
        yield FolderResult(key, line, refined, image, mask)


def read_folder(
    folder: Path,
    coarse: Path | None,
    img_dir: Path | None,
    reporter: Reporter,
) -> Review:
    """Read the masks of a folder run.

    Args:
        folder (Path): See :func:`folder_results`.
        coarse (Path, optional): See :func:`folder_results`.
        img_dir (Path, optional): See :func:`folder_results`.
        reporter (Reporter): See :func:`folder_results`.

    Returns:
        Review: The masks, in the order of their names.

    Raises:
        InputError: See :func:`folder_results`.
    """
    before = len(reporter.problems)
    results, pairs = [], []
    edited = False
    for result in folder_results(folder, coarse, img_dir, reporter):
        results.append(result)
        try:
            pairs.append(_pair(result))
        except InputError as error:
            reporter.error(error)
            continue
        edited |= pairs[-1].recorded is None
    review = Review(*folder_marks(folder, results), pairs)
    review.failed = len(reporter.problems) - before
    if edited:
        review.remarks.append(
            'Some refined masks were edited after the run: the numbers of the '
            'run do not hold for them.'
        )
    return review


def folder_marks(
    folder: Path, results: list[FolderResult]
) -> tuple[FileMark, FileMark]:
    """Identify the refined and the coarse masks of a run by their contents.

    Args:
        folder (Path): Output folder of the run.
        results (list[FolderResult]): Its results.

    Returns:
        tuple[FileMark, FileMark]: Refined and coarse.

    Raises:
        InputError: If a refined mask cannot be read.
    """
    marks = []
    for digests in (
        [(r.key, r.refined_digest) for r in results],
        [(r.key, r.coarse_digest) for r in results],
    ):
        content = sha256()
        for key, own in digests:
            content.update(f'{key} {own}\n'.encode())
        marks.append(content.hexdigest())
    parent = results[0].coarse.parent.name if results else ''
    return (
        FileMark(folder.resolve().name, marks[0]),
        FileMark(parent, marks[1]),
    )


def _inputs(
    key: str, states: list[Any], folders: tuple[Path | None, Path | None]
) -> list[Path]:
    """Return the image and the coarse mask, unchanged since the run."""
    paths = []
    options = ('--img-dir', '--coarse')
    for state, folder, option in zip(
        (*states, None, None)[:2], folders, options, strict=True
    ):
        if not isinstance(state, list) or len(state) != 5:
            raise InputError(f'{key}: the journal does not list its inputs')
        noted = Path(str(state[0]))
        path = noted if folder is None else _below(folder, noted)
        if not path.is_file():
            raise InputError(
                f'{key}: no file {path}: give its folder with {option}'
            )
        if digest(path) != state[4]:
            raise InputError(f'{path} was changed after the run')
        paths.append(path)
    return paths


def _below(folder: Path, noted: Path) -> Path:
    """Return the file of the longest trailing part of a path that exists."""
    parts = noted.parts[1:]
    for start in range(len(parts)):
        path = confined(folder, '/'.join(parts[start:]))
        if path.is_file():
            return path
    return folder / noted.name


def _pair(result: FolderResult) -> MaskPair:
    line = result.line
    settings = line.get('settings')
    limit = settings.get('threshold') if isinstance(settings, dict) else None
    limit = limit if is_real(limit) else None
    coarse = _encoded(result.coarse, limit)
    refined = _encoded(result.refined, None)
    if coarse['size'] != refined['size']:
        raise InputError(
            f'{result.refined} and {result.coarse} are of different sizes'
        )
    recorded = _is_recorded(result)
    confidence, evidence = line.get('confidence'), line.get('evidence')
    return MaskPair(
        result.key,
        shown_name(result.key),
        result.image,
        shown_name(result.image.name),
        '/'.join(Path(result.key).parts[:-1]),
        coarse,
        refined,
        recorded=line['verdict'] if recorded else None,
        confidence=confidence if recorded and is_real(confidence) else None,
        evidence=_numbers(evidence) if recorded else {},
    )


def _encoded(path: Path, threshold: float | None) -> dict[str, Any]:
    with about(path):
        masks = load_masks(path, threshold=threshold).masks
        if len(masks) != 1:
            raise InputError(f'it holds {len(masks)} masks, not one')
        return encode_mask(masks[0].dense().numpy())


def _is_recorded(result: FolderResult) -> bool:
    """Return whether the refined mask is unchanged since the run."""
    outputs = result.line.get('outputs')
    state = outputs[0] if isinstance(outputs, list) and outputs else None
    if not isinstance(state, list) or len(state) != 5:
        return False
    known = result.line['verdict'] in VERDICTS
    return known and state[4] == result.refined_digest


def _numbers(evidence: Any) -> dict[str, float]:
    if not isinstance(evidence, dict):
        return {}
    return {name: n for name, n in evidence.items() if is_real(n)}
