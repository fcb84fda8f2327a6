"""Parts in which the coarse mask is kept, on the page in a real browser."""

import json

import numpy as np
import pytest

from segrefiner_mm.apis import ReportOptions, write_report
from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.formats.panoptic_picture import read_segment_ids
from segrefiner_mm.io.rle import decode_mask
from tests.test_review.browser import expect, export, opened, text
from tests.test_review.label_scenes import write_panoptic
from tests.test_review.part_scenes import mixed
from tests.test_review.scenes import page_data, write_review

SIDES = ('x0', 'y0', 'x1', 'y1')
# Inside the picture of the first mask, as shares of its width and height.
FIRST, SECOND = ((0.1, 0.2), (0.5, 0.6)), ((0.9, 0.95), (0.55, 0.7))


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    """Pictures of masks that are shrunk, as their images are large."""
    folder = tmp_path_factory.mktemp('page') / 'data'
    return write_review(folder, 5, height=1000, width=1200)


@pytest.fixture(scope='module')
def report(scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp('report') / 'page'
    options = ReportOptions(scenes.coarse, scenes.img_dir, scenes.ann)
    write_report(scenes.refined, out, options)
    return out


@pytest.fixture
def page(browser, report):
    with opened(browser, report) as page:
        yield page


def on_screen(page, point):
    """A point of the picture on the screen, from shares of its sides."""
    return page.evaluate(
        """([x, y]) => {
          const picture = document.getElementById('picture');
          const { width, height } = picture.viewBox.baseVal;
          const point = new DOMPoint(x * width, y * height);
          const shown = point.matrixTransform(picture.getScreenCTM());
          return [shown.x, shown.y];
        }""",
        point,
    )


def drag(page, start, end, drop=True):
    page.mouse.move(*on_screen(page, start))
    page.mouse.down()
    page.mouse.move(*on_screen(page, end), steps=3)
    if drop:
        page.mouse.up()


def expected_part(report, index, start, end):
    """The pixels of the image that a drag covers, from the data alone."""
    box = page_data(report)['masks']['box'][index]
    x, y = (
        sorted(
            box[axis] + point[axis] * (box[axis + 2] - box[axis])
            for point in (start, end)
        )
        for axis in (0, 1)
    )
    return [x[0], y[0], x[1], y[1]]


def shown_parts(page):
    return page.locator('#parts li').count(), page.locator('.part').count()


def sides(part):
    return [part[side] for side in SIDES]


def decisions(page, path):
    return export(page, path)['decisions']


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


def test_accept_reject_and_undo_with_parts(page, tmp_path):
    page.locator('#go-on').uncheck()

    def state():
        mark = text(page, '.row >> nth=0').split('\n')
        pressed = page.locator('.decide [aria-pressed="true"]')
        known = [word for word in mark if word[:1] in '✓✗◐']
        return known, pressed.all_inner_texts(), shown_parts(page)[0]

    page.keyboard.press('a')
    page.keyboard.press('p')
    drag(page, *FIRST)
    page.keyboard.press('p')
    drag(page, *SECOND)
    assert state() == (['◐ partly'], [], 2)
    page.keyboard.press('r')
    assert state()[0] == ['✗ rejected']
    assert 'rejected: parts do not count' in text(page, '#hint')
    path = tmp_path / 'decisions.json'
    [decision] = decisions(page, path)
    assert decision['decision'] == 'reject'
    assert 'parts' not in decision
    page.keyboard.press('u')  # the parts are still there
    assert state() == (['◐ partly'], [], 2)
    page.keyboard.press('u')
    assert state()[2] == 1
    page.locator('#by-decision').select_option('partly')
    assert text(page, '#count') == '1 of 5 masks'
    page.locator('#by-decision').select_option('')
    page.keyboard.press('r')
    page.keyboard.press('p')
    drag(page, *SECOND)  # which takes the rejection back
    assert state() == (['◐ partly'], [], 2)
    for _ in range(2):
        page.keyboard.press('u')
    assert state() == ([], [], 0)
    assert page.locator('#export').is_disabled()


def test_parts_are_saved_and_loaded(page, tmp_path):
    path = tmp_path / 'decisions.json'
    page.keyboard.press('p')
    drag(page, *FIRST)
    page.keyboard.press('j')
    page.keyboard.press('r')
    before = export(page, path)
    page.reload()
    page.wait_for_selector('html[data-ready]')
    assert shown_parts(page) == (1, 1)
    assert export(page, tmp_path / 'again.json') == before
    page.keyboard.press('u')
    page.keyboard.press('p')
    drag(page, *SECOND)
    page.set_input_files('#load', path)
    expect(page.locator('#status')).to_have_text('2 decisions loaded')
    assert export(page, tmp_path / 'again.json') == before
    # Nothing of a file with a mistake is taken.
    [own] = [d for d in before['decisions'] if d['decision'] == 'partly']
    before['decisions'][1]['decision'] = 'accept'
    for change in (
        dict(parts=[dict(own['parts'][0], x1=1201)]),
        dict(parts=[dict(own['parts'][0], x0='1')]),
        dict(parts=[]),
        dict(parts=[None]),
        dict(width=1000, height=1200),
    ):
        wrong = [dict(own, **change), before['decisions'][1]]
        path.write_text(json.dumps({**before, 'decisions': wrong}))
        page.set_input_files('#load', path)
        expect(page.locator('#remarks .remark').last).to_contain_text(
            f'the parts of {own["mask"]} are not inside its image'
        )
        page.evaluate(
            'document.querySelectorAll("#remarks .remark")'
            '.forEach(node => node.remove())'
        )
        listed = decisions(page, tmp_path / 'again.json')
        assert [d['decision'] for d in listed] == ['partly', 'reject']


def test_what_another_page_saved_does_no_harm(page):
    saved = [[0, None, [dict(x0=0, y0=0, x1=9999, y1=5)]], [1, 'no'], [2]]
    page.evaluate(
        'text => localStorage.setItem(SAVED, text)', json.dumps(saved)
    )
    page.reload()
    page.wait_for_selector('html[data-ready]')
    assert page.locator('#export').is_disabled()


def test_parts_of_masks_on_a_longer_page_are_kept(browser, scenes, tmp_path):
    out = tmp_path / 'page'

    def write(limit):
        options = ReportOptions(
            scenes.coarse,
            scenes.img_dir,
            scenes.ann,
            limit=limit,
            overwrite=True,
        )
        write_report(scenes.refined, out, options)

    write(5)
    with opened(browser, out) as page:
        page.keyboard.press('End')
        page.keyboard.press('p')
        drag(page, *FIRST)
        before = decisions(page, tmp_path / 'decisions.json')
        for limit in (1, 5):
            write(limit)
            page.reload()
            page.wait_for_selector('html[data-ready]')
            page.keyboard.press('a')  # writes all of them anew
        after = decisions(page, tmp_path / 'decisions.json')
    assert before[0] in after
    assert len(after) == 2


def test_parts_of_a_label_map(browser, tmp_path):
    run = write_panoptic(tmp_path / 'data')
    options = ReportOptions(run.coarse, run.img_dir)
    write_report(run.refined, tmp_path / 'page', options)
    with opened(browser, tmp_path / 'page') as page:
        page.locator('#order').select_option('file')
        assert 'Keep the coarse label map in a part' in text(page, '#mark')
        page.keyboard.press('p')
        drag(page, (0.5, 0.02), (0.98, 0.98))
        [decision] = decisions(page, tmp_path / 'decisions.json')
    assert decision['key'] == 0
    out = tmp_path / 'reviewed.json'
    argv = ['coco', run.refined, '--coarse', run.coarse, '-o', out]
    argv += ['--decisions', tmp_path / 'decisions.json']
    assert cli.main([str(arg) for arg in argv]) == 0
    coarse, refined, reviewed = (
        read_segment_ids(path.with_suffix('') / '0.png')
        for path in (run.coarse, run.refined, out)
    )
    expected = mixed(coarse, refined, map(sides, decision['parts']))
    assert (expected != coarse).any()
    assert (expected != refined).any()
    np.testing.assert_array_equal(reviewed, expected)


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
