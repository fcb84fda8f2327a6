"""Parts in which the coarse mask is kept, on the page in a real browser."""

import json

import numpy as np
import pytest

from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.rle import decode_mask
from tests.test_review.browser import expect, opened, text
from tests.test_review.part_marks import (
    FIRST,
    SECOND,
    decisions,
    drag,
    expected_part,
    on_screen,
    shown_parts,
    sides,
)
from tests.test_review.part_scenes import mixed
from tests.test_review.scenes import page_data


def test_mark_remove_mark_again_export_apply(page, report, scenes, tmp_path):
    data = page_data(report)
    key, mask = data['masks']['key'][0], data['masks']['label'][0]
    assert page.locator('#export').is_disabled()
    page.click('#mark')
    assert page.locator('#mark').get_attribute('aria-pressed') == 'true'
    assert 'Drag a rectangle' in text(page, '#hint')
    drag(page, *FIRST)
    assert page.locator('#mark').get_attribute('aria-pressed') == 'false'
    assert shown_parts(page) == (1, 1)
    assert 'partly' in text(page, '.row >> nth=0')
    assert text(page, '#export') == 'Export decisions (1)'
    # The divider stays where it was while a part is marked.
    assert page.locator('#slider').input_value() == '50'
    page.get_by_label('Remove part 1').click()
    assert shown_parts(page) == (0, 0)
    assert 'partly' not in text(page, '.row >> nth=0')
    assert page.locator('#export').is_disabled()
    for points in (FIRST, SECOND):
        page.keyboard.press('p')
        drag(page, *points)
    assert shown_parts(page) == (2, 2)
    path = tmp_path / 'decisions.json'
    [decision] = decisions(page, path)
    assert decision['key'] == key
    assert decision['mask'] == mask
    assert decision['decision'] == 'partly'
    assert (decision['width'], decision['height']) == (1200, 1000)
    # A pixel of the screen is up to four pixels of the image.
    for part, points in zip(decision['parts'], (FIRST, SECOND), strict=True):
        assert all(type(side) is int for side in sides(part))
        near = pytest.approx(expected_part(report, 0, *points), abs=5)
        assert sides(part) == near
    out = tmp_path / 'reviewed.json'
    argv = ['coco', scenes.refined, '--coarse', scenes.coarse, '-o', out]
    assert cli.main([str(arg) for arg in [*argv, '--decisions', path]]) == 0
    coarse, refined, reviewed = (
        decode_mask(json.loads(p.read_text())[key]['segmentation'])
        for p in (scenes.coarse, scenes.refined, out)
    )
    expected = mixed(coarse, refined, map(sides, decision['parts']))
    assert (expected != coarse).any()
    assert (expected != refined).any()
    np.testing.assert_array_equal(reviewed, expected)


def test_parts_are_drawn_where_they_are(page, report):
    """In every view but that of the image alone."""
    page.keyboard.press('p')
    drag(page, *FIRST)
    rect = page.locator('.part .line')
    box = rect.bounding_box()
    corners = (
        [box['x'], box['y']],
        [
            box['x'] + box['width'],
            box['y'] + box['height'],
        ],
    )
    for corner, point in zip(corners, FIRST, strict=True):
        assert corner == pytest.approx(on_screen(page, point), abs=3)
    for mode in ('slider', 'both', 'coarse', 'refined'):
        page.locator('#show').select_option(mode)
        assert rect.is_visible()
    page.locator('#show').select_option('none')
    assert not rect.is_visible()


def test_clicks_and_escape_mark_nothing(page):
    middle = (0.5, 0.5)
    page.keyboard.press('p')
    drag(page, middle, middle)  # a click: the next drag still marks
    assert 'Drag a rectangle' in text(page, '#hint')
    drag(page, *FIRST, drop=False)
    assert shown_parts(page) == (0, 1)  # a draft
    page.keyboard.press('Escape')
    page.mouse.up()
    assert shown_parts(page) == (0, 0)
    assert page.locator('#mark').get_attribute('aria-pressed') == 'false'
    page.keyboard.press('p')
    page.keyboard.press('p')
    drag(page, (0.2, 0.5), (0.25, 0.5))  # moves the divider again
    assert page.locator('#slider').input_value() == '25'
    page.keyboard.press('p')
    page.keyboard.press('j')  # another mask
    assert page.locator('#mark').get_attribute('aria-pressed') == 'false'
    assert page.locator('#export').is_disabled()


