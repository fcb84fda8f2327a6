"""The page of the demo, in Gradio."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import gradio as gr

from segrefiner_mm.errors import SegRefinerError
from segrefiner_mm.services.demo.demo_refiner import (
    DemoRefiner,
    Shown,
    drawn_mask,
)

HELP = (
    'Upload a photograph and paint roughly over one object, or upload a mask '
    'of it. If you upload a mask and paint as well, the mask changes only '
    'where you painted. Nothing leaves this machine.'
)
FONTS = dict(
    font=['system-ui', 'sans-serif'], font_mono=['ui-monospace', 'monospace']
)
STYLE = """
#verdict td:nth-child(-n+2), #verdict th { white-space: nowrap; }
#verdict td, #verdict th { padding: 4px 10px; }
"""
ORANGE = 'rgba(230, 120, 0, 0.6)'


def build_page(refiner: DemoRefiner, folder: Path) -> gr.Blocks:
    """Build the page.

    Args:
        refiner (DemoRefiner): Refines the masks.
        folder (Path): Folder that refined masks are written to, for download.

    Returns:
        gr.Blocks: The page, not launched.
    """
    with gr.Blocks(
        title='segrefiner',
        analytics_enabled=False,
        delete_cache=(3600, 3600),
    ) as page:
        gr.Markdown(f'# segrefiner\n{HELP}')
        with gr.Row():
            with gr.Column():
                editor = gr.ImageEditor(
                    type='pil',
                    label='Photograph, and what is painted on it',
                    sources=['upload', 'clipboard'],
                    transforms=[],
                    brush=gr.Brush(
                        default_size=30,
                        colors=[ORANGE],
                        default_color=ORANGE,
                        color_mode='fixed',
                    ),
                    layers=False,
                    format='png',
                    elem_id='photo',
                )
                given = gr.File(
                    label='or a coarse mask: an image, .npy, .npz or COCO '
                    'json, of the same size',
                    type='binary',
                    height=140,
                    elem_id='mask',
                )
                steps = gr.Slider(
                    1,
                    refiner.most_steps,
                    refiner.steps,
                    step=1,
                    label='Reverse steps: more are more cautious',
                    elem_id='steps',
                )
                guard = gr.Checkbox(
                    True,
                    label='Guard: keep masks that are already good, undo '
                    'results that cannot be trusted',
                )
                go = gr.Button('Refine', variant='primary', elem_id='refine')
            with gr.Column():
                shown = _outcome()
        state = gr.State([])

        def refine(*inputs: Any) -> list[Any]:
            return _refine(refiner, folder, *inputs)

        inputs = [editor, given, steps, guard]
        outputs = [*shown, state]
        go.click(refine, inputs, outputs, api_name=False)
        steps.release(
            lambda *given: refine(*given) if given[0] else [gr.skip()] * 9,
            inputs,
            outputs,
            api_name=False,
        )
        frame, place, title = shown[5], shown[6], shown[7]
        place.change(_frame, [place, state], [frame, title], api_name=False)
    return page


def _outcome() -> list[Any]:
    """Build the components of the page that show an outcome."""
    # No labels, which would hide the legends, and no button to share.
    look: dict[str, Any] = dict(
        show_label=False, buttons=['download', 'fullscreen']
    )
    with gr.Tab('Outlines'):
        outlines = gr.Image(elem_id='outlines', **look)
    with gr.Tab('Changes'):
        changes = gr.Image(elem_id='changes', **look)
    with gr.Tab('Confidence'):
        confidence = gr.Image(elem_id='confidence', **look)
    with gr.Tab('Step by step'):
        place = gr.Slider(
            0, 1, 0, step=1, label='Step', interactive=True, elem_id='place'
        )
        title = gr.Markdown(elem_id='title')
        frame = gr.Image(elem_id='frame', **look)
        gr.Markdown("The network's prediction on the photo, and the mask.")
    verdict = gr.Markdown(elem_id='verdict')
    mask = gr.File(label='The refined mask', elem_id='result')
    return [outlines, changes, confidence, verdict, mask, frame, place, title]


def _refine(
    refiner: DemoRefiner,
    folder: Path,
    editor: Any,
    given: bytes | None,
    steps: float,
    guard: bool,
) -> list[Any]:
    try:
        photo, drawn = drawn_mask(editor)
        mask = drawn if given is None else given
        only = drawn if given is not None and drawn.any() else None
        shown = refiner.refine(photo, mask, int(steps), guard, only)
    except SegRefinerError as error:
        raise gr.Error(str(error), print_exception=False) from None
    return _filled(shown, folder)


def _filled(shown: Shown, folder: Path) -> list[Any]:
    """Write the mask, and return the values of all outputs of the page."""
    path = folder / f'refined_{uuid4().hex[:8]}.png'
    path.write_bytes(shown.mask)
    last = max(len(shown.steps) - 1, 1)
    frame, title = _frame(last, shown.steps)
    return [
        shown.outlines,
        shown.changes,
        shown.confidence,
        shown.text,
        str(path),
        frame,
        gr.update(maximum=last, value=last),
        title,
        shown.steps,
    ]


def _frame(place: float, steps: list[Any]) -> tuple[Any, str]:
    if not steps:
        return None, 'The mask was not refined: there are no steps.'
    picture, title = steps[min(int(place), len(steps) - 1)]
    return picture, title
