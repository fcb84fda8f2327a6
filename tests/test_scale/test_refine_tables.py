"""Tables and tars of masks; the run over a JSON is the reference."""

import io
import json
import shutil
import tarfile

import cv2
import numpy as np
import pytest

from segrefiner_mm.apis import DatasetOptions, refine_dataset
from segrefiner_mm.errors import InputError
from segrefiner_mm.io.rle import decode_mask
from segrefiner_mm.scale.table_files import read_masks
from tests.test_scale.datasets import (
    SIZE,
    refiner,
    run_whole,
    write_dataset,
)

pa = pytest.importorskip('pyarrow', reason='pyarrow is not installed')
pq = pytest.importorskip('pyarrow.parquet')


@pytest.fixture(scope='module')
def dataset(tmp_path_factory):
    """Images, and what one process writes."""
    folder = write_dataset(tmp_path_factory.mktemp('tables') / 'data', 6)
    run_whole(folder, folder / 'whole.json')
    return folder


def masks_of(path):
    """The annotations that are refined, in order."""
    return [
        annotation
        for annotation in json.loads(path.read_text())['annotations']
        if annotation['segmentation'] and not annotation['iscrowd']
    ]


def table_of(annotations):
    return pa.table(
        dict(
            image=[f'{a["image_id"]:04d}.png' for a in annotations],
            segmentation=[json.dumps(a['segmentation']) for a in annotations],
            score=[a['score'] for a in annotations],
        )
    )


def run(source, out, dataset, **options):
    settings = dict(images=str(dataset / 'img'))
    given = DatasetOptions(**{**settings, **options})
    return refine_dataset(source, out, given, refiner())


def check(table, annotations):
    """The masks of a result are those of the merged JSON."""
    for row, annotation in zip(table.to_pylist(), annotations, strict=True):
        encoded = dict(size=[row['height'], row['width']])
        mask = decode_mask(dict(encoded, counts=row['counts']))
        expected = annotation['segmentation']
        if isinstance(expected, list):  # polygons, which round the mask off
            continue
        assert np.array_equal(mask, decode_mask(expected, SIZE))
        assert json.loads(row['evidence']) == {}
    assert {'refined', 'kept'} >= set(table['verdict'].to_pylist())


def test_tables_become_tables_of_the_same_rows(dataset, tmp_path):
    coarse = masks_of(dataset / 'coco.json')
    refined = masks_of(dataset / 'whole.json')
    source, out = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    pq.write_table(table_of(coarse[:4]), source / 'a.parquet')
    rest = table_of(coarse[4:])
    with pa.ipc.new_file(source / 'b.arrow', rest.schema) as file:
        file.write_table(rest)
    summary = run(source, out, dataset)
    assert summary.done == len(coarse)
    assert not summary.failed
    first, second = (pq.read_table(out / f'{n}.parquet') for n in 'ab')
    check(first, refined[:4])
    check(second, refined[4:])
    assert first['score'].to_pylist() == [a['score'] for a in coarse[:4]]
    # The results are tables of masks too, with run lengths instead of JSON.
    again = pq.read_table(out / 'a.parquet').drop_columns('segmentation')
    pq.write_table(again, source / 'c.parquet')
    before = {p: p.read_bytes() for p in out.iterdir()}
    times = {p: p.stat().st_mtime_ns for p in out.iterdir()}
    run(source, out, dataset)
    assert {p: p.read_bytes() for p in before} == before
    assert {p: p.stat().st_mtime_ns for p in before} == times
    assert pq.read_table(out / 'c.parquet').num_rows == 4


def test_a_changed_image_is_refined_again(dataset, tmp_path):
    source, out = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    images = shutil.copytree(dataset / 'img', tmp_path / 'img')
    coarse = masks_of(dataset / 'coco.json')
    pq.write_table(table_of(coarse[:2]), source / 'a.parquet')
    result = out / 'a.parquet'

    def rerun():
        run(source, out, dataset, images=str(images))
        return result.stat().st_mtime_ns, pq.read_table(result)['counts']

    written, before = rerun()
    for path in images.iterdir():
        path.touch()
    assert rerun() == (written, before)
    for path in images.iterdir():
        cv2.imwrite(str(path), np.zeros((*SIZE, 3), np.uint8))
    assert rerun()[1] != before


def write_tar(path, dataset, images):
    """Images with their annotations, whose ids are returned in order."""
    coarse = masks_of(dataset / 'coco.json')
    path.parent.mkdir()
    order = []
    with tarfile.open(path, 'w') as tar:
        for index in range(images):
            tar.add(dataset / 'img' / f'{index:04d}.png', f'./{index}.png')
            own = [a for a in coarse if a['image_id'] == index]
            order += [a['id'] for a in own]
            content = json.dumps(dict(image={}, annotations=own)).encode()
            info = tarfile.TarInfo(f'./{index}.json')
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return order