def test_a_drag_that_leaves_the_picture_ends_at_its_border(
    page, report, tmp_path
):
    page.keyboard.press('p')
    page.mouse.move(*on_screen(page, (0.5, 0.5)))
    page.mouse.down()
    page.mouse.move(1190, 20, steps=3)
    page.mouse.up()
    [decision] = decisions(page, tmp_path / 'decisions.json')
    [part] = decision['parts']
    box = page_data(report)['masks']['box'][0]
    assert (part['x1'], part['y0']) == (box[2], box[1])


def test_parts_by_keys_alone(page, report, tmp_path):
    page.locator('#list').focus()
    page.keyboard.press('p')
    page.keyboard.press('ArrowLeft')  # places it
    width, height = (
        page_data(report)['masks']['box'][0][axis + 2]
        - page_data(report)['masks']['box'][0][axis]
        for axis in (0, 1)
    )
    step = round(max(width, height) / 50)
    for key in ('ArrowLeft', 'ArrowUp', 'Shift+ArrowRight', 'Shift+ArrowDown'):
        page.keyboard.press(key)
    page.keyboard.press('Enter')
    # The focus is where it was.
    assert page.evaluate('document.activeElement.id') == 'list'
    left, top, right, bottom = page_data(report)['masks']['box'][0]
    [decision] = decisions(page, tmp_path / 'decisions.json')
    x, y = left + width // 3 - step, top + height // 3 - step
    assert sides(decision['parts'][0]) == [
        *(x, y),
        *(right - width // 3, bottom - height // 3),
    ]
    page.keyboard.press('ArrowDown')  # of the list again
    assert shown_parts(page) == (0, 0)
    page.keyboard.press('ArrowUp')
    assert shown_parts(page) == (1, 1)
    page.locator('#parts button').focus()
    page.keyboard.press('Enter')
    assert shown_parts(page) == (0, 0)
    assert page.evaluate('document.activeElement.id') == 'mark'


def test_parts_by_touch(browser, report, tmp_path):
    with opened(
        browser, report, has_touch=True, viewport=dict(width=390, height=844)
    ) as page:
        page.locator('#mark').tap()
        session = page.context.new_cdp_session(page)

        def touch(kind, *points):
            at = [dict(x=x, y=y) for x, y in points]
            session.send(
                'Input.dispatchTouchEvent', dict(type=kind, touchPoints=at)
            )

        before = page.evaluate('scrollY')
        start, end = (on_screen(page, point) for point in FIRST)
        touch('touchStart', start)
        touch(
            'touchMove', [sum(xy) / 2 for xy in zip(start, end, strict=True)]
        )
        touch('touchMove', end)
        touch('touchEnd')
        expect(page.locator('#parts li')).to_have_count(1)
        assert page.evaluate('scrollY') == before
        [decision] = decisions(page, tmp_path / 'decisions.json')
        near = pytest.approx(expected_part(report, 0, *FIRST), abs=6)
        assert sides(decision['parts'][0]) == near


@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [360, 1000, 1400])
def test_nothing_sticks_out(page, scheme, width):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(dict(width=width, height=800))
    before = page.locator('#stage').bounding_box()['height']
    for _ in range(4):
        page.keyboard.press('p')
        assert page.locator('#stage').bounding_box()['height'] == before
        drag(page, *FIRST)
    assert shown_parts(page) == (4, 4)
    # The picture keeps its size, and all parts can be reached.
    assert page.locator('#stage').bounding_box()['height'] == before
    wide = page.evaluate('document.documentElement.scrollWidth')
    assert wide <= width
    viewer = page.locator('.viewer').bounding_box()
    facts = page.locator('.facts').bounding_box()
    bottom = viewer['y'] + viewer['height']
    assert facts['y'] + facts['height'] <= bottom
    page.locator('#parts button').last.click()
    page.locator('#parts button').first.click()
    assert shown_parts(page) == (2, 2)
