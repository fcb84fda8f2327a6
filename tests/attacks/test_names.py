"""Names in data files that lead out of their folder."""

import json
import shutil

import pytest

COCO = (
    'coco {} --img-dir img -o out/new.json --model model.py '
    '--weights weights.safetensors --device cpu'
)


def change(path, part, **fields):
    content = json.loads(path.read_text())
    content[part][0].update(fields)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize('kind', ['above', 'absolute', 'inside', 'windows'])
def test_panoptic_picture_elsewhere(place, kind):
    """A picture of this name would be written beside the output folder."""
    profile = place.folder.parent / 'profile.png'
    profile.write_text('unharmed')
    name = {
        'above': '../../profile.png',
        'absolute': str(profile),
        'inside': 'x/../../../profile.png',
        'windows': '..\\..\\profile.png',
    }[kind]
    change(place.folder / 'panoptic.json', 'annotations', file_name=name)
    place.refuse(COCO.format('panoptic.json'), 'panoptic.json', 'leads out')


def test_panoptic_picture_is_a_file_of_settings(place):
    name = '../../.profile'
    change(place.folder / 'panoptic.json', 'annotations', file_name=name)
    place.refuse(COCO.format('panoptic.json'), 'panoptic.json', name)


def test_panoptic_folder_is_a_link_out(place):
    """The link is in the folder of the pictures, as a zip may hold it."""
    secret = place.folder.parent / 'secret'
    shutil.copytree(place.folder / 'panoptic', secret)
    (place.folder / 'panoptic' / 'sub').symlink_to(secret)
    source = place.folder / 'panoptic.json'
    change(source, 'annotations', file_name='sub/a.png')
    place.refuse(COCO.format('panoptic.json'), 'panoptic/sub/a.png', 'link')


@pytest.mark.parametrize(
    'kind', ['above', 'absolute', 'link', 'folder', 'windows', 'drive']
)
def test_image_elsewhere(place, kind, monkeypatch):
    """Its size and its edges would tell of a picture of somebody else."""
    secret = place.folder.parent / 'secret.png'
    shutil.copy(place.folder / 'img' / 'a.png', secret)
    monkeypatch.chdir(secret.parent)
    name = dict(
        above='../../secret.png',
        absolute=str(secret),
        link='l.png',
        folder='sub/secret.png',
        windows='..\\..\\secret.png',
        drive='C:\\secret.png',
    )
    (place.folder / 'img' / 'l.png').symlink_to(secret)
    (place.folder / 'img' / 'sub').symlink_to(secret.parent)
    # Where such a name has no meaning, it is that of a file.
    shutil.copy(secret, secret.with_name(name['drive']))
    source = place.folder / 'annotations.json'
    change(source, 'images', file_name=name[kind])
    ran = place.run(COCO.format('annotations.json'))
    assert ran.status in (1, 2)
    assert 'annotations.json: annotation 1 of image 1' in ran.said
    assert 'secret' not in ''.join(p.name for p in place.out.iterdir())


def test_journal_of_another_folder(place):
    """A journal that claims files elsewhere as its own."""
    journal = place.out / '.segrefiner-run.jsonl'
    lines = [dict(out='../../.profile', outputs=[[1]], ours=[7]), [], 'x']
    lines += [dict(out=[1]), dict(out='a.png', inputs={}, outputs=3)]
    journal.write_text('\n'.join(map(json.dumps, lines)) + '\n' + '[' * 99999)
    (place.folder / 'masks').rename(place.folder / 'all')
    (place.folder / 'masks').mkdir()
    shutil.copy(place.folder / 'all/mask.png', place.folder / 'masks/a.png')
    (place.folder / 'img' / 'b.jpg').unlink()
    ran = place.run(
        'refine img masks -o out --model model.py --weights '
        'weights.safetensors --device cpu'
    )
    assert ran.status == 0, ran
    assert (place.out / 'a.png').is_file()


def test_json_that_is_the_name_of_another_file(place):
    """It was read in place of the one that was given."""
    other = place.folder / 'annotations.json'
    (place.folder / 'lvis.json').write_text(json.dumps(str(other)))
    for words in ('lvis.json results.json', 'annotations.json lvis.json'):
        place.refuse(f'eval {words}', str(place.folder / 'lvis.json'))
