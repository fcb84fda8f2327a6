"""A refiner that several runs share."""

from segrefiner_mm.apis import Refiner, RefinerOptions, refine_folder
from tests.helpers import write_folder

OPTIONS = RefinerOptions(device='cpu', steps=1, runtime='torch')


def test_runs_share_a_loaded_model(tmp_path):
    data = write_folder(tmp_path / 'data', 2)
    folders = data / 'images', data / 'masks'
    refiner = Refiner(OPTIONS)
    refine_folder(*folders, tmp_path / 'first', refiner=refiner)
    model = refiner.model
    refine_folder(*folders, tmp_path / 'second', refiner=refiner)
    assert refiner.model is model
    refine_folder(*folders, tmp_path / 'third', refiner=OPTIONS)
    for name in ('000.png', '001.png'):
        results = {
            (tmp_path / run / name).read_bytes()
            for run in ('first', 'second', 'third')
        }
        assert len(results) == 1


def test_another_kind_of_device_is_another_run():
    assert Refiner(OPTIONS).fingerprint()['device'] == 'cpu'
