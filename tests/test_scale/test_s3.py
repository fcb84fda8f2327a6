"""Images and shards in a local S3."""

import logging

import pytest

from segrefiner_mm.errors import InputError
from tests.test_scale.datasets import run_shards, run_whole, write_dataset

for name in ('pyarrow', 's3fs', 'moto.server'):
    pytest.importorskip(name, reason=f'{name} is not installed')


@pytest.fixture
def s3(monkeypatch):
    """A store of this process, with the bucket ``masks``."""
    import s3fs
    from moto.server import ThreadedMotoServer

    logging.getLogger('werkzeug').setLevel(logging.ERROR)
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv('AWS_ENDPOINT_URL', f'http://{host}:{port}')
    monkeypatch.setenv('AWS_ACCESS_KEY_ID', 'test')
    monkeypatch.setenv('AWS_SECRET_ACCESS_KEY', 'test')
    monkeypatch.setenv('AWS_DEFAULT_REGION', 'us-east-1')
    s3fs.S3FileSystem.clear_instance_cache()
    store = s3fs.S3FileSystem()
    store.mkdir('masks')
    yield store
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def test_a_bucket_holds_images_and_shards(s3, tmp_path, monkeypatch):
    folder = write_dataset(tmp_path / 'data', 4)
    whole = tmp_path / 'whole.json'
    run_whole(folder, whole)
    s3.put(str(folder / 'img'), 'masks/train', recursive=True)
    out = tmp_path / 'out.json'
    run_shards(
        folder, out, images='s3://masks/train', shards='s3://masks/shards'
    )
    assert out.read_bytes() == whole.read_bytes()
    assert s3.ls('masks/shards')
    s3.rm('masks/train/0001.png')
    again = tmp_path / 'again.json'
    summary = run_shards(
        folder, again, images='s3://masks/train', shards='s3://masks/shards'
    )
    assert summary.failed
    assert 'no image 0001.png in s3://masks/train' in summary.problems[0]
    with pytest.raises(InputError, match='no mask of'):
        run_shards(
            folder,
            tmp_path / 'none.json',
            images='s3://masks/train',
            shards='s3://no-such-bucket/shards',
        )
