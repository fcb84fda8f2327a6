"""The review page in a real browser."""

import json
import re

import pytest

from segrefiner_mm.apis import ReportOptions, write_report
from segrefiner_mm.cli import main as cli
from tests.test_review.browser import expect, export, opened, text
from tests.test_review.label_scenes import write_panoptic
from tests.test_review.scenes import HOSTILE, HOSTILE_FILE, write_review


@pytest.fixture(scope='module')
def scenes(tmp_path_factory):
    return write_review(tmp_path_factory.mktemp('page') / 'data', 30)


@pytest.fixture(scope='module')
def report(scenes, tmp_path_factory):
    out = tmp_path_factory.mktemp('report') / 'page'
    options = ReportOptions(
        scenes.coarse, scenes.img_dir, scenes.ann, scenes.evidence
    )
    write_report(scenes.refined, out, options)
    return out


@pytest.fixture
def page(browser, report):
    with opened(browser, report) as page:
        yield page


@pytest.fixture(scope='module')
def label_run(tmp_path_factory):
    return write_panoptic(tmp_path_factory.mktemp('panoptic') / 'data')


@pytest.fixture
def label_page(browser, label_run, tmp_path):
    options = ReportOptions(label_run.coarse, label_run.img_dir)
    write_report(label_run.refined, tmp_path / 'page', options)
    with opened(browser, tmp_path / 'page') as page:
        yield page


def outline(page, name):
    return page.locator(f'.outline.{name} .line').get_attribute('d')


def test_open_slide_filter_reject_three_export_apply(page, scenes, tmp_path):
    # 18 of 30 masks are refined, see VERDICTS.
    assert text(page, '#count') == '30 of 30 masks'
    assert '18' in text(page, '#totals')
    # The most changed mask comes first, with both outlines.
    line = page.locator('.outline.refined .line')
    expect(line).to_have_attribute('d', re.compile('^M'))
    assert outline(page, 'coarse') != outline(page, 'refined')
    # Slide: the divider and both clips follow.
    width = float(page.locator('image').get_attribute('width'))
    page.locator('#slider').fill('25')
    assert float(
        page.locator('#divider').get_attribute('x1')
    ) == pytest.approx(width / 4)
    assert float(
        page.locator('#left rect').get_attribute('width')
    ) == pytest.approx(width / 4)
    box = page.locator('#picture').bounding_box()
    page.mouse.click(box['x'] + box['width'] / 2, box['y'] + 50)
    assert page.locator('#slider').input_value() == '50'
    # Filter by verdict, and reject three.
    page.locator('#by-verdict').select_option(label='refined (18)')
    assert text(page, '#count') == '18 of 30 masks'
    rejected = []
    for _ in range(3):
        rejected.append(text(page, '#name'))
        page.keyboard.press('r')
    page.keyboard.press('a')
    assert len(set(rejected)) == 3
    content = export(page, tmp_path / 'decisions.json')
    decisions = {
        d['mask']: (d['key'], d['decision']) for d in content['decisions']
    }
    keys = [k for k, decision in decisions.values() if decision == 'reject']
    assert len(decisions) == 4
    assert len(keys) == 3
    for name in rejected:
        assert decisions[name.rpartition(', ')[2]][1] == 'reject'
    # Apply them.
    out = tmp_path / 'reviewed.json'
    argv = ['coco', scenes.refined, '--coarse', scenes.coarse, '-o', out]
    argv += ['--decisions', tmp_path / 'decisions.json']
    assert cli.main([str(arg) for arg in argv]) == 0
    before, after, reviewed = (
        json.loads(p.read_text()) for p in (scenes.coarse, scenes.refined, out)
    )
    for place, entry in enumerate(reviewed):
        source = before if place in keys else after
        assert entry == source[place]


def test_names_out_of_data_files_are_shown_as_text(page):
    page.locator('#by-class').select_option(label=f'{HOSTILE} (10)')
    assert text(page, '#count') == '10 of 30 masks'
    assert HOSTILE in text(page, '#name')
    assert HOSTILE in text(page, '.row >> nth=0')
    page.fill('#by-image', HOSTILE_FILE[:12])
    page.locator('#by-class').select_option('')
    expect(page.locator('#count')).to_have_text('1 of 30 masks')
    assert HOSTILE_FILE in text(page, '.row >> nth=0')
    assert page.title() == 'Review of refined.json'
    assert page.locator('img').count() == 0


