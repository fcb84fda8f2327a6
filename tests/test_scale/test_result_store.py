import numpy as np
import pytest

from segrefiner_mm.scale.result_store import ResultStore


def _row(mask, first=0, iou=0.9, image='a.jpg'):
    return dict(
        mask=mask,
        first=first,
        image=image,
        label=f'mask {mask}',
        verdict='refined',
        iou=iou,
    )


def test_rows_come_back_by_the_index_of_their_mask(tmp_path):
    with ResultStore(tmp_path) as store:
        for mask in (4, 0, 2):
            store.add(_row(mask))
        store.flush()
        assert [store.get(i) and store.get(i)['mask'] for i in range(6)] == [
            *(0, None, 2, None, 4, None)
        ]
    assert not list(tmp_path.iterdir())


def test_the_most_changed_come_first_and_ties_by_image(tmp_path):
    with ResultStore(tmp_path) as store:
        store.add(_row(5, first=1, iou=0.9))
        store.add(_row(3, first=3, iou=0.9))
        store.add(_row(1, first=1, iou=0.9))
        store.add(_row(7, first=7, iou=0.12345))
        store.add_left(0, 'mask 0', 'empty')
        store.add(_row(2, first=2, iou=1.0))
        # Images that cannot be read come first among equals.
        store.add(_row(6, first=6, iou=0.9, image='#6'))
        assert list(store.most_changed()) == [7, 6, 1, 5, 3, 2, 0]


@pytest.mark.parametrize('ties', [0.12345, 0.00015, 0.5, 0.99995])
def test_ious_are_sorted_as_they_are_printed(tmp_path, ties):
    """``round(x, 4)`` decides, not ``round(1e4 * x)``."""
    near = [ties, round(ties, 4), round(ties, 4) + 1e-4]
    with ResultStore(tmp_path) as store:
        for mask, iou in enumerate(near):
            store.add(_row(mask, first=mask, iou=min(iou, 1.0)))
        expected = sorted(
            range(3), key=lambda i: (round(min(near[i], 1.0), 4), i)
        )
        assert list(store.most_changed()) == expected


def test_nothing_stored_is_an_empty_order(tmp_path):
    with ResultStore(tmp_path) as store:
        assert np.array_equal(store.most_changed(), [])
