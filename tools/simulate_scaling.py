"""Simulate a run in shards on a fleet: hours, cost, and the bottleneck.

    python tools/simulate_scaling.py --workload coco --workers 16 64 256

The model has a reader, workers that each take the next shard when they are
free, a store with a limited rate, slow workers, and workers that die in the
middle of a shard. The service times come from ``benchmark_scaling.py``.
"""

import argparse
import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Workload:
    """The size of a data set.

    Attributes:
        images (int): Number of images.
        masks (int): Number of masks.
        shard_masks (int): Number of masks per shard.
        image_bytes (float): Mean size of an image file, in bytes.
        pixels (float): Mean size of an image, in megapixels.
        merged (bool): Whether the source is a JSON file, which one reader
            reads and which is merged at the end.
    """

    images: int
    masks: int
    shard_masks: int
    image_bytes: float
    pixels: float
    merged: bool

    @property
    def shards(self) -> int:
        """int: Number of shards."""
        return math.ceil(self.masks / self.shard_masks)


WORKLOADS = dict(
    coco=Workload(118_287, 860_001, 256, 164e3, 0.31, True),
    lvis=Workload(100_170, 1_270_141, 256, 164e3, 0.31, True),
    sa1b=Workload(11_185_362, 1_100_000_000, 10_000, 470e3, 3.4, False),
)


@dataclass(frozen=True)
class Fleet:
    """Workers, and service times in seconds.

    Attributes:
        workers (int): Number of workers.
        refine (float): Time to refine a mask.
        decode (float): Time to decode a megapixel of an image. Defaults to
            0.0155.
        read (float): Time of the reader per mask. Defaults to 0.00005.
        write (float): Time to write a mask to a shard. Defaults to 0.00005.
        merge (float): Time to merge a mask after the last shard. Defaults to
            0.0005.
        latency (float): Time of a request to the store, of which eight are in
            flight. Defaults to 0.03.
        store (float): Rate of the store for all workers, in bytes per second.
            Defaults to 5e9.
        start (float): Time until a worker has its model. Defaults to 20.
        slow (float): Probability that a worker is slow, 0 to 1. Defaults to
            0.05.
        slowness (float): Factor of a slow worker's time. Defaults to 2.
        spread (float): Standard deviation of the logarithm of service times.
            Defaults to 0.1.
        failures (float): Deaths per worker and hour. Defaults to 0.01.
        price (float): Price of a worker per hour. Defaults to 0.04.
    """

    workers: int
    refine: float
    decode: float = 0.0155
    read: float = 0.00005
    write: float = 0.00005
    merge: float = 0.0005
    latency: float = 0.03
    store: float = 5e9
    start: float = 20.0
    slow: float = 0.05
    slowness: float = 2.0
    spread: float = 0.1
    failures: float = 0.01
    price: float = 0.04


@dataclass
class Outcome:
    """The time and cost of a run.

    Attributes:
        hours (float): Time until the output is complete.
        cost (float): Price of all workers for this time, in the unit of
            ``Fleet.price``.
        busy (float): Share of the workers' time spent on refinement, 0 to 1.
        reader (float): Share of their time spent waiting for the reader.
        store (float): Share of their time spent waiting for the store.
        lost (int): Number of times that a shard was refined again.
    """

    hours: float
    cost: float
    busy: float
    reader: float
    store: float
    lost: int


def simulate(load: Workload, fleet: Fleet, seed: int = 0) -> Outcome:
    """Simulate a run.

    Args:
        load (Workload): The data set.
        fleet (Fleet): The workers.
        seed (int): Seed of all random choices. Defaults to 0.

    Returns:
        Outcome: The time and cost of the run.
    """
    rng = random.Random(seed)
    slow = [rng.random() < fleet.slow for _ in range(fleet.workers)]
    dies = [_life(rng, fleet) for _ in range(fleet.workers)]
    free = [(fleet.start, index) for index in range(fleet.workers)]
    heapq.heapify(free)
    images = load.images / load.shards
    size = images * load.image_bytes
    work = load.shard_masks * (fleet.refine + fleet.write)
    work += images * load.pixels * fleet.decode
    asks = images * fleet.latency / 8
    waited = [0.0, 0.0]  # for the reader, for the store
    store_free = busy = end = 0.0
    again: list[float] = []
    lost = 0
    ready = _arrivals(load, fleet)
    left = load.shards
    while left:
        now, worker = heapq.heappop(free)
        arrival = again.pop() if again else next(ready)
        begin = max(now, arrival)
        store_free = max(store_free, begin) + size / fleet.store
        fetched = max(store_free, begin + asks)
        took = work * rng.lognormvariate(0, fleet.spread)
        took *= fleet.slowness if slow[worker] else 1
        finish = fetched + took
        if finish > dies[worker]:
            at = max(dies[worker], now)
            again.append(arrival)
            lost += 1
            dies[worker] = at + fleet.start + _life(rng, fleet)
            heapq.heappush(free, (at + fleet.start, worker))
            continue
        waited[0] += begin - now
        waited[1] += fetched - begin
        busy += took
        left -= 1
        end = max(end, finish)
        heapq.heappush(free, (finish, worker))
    total = end * fleet.workers
    if load.merged:
        end += load.masks * fleet.merge
    cost = end / 3600 * fleet.workers * fleet.price
    shares = busy / total, waited[0] / total, waited[1] / total
    return Outcome(end / 3600, cost, *shares, lost)


def _arrivals(load: Workload, fleet: Fleet) -> Iterator[float]:
    """Yield the time at which each shard is read; 0 for tar files."""
    step = load.shard_masks * fleet.read if load.merged else 0.0
    now = 0.0
    while True:
        now += step
        yield now


def _life(rng: random.Random, fleet: Fleet) -> float:
    if not fleet.failures:
        return math.inf
    return rng.expovariate(fleet.failures / 3600)


def main() -> None:
    """Simulate runs, and print a row per number of workers."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    add = parser.add_argument
    add('--workload', choices=WORKLOADS, default='coco')
    add('--workers', type=int, nargs='+', default=[16, 64, 256])
    add('--refine-ms', type=float, default=400.0, help='per mask')
    add('--price', type=float, default=0.04, help='of a worker, per hour')
    add('--store-gbytes', type=float, default=5.0, help='per second, in all')
    add('--shard-masks', type=int, help='default: that of the workload')
    add('--failures', type=float, default=0.01, help='per worker and hour')
    args = parser.parse_args()
    load = WORKLOADS[args.workload]
    if args.shard_masks:
        load = replace(load, shard_masks=args.shard_masks)
    fleet = Fleet(
        1,
        args.refine_ms / 1000,
        store=args.store_gbytes * 1e9,
        price=args.price,
        failures=args.failures,
    )
    print(
        '| workers | hours | price | refining | waits for reader | for '
        'store | shards redone |'
    )
    print('|---:|---:|---:|---:|---:|---:|---:|')
    for workers in args.workers:
        done = simulate(load, replace(fleet, workers=workers))
        print(
            f'| {workers:,} | {done.hours:.2f} | {done.cost:,.0f} | '
            f'{done.busy:.0%} | {done.reader:.0%} | {done.store:.0%} | '
            f'{done.lost} |',
            flush=True,
        )


if __name__ == '__main__':
    main()
