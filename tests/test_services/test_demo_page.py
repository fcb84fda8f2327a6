"""The page of the demo in a real browser: upload, refine, change steps."""

import shutil
import threading
import time

import cv2
import numpy as np
import pytest

from segrefiner_mm.services.serve_options import ServeOptions
from tests.test_review.browser import FLAGS, PATIENCE
from tests.test_services.conftest import png

pytest.importorskip('gradio', reason='the extra demo is not installed')
pytestmark = pytest.mark.slow
BROWSER = shutil.which('chromium') or shutil.which('chromium-browser')


@pytest.fixture(scope='module')
def address(service, tmp_path_factory):
    import uvicorn

    from segrefiner_mm.services.demo.run_demo import build_demo
    from segrefiner_mm.services.gate import Gate

    options = ServeOptions(quiet=True)
    folder = tmp_path_factory.mktemp('demo')
    app = Gate(build_demo(service, options, folder), options, None)
    config = uvicorn.Config(app, '127.0.0.1', 0, log_level='error')
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    [listening] = server.servers
    port = listening.sockets[0].getsockname()[1]
    yield f'http://127.0.0.1:{port}'
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def page(address):
    playwright = pytest.importorskip('playwright.sync_api')
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(
            executable_path=BROWSER, args=list(FLAGS), timeout=PATIENCE
        )
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        asked = []
        page.on('request', lambda request: asked.append(request.url))
        page.goto(address)
        page.wait_for_selector('#refine')
        yield page
        outside = ('data:', 'blob:', address)
        assert [url for url in asked if not url.startswith(outside)] == []
        browser.close()


def upload(page, photo, mask):
    """Upload two PNG files, and wait until the page has them."""
    image = dict(name='a.png', mimeType='image/png', buffer=photo)
    page.locator('#photo input[type=file]').first.set_input_files(image)
    page.wait_for_selector('#photo canvas')
    page.wait_for_timeout(2000)
    coarse = dict(name='m.png', mimeType='image/png', buffer=mask)
    page.locator('#mask input[type=file]').first.set_input_files(coarse)
    page.locator('#mask a').first.wait_for()


def test_upload_refine_and_change_the_steps(page, photo, scene):
    from playwright.sync_api import expect

    page.click('#refine')
    expect(page.get_by_text('there is no photograph yet')).to_be_visible()
    upload(page, *photo)
    page.click('#refine')
    expect(page.locator('#verdict h3')).to_have_text('refined')
    expect(page.locator('#verdict')).to_contain_text('belief')
    with page.expect_download() as download:
        page.locator('#result a').first.click()
    written = cv2.imread(str(download.value.path()), cv2.IMREAD_UNCHANGED)
    assert written.shape == (160, 200)
    assert set(np.unique(written)) == {0, 255}
    page.get_by_role('tab', name='Step by step').click()
    expect(page.locator('#title')).to_contain_text('step 1 of 1')
    page.locator('#place input[type=range]').fill('0')
    expect(page.locator('#title')).to_contain_text('the coarse mask')
    steps = page.locator('#steps input[type=range]')
    steps.fill('3')
    steps.dispatch_event('pointerup')
    expect(page.locator('#title')).to_contain_text('step 3 of 3')
    page.reload()
    page.wait_for_selector('#refine')
    page.wait_for_timeout(2000)
    upload(page, photo[0], png(scene[0][:50]))
    page.click('#refine')
    expect(page.get_by_text('must be grey')).to_be_visible()


def test_paint_limits_where_an_uploaded_mask_changes(page, photo, scene):
    upload(page, *photo)
    paint(page, 0.36)  # over the left edge of the object
    page.click('#refine')
    with page.expect_download() as download:
        page.locator('#result a').first.click()
    written = cv2.imread(str(download.value.path()), cv2.IMREAD_UNCHANGED) > 0
    changed = written != scene[2]
    assert changed[:, :100].any()
    assert not changed[:, 100:].any()


def paint(page, across):
    """Paint a line from top to bottom, a fraction of the width from left."""
    box = page.locator('#photo canvas').first.bounding_box()
    x = box['x'] + across * box['width']
    page.mouse.move(x, box['y'] + 0.1 * box['height'])
    page.mouse.down()
    page.mouse.move(x, box['y'] + 0.9 * box['height'], steps=20)
    page.mouse.up()
    page.wait_for_timeout(1000)


def test_files_of_the_server_are_not_served(page, address):
    for name in ('/etc/passwd', 'README.md', 'pyproject.toml'):
        for way in (f'file={name}', f'file%3D{name}'):
            answer = page.request.get(f'{address}/gradio_api/{way}')
            assert answer.status in (403, 404)
