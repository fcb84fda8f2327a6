import itertools

from segrefiner_mm.datasets import DrawSampler


def test_draws_are_numbered():
    sampler = DrawSampler(range(3), batch_size=2)
    assert list(itertools.islice(sampler, 5)) == [0, 1, 2, 3, 4]
    assert len(sampler) == 3


def test_processes_share_the_batches_of_one(monkeypatch):
    """Two processes of two samples draw what one of four would have."""
    alone = list(itertools.islice(DrawSampler([], batch_size=4), 12))
    shares = []
    for rank in range(2):
        monkeypatch.setattr(
            'segrefiner_mm.datasets.draw_sampler.get_dist_info',
            lambda rank=rank: (rank, 2),
        )
        sampler = DrawSampler([], batch_size=2)
        shares.append(list(itertools.islice(sampler, 6)))
    batches = [
        sorted(shares[0][i : i + 2] + shares[1][i : i + 2])
        for i in range(0, 6, 2)
    ]
    assert list(itertools.chain(*batches)) == alone


def test_a_resumed_run_goes_on():
    sampler = DrawSampler([], batch_size=4)
    sampler.skip(8)
    assert next(iter(sampler)) == 8