def test_the_page_loads_files_beside_it_alone(page, report):
    page.keyboard.press('End')
    page.wait_for_timeout(200)
    folder = report.as_uri()
    assert [url for url in page.asked if not url.startswith(folder)] == []
    assert any('/crops/' in url for url in page.asked)


def test_orders_and_keys(page):
    confidence = [0.9 - index / 20 for index in range(30)]
    page.locator('#order').select_option('confidence')
    assert 'result 29 of' in text(page, '#name')  # the least sure
    assert min(confidence) == confidence[29]
    page.locator('#order').select_option('file')
    page.locator('#list').focus()
    for key, place in (
        *(('j', 1), ('ArrowDown', 2), ('ArrowRight', 3), ('k', 2)),
        *(('ArrowUp', 1), ('ArrowLeft', 0), ('ArrowLeft', 0), ('End', 29)),
        *(('j', 29), ('Home', 0)),
    ):
        page.keyboard.press(key)
        assert f'result {place} of' in text(page, '#name')
        active = page.locator('#list').get_attribute('aria-activedescendant')
        row = page.locator(f'#{active}')
        assert row.get_attribute('aria-selected') == 'true'
        assert row.get_attribute('aria-posinset') == str(place + 1)
    # The arrows belong to the slider while it has the focus.
    page.locator('#slider').focus()
    page.keyboard.press('ArrowRight')
    assert 'result 0 of' in text(page, '#name')
    assert page.locator('#slider').input_value() == '51'
    # Letters are letters in a text field.
    page.locator('#by-image').focus()
    page.keyboard.type('ar')
    assert page.locator('#export').is_disabled()


def test_decisions_can_be_undone_saved_and_loaded(page, tmp_path):
    page.locator('#order').select_option('file')
    page.keyboard.press('a')
    page.keyboard.press('r')
    page.keyboard.press('k')
    page.keyboard.press('u')  # on the second
    path = tmp_path / 'decisions.json'
    content = export(page, path)
    assert [(d['key'], d['decision']) for d in content['decisions']] == [
        (0, 'accept')
    ]
    page.reload()
    page.wait_for_selector('html[data-ready]')
    assert text(page, '#export') == 'Export decisions (1)'
    content['decisions'].append(dict(key=7, mask='', decision='reject'))
    path.write_text(json.dumps(content))
    page.set_input_files('#load', path)
    expect(page.locator('#export')).to_have_text('Export decisions (2)')
    page.locator('#by-decision').select_option('reject')
    assert 'result 7 of' in text(page, '#name')
    content['refined']['sha256'] = '0'
    path.write_text(json.dumps(content))
    page.set_input_files('#load', path)
    page.wait_for_selector('#remarks .remark')
    assert 'about another refined.json' in text(page, '#remarks')


def test_a_page_of_another_length_keeps_decisions(browser, scenes, tmp_path):
    """The shorter page lacks most masks, and has the others elsewhere."""
    out = tmp_path / 'page'
    inputs = scenes.coarse, scenes.img_dir, scenes.ann, scenes.evidence

    def write(limit):
        options = ReportOptions(*inputs, limit=limit, overwrite=True)
        write_report(scenes.refined, out, options)

    def exported(page):
        listed = export(page, tmp_path / 'decisions.json')['decisions']
        return {d['key']: d['decision'] for d in listed}

    def rewritten(page, limit):
        write(limit)
        page.reload()
        page.wait_for_selector('html[data-ready]')
        return exported(page)

    write(30)
    with opened(browser, out) as page:
        for index in range(30):
            page.keyboard.press('r' if index % 2 else 'a')
        all_30 = exported(page)
        assert len(all_30) == 30
        some = rewritten(page, 4)
        assert len(some) == 4
        assert some.items() <= all_30.items()
        page.keyboard.press('u')  # writes them anew
        assert len(exported(page)) == 3
        later = rewritten(page, 30)
        assert len(later) == 29
        assert later.items() <= all_30.items()


def test_only_rows_in_sight_exist(page):
    rows = page.locator('.row').count()
    assert 0 < rows < 20
    page.locator('#list').evaluate('list => { list.scrollTop = 1e6; }')
    page.wait_for_selector('[aria-posinset="30"]')
    assert page.locator('.row').count() < 20


