"""Parts of masks on the page: decided, undone, saved and loaded."""

import json

import numpy as np

from segrefiner_mm.apis import ReportOptions, write_report
from segrefiner_mm.cli import main as cli
from segrefiner_mm.io.formats.panoptic_picture import read_segment_ids
from tests.test_review.browser import expect, export, opened, text
from tests.test_review.label_scenes import write_panoptic
from tests.test_review.part_marks import (
    FIRST,
    SECOND,
    decisions,
    drag,
    shown_parts,
    sides,
)
from tests.test_review.part_scenes import mixed


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
    said = page.locator('#status').text_content()
    assert said.endswith('is refined again but for 2 parts')
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