def test_a_tar_has_its_images_with_it(dataset, tmp_path):
    refined = masks_of(dataset / 'whole.json')
    source = tmp_path / 'in' / 'sa_1.tar'
    order = write_tar(source, dataset, 6)
    run(source, tmp_path / 'out', dataset, images=None)
    table = pq.read_table(tmp_path / 'out' / 'sa_1.parquet')
    by_id = {a['id']: a for a in refined}
    check(table, [by_id[i] for i in order])
    assert [json.loads(i) for i in table['id'].to_pylist()] == order


def test_a_tar_does_not_depend_on_other_images(dataset, tmp_path):
    source, result = tmp_path / 'in' / 'a.tar', tmp_path / 'out' / 'a.parquet'
    write_tar(source, dataset, 2)
    images = tmp_path / 'img'
    images.mkdir()
    times = []
    for content in (b'', b'an image of the same name'):
        (images / '0.png').write_bytes(content)
        run(source, result.parent, dataset, images=str(images))
        times.append(result.stat().st_mtime_ns)
    assert times[0] == times[1]


def test_a_sparse_member_is_not_filled_up(tmp_path):
    """A hole of a terabyte, which takes a block of 512 bytes."""
    info = tarfile.TarInfo('a.json')
    info.pax_headers = {
        'GNU.sparse.major': '0',
        'GNU.sparse.minor': '1',
        'GNU.sparse.name': 'a.json',
        'GNU.sparse.size': str(2**40),
        'GNU.sparse.map': f'{2**40},0',
    }
    content = io.BytesIO()
    with tarfile.open(
        fileobj=content, mode='w', format=tarfile.PAX_FORMAT
    ) as tar:
        tar.addfile(info)
    assert len(content.getvalue()) < 20_000
    with pytest.raises(InputError, match='more than the tar'):
        read_masks(content.getvalue(), 'a.tar')


def test_a_damaged_shard_is_named_and_the_rest_is_done(dataset, tmp_path):
    source, out = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    table = table_of(masks_of(dataset / 'coco.json')[:3])
    pq.write_table(table, source / 'good.parquet')
    good = (source / 'good.parquet').read_bytes()
    (source / 'cut.parquet').write_bytes(good[:-9])
    (source / 'cut.arrow').write_bytes(b'ARROW1')
    (source / 'torn.tar').write_bytes(b'\0' * 700)
    (source / 'void.tar').write_bytes(b'tar')
    pq.write_table(table.drop_columns('image'), source / 'poor.parquet')
    with pytest.raises(InputError, match='several shards'):
        run(source, out, dataset)
    (source / 'cut.arrow').unlink()
    summary = run(source, out, dataset)
    assert [path.name for path in out.iterdir() if 'good' in path.name]
    assert summary.done == 3
    named = ' '.join(summary.problems)
    assert f'{source}/cut.parquet is a damaged shard' in named
    assert f'{source}/void.tar is a damaged shard' in named
    assert f'{source}/poor.parquet needs the columns image and' in named


def test_a_table_of_the_user_is_not_overwritten(dataset, tmp_path):
    source, out = tmp_path / 'in', tmp_path / 'out'
    source.mkdir()
    out.mkdir()
    pq.write_table(
        table_of(masks_of(dataset / 'coco.json')[:2]), source / 'a.parquet'
    )
    pq.write_table(pa.table(dict(theirs=[1, 2])), out / 'a.parquet')
    before = (out / 'a.parquet').read_bytes()
    with pytest.raises(InputError, match='could be refined'):
        run(source, out, dataset)
    assert (out / 'a.parquet').read_bytes() == before
    assert run(source, out, dataset, overwrite=True).done == 2
    assert pq.read_table(out / 'a.parquet').num_rows == 2
    run(source, out, dataset)  # ours now


def test_what_does_not_fit_is_refused(dataset, tmp_path):
    source = tmp_path / 'in'
    source.mkdir()
    pq.write_table(table_of([]), source / 'a.parquet')
    with pytest.raises(InputError, match='needs --img-dir'):
        run(source, tmp_path / 'out', dataset, images=None)
    with pytest.raises(InputError, match='holds the inputs'):
        run(source, source, dataset)
    with pytest.raises(InputError, match='not for tables'):
        run(source, tmp_path / 'out', dataset, update_boxes=True)
    with pytest.raises(InputError, match='cannot read memory://nothing/here'):
        run('memory://nothing/here', tmp_path / 'out', dataset)
