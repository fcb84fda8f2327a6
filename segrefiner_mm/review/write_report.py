"""The review page of refined masks."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from segrefiner_mm.errors import InputError
from segrefiner_mm.io.encodings.compact_runs import MaskCrops
from segrefiner_mm.io.files import PICTURE_SUFFIXES
from segrefiner_mm.io.formats.panoptic_json import is_panoptic
from segrefiner_mm.io.images import load_image
from segrefiner_mm.reporting.reporter import Reporter
from segrefiner_mm.reporting.run_summary import RunSummary
from segrefiner_mm.review.both_files import read_both
from segrefiner_mm.review.coco_review import CocoReview
from segrefiner_mm.review.crops import Crop, Picture, draw_crop
from segrefiner_mm.review.folder_review import read_folder
from segrefiner_mm.review.label_crops import draw_labels
from segrefiner_mm.review.label_pair import LabelPair
from segrefiner_mm.review.mask_pair import MaskPair, Size
from segrefiner_mm.review.page_folder import check_free, new_folder
from segrefiner_mm.review.page_writer import PageWriter
from segrefiner_mm.review.panoptic_review import read_panoptic_review
from segrefiner_mm.review.report_options import ReportOptions
from segrefiner_mm.review.review import Pair, Review
from segrefiner_mm.runs.predictions.mask_rows import read_rows
from segrefiner_mm.runs.predictions.prediction_masks import MOST_MASKS


def write_report(
    refined: str | Path,
    out: str | Path,
    options: ReportOptions | None = None,
    reporter: Reporter | None = None,
) -> RunSummary:
    """Write a page to review refined masks; the function behind ``report``.

    Label maps are reviewed like masks, with one decision per image.

    Args:
        refined (str | Path): JSON file of :func:`refine_predictions`, which
            needs ``coarse`` and ``img_dir`` of the options, or output folder
            of :func:`refine_folder` or :func:`refine_labels`.
        out (str | Path): Folder to write; the page is ``index.html`` in it.
        options (ReportOptions, optional): Inputs and limits. Defaults to
            None: the defaults of :class:`ReportOptions`.
        reporter (Reporter, optional): Receives progress, and messages about
            masks and images that cannot be shown. Defaults to None: nothing
            is printed; see ``problems`` of the summary.

    Returns:
        RunSummary: Number of masks or label maps that were drawn, number that
        could not be shown, and messages.

    Raises:
        InputError: If an input or option cannot be used, nothing can be
            shown, files would be lost, or the page cannot be written.
    """
    options, reporter = options or ReportOptions(), reporter or Reporter()
    refined, out = Path(refined), Path(out)
    if options.limit < 1:
        raise InputError(f'--limit must be 1 or more, got {options.limit}')
    check_free(out, options.overwrite)
    review = _read(refined, options, reporter)
    if not review.pairs:
        raise InputError(f'nothing of {refined} can be shown')
    chosen = choose(review.pairs, options.limit)
    hidden = len(review.pairs) - len(chosen)
    if hidden:
        review.remarks.append(
            f'{hidden} {review.noun} are not on this page: it holds the '
            f'{len(chosen)} that changed most'
            + ('.' if review.is_of_label_maps else ' or are least confident.')
        )
    with new_folder(out, options.overwrite) as folder:
        drawn = _draw(PageWriter(folder), review, chosen, reporter)
        if not drawn:
            raise InputError(f'nothing of {refined} can be shown')
    return RunSummary(
        f'{out / "index.html"}: {drawn} {review.noun}'
        + (f', {review.failed} failed' if review.failed else ''),
        drawn,
        review.failed,
        tuple(reporter.problems),
    )


def choose(pairs: Sequence[Pair], limit: int) -> list[Pair]:
    """Choose the masks or label maps that are most worth a look.

    Args:
        pairs (Sequence[Pair]): All masks, or all label maps.
        limit (int): Maximum number to choose.

    Returns:
        list[Pair]: In the given order. If there are more than the limit, half
        of the result are the most changed pairs, and the other half are the
        least confident of the remaining pairs. A pair without a confidence
        comes after all pairs that have one.
    """
    if len(pairs) <= limit:
        return list(pairs)
    places = range(len(pairs))
    by_change = sorted(places, key=lambda i: -pairs[i].share)
    chosen = set(by_change[: (limit + 1) // 2])
    by_doubt = sorted(by_change, key=lambda i: _doubt(pairs[i]))
    rest = [place for place in by_doubt if place not in chosen]
    chosen.update(rest[: limit - len(chosen)])
    return [pairs[place] for place in sorted(chosen)]


def _doubt(pair: Pair) -> float:
    certainty = pair.certainty
    return 2.0 if certainty is None else certainty


def _read(refined: Path, options: ReportOptions, reporter: Reporter) -> Review:
    if not refined.exists():
        raise InputError(f'no such file or folder: {refined}')
    if refined.is_dir():
        if options.ann or options.evidence:
            raise InputError('--ann and --evidence are for .json files')
        return read_folder(refined, options.coarse, options.img_dir, reporter)
    if refined.suffix.lower() in PICTURE_SUFFIXES:
        raise InputError(
            f'{refined} is one image: a page shows a folder or a .json, and '
            'segrefiner refine --overlay draws one mask'
        )
    if options.coarse is None or options.img_dir is None:
        raise InputError(
            f'{refined} needs --coarse, the file that was refined, and '
            '--img-dir, where its images are'
        )
    contents = read_both(refined, options.coarse)
    if is_panoptic(contents[0]):
        if options.evidence:
            raise InputError(
                '--evidence is for results and annotations with a mask each, '
                f'and {refined} is panoptic'
            )
        return read_panoptic_review(contents, refined, options, reporter)
    rows = read_rows(options.evidence) if options.evidence else {}
    review = CocoReview(
        contents,
        (refined, options.coarse),
        options.img_dir,
        options.ann,
        rows,
        reporter,
    ).read()
    _remark(review, options.evidence)
    return review


def _remark(review: Review, evidence: Path | None) -> None:
    """Describe the information that the page lacks."""
    bare = sum(pair.recorded is None for pair in review.pairs)
    if evidence is None:
        review.remarks.append(
            'The verdicts are inferred from the masks: kept and rolled back '
            'masks are both "unchanged", and confidence, belief and edge gain '
            'are not known. "segrefiner coco --report CSV" writes them, and '
            '"segrefiner report --evidence CSV" shows them.'
        )
    elif bare:
        review.remarks.append(
            f'{bare} masks are not in {evidence.name}: their verdicts are '
            'inferred from the masks.'
        )


def _draw(
    page: PageWriter,
    review: Review,
    pairs: Sequence[Pair],
    reporter: Reporter,
) -> int:
    """Draw all pairs, reading each image once; return how many were drawn."""
    ranked = sorted(pairs, key=lambda pair: -pair.share)
    places = {pair.key: place for place, pair in enumerate(ranked)}
    of_image: dict[tuple[Path, Size], list[Pair]] = {}
    for pair in pairs:
        of_image.setdefault((pair.image, pair.size), []).append(pair)
    drawn = 0
    with reporter.progress(len(of_image), 'Drawing') as advance:
        for (path, size), group in of_image.items():
            done = []
            try:
                image = load_image(path, size)
                for pair, crop in _crops(image, group):
                    page.add(places[pair.key], pair, crop)
                    done.append(pair.verdict)
            except InputError as error:
                review.failed += len(group) - len(done)
                reporter.error(error)
            drawn += len(done)
            advance(done)
    page.finish(review)
    return drawn


def _crops(
    image: Picture, pairs: Sequence[Pair]
) -> Iterator[tuple[Pair, Crop]]:
    """Draw label maps, then masks, decoding ``MOST_MASKS`` masks at a time."""
    for pair in pairs:
        if isinstance(pair, LabelPair):
            yield pair, draw_labels(image, pair)
    masks = [pair for pair in pairs if isinstance(pair, MaskPair)]
    for first in range(0, len(masks), MOST_MASKS):
        part = masks[first : first + MOST_MASKS]
        crops = MaskCrops([p.coarse for p in part] + [p.refined for p in part])
        for place, pair in enumerate(part):
            coarse, refined = crops.mask(place), crops.mask(len(part) + place)
            yield pair, draw_crop(image, coarse, refined)