SHOWN = {
    'slider': ['coarse', 'refined'],
    'both': ['changes'],
    'coarse': ['coarse'],
    'refined': ['refined'],
    'none': [],
}


def test_label_maps_have_layers_and_a_table(label_page):
    page = label_page
    assert text(page, '#count') == '3 of 3 label maps'
    assert page.locator('[data-kind="masks"]').count() == 0
    assert not page.locator('#by-class').is_visible()  # there is no folder
    for mode, expected in SHOWN.items():
        page.locator('#show').select_option(mode)
        layers = page.locator('[data-layer]').evaluate_all(
            'all => all.filter(node => node.style.display !== "none")'
            '.map(node => node.dataset.layer)'
        )
        assert layers == expected
    page.locator('#show').select_option('slider')
    page.locator('#slider').fill('25')
    width = float(page.locator('image').first.get_attribute('width'))
    for side, share in (('left', 0.25), ('right', 0.75)):
        clip = page.locator(f'#{side} rect').get_attribute('width')
        assert float(clip) == pytest.approx(share * width)
    for layer, side in (('coarse', 'left'), ('refined', 'right')):
        image = page.locator(f'[data-layer="{layer}"]')
        assert image.get_attribute('clip-path') == f'url(#{side})'
        assert image.get_attribute('href') == f'layers/000/00000-{layer}.png'
    expect(page.locator('#changes tbody tr')).to_have_count(2)
    assert '2 of 2 segments changed' in text(page, '#changes caption')
    # The name of a class is shown as text.
    assert page.locator('#changes').get_by_text('<script>').count() == 1
    changed = text(page, '#numbers').split('Changed pixels')[1]
    gained = page.locator('#changes tbody td:nth-child(4)').all_inner_texts()
    pixels = sum(int(number.replace(',', '')) for number in gained)
    assert f'{pixels:,} (' in changed  # none comes from the void


def test_a_label_map_that_is_rejected_and_applied(
    label_page, label_run, tmp_path
):
    label_page.locator('#order').select_option('file')
    label_page.keyboard.press('r')
    label_page.keyboard.press('a')
    content = export(label_page, tmp_path / 'decisions.json')
    decisions = {d['key']: d['decision'] for d in content['decisions']}
    assert decisions == {0: 'reject', 1: 'accept'}
    out = tmp_path / 'reviewed.json'
    argv = ['coco', label_run.refined, '--coarse', label_run.coarse]
    argv += ['--decisions', tmp_path / 'decisions.json', '-o', out]
    assert cli.main([str(arg) for arg in argv]) == 0
    folder = label_run.coarse.parent
    for index, source in enumerate(('pan', 'refined', 'refined')):
        name = f'{index}.png'
        written = (tmp_path / 'reviewed' / name).read_bytes()
        assert written == (folder / source / name).read_bytes()


@pytest.mark.parametrize('kind', ['page', 'label_page'])
@pytest.mark.parametrize('scheme', ['light', 'dark'])
@pytest.mark.parametrize('width', [360, 1400])
def test_light_and_dark_wide_and_narrow(request, kind, scheme, width):
    page = request.getfixturevalue(kind)
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size(dict(width=width, height=800))
    wide = page.evaluate('document.documentElement.scrollWidth')
    assert wide <= width  # nothing sticks out
    colours = page.evaluate(
        'ids => ids.map(id => { const s = getComputedStyle('
        'document.querySelector(id)); return [s.color, s.backgroundColor]})',
        ['body', '#subtitle'],
    )
    (ink, paper), (faint, _) = colours
    assert contrast(ink, paper) > 7
    assert contrast(faint, paper) > 4.5  # AA of the WCAG
    assert (luminance(paper) > 0.5) == (scheme == 'light')
    page.locator('#theme').select_option('dark')
    paper = page.evaluate('getComputedStyle(document.body).backgroundColor')
    assert luminance(paper) < 0.1


def luminance(colour):
    """Relative luminance of an rgb(...) colour, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in colour[4:-1].split(',')]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
        for p in parts
    ]
    return sum(
        weight * value
        for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True)
    )


def contrast(first, second):
    dark, light = sorted([luminance(first), luminance(second)])
    return (light + 0.05) / (dark + 0.05)
