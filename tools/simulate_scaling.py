"""Simulate a run in shards on a fleet: hours, cost, and the bottleneck.

    python tools/simulate_scaling.py --workload coco --workers 16 64 256

A reader, workers that each take the next shard when they are free, a store
with a limited rate, slow workers, and workers that die in the middle of a
shard. The service times are those that ``benchmark_scaling.py`` prints.
"""

import argparse
import heapq
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Workload:
    """A data set.

    Attributes:
        images (int): Number of images.
        masks (int): Number of masks.
        shard_masks (int): Masks per shard.
        image_bytes (float): Bytes of an image file.
        pixels (float): Megapixels of an image.
        merged (bool): Whether a JSON is merged at the end.
    """

    images: int
    masks: int
    shard_masks: int
    image_bytes: float
    pixels: float
    merged: bool

    @property
    def shards(self) -> int:
        """Number of shards."""
        return math.ceil(self.masks / self.shard_masks)


WORKLOADS = dict(
    coco=Workload(118_287, 860_001, 256, 164e3, 0.31, True),
    lvis=Workload(100_170, 1_270_141, 256, 164e3, 0.31, True),
    sa1b=Workload(11_185_362, 1_100_000_000, 10_000, 470e3, 3.4, False),
)


@dataclass(frozen=True)
class Fleet:
    """Workers and their service times, in seconds.

    Attributes:
        workers (int): Number of workers.
        refine (float): Per mask.
        decode (float): Per megapixel of an image.
        read (float): Per mask, in the one reader.
        write (float): Per mask.
        merge (float): Per mask, in the driver after the last shard.
        latency (float): Of a request to the store; eight are in flight.
        store (float): Bytes per second that the store gives to all.
        start (float): Until a worker has its model.
        slow (float): Share of workers that are slow.
        slowness (float): Times as long as a slow worker takes.
        spread (float): Standard deviation of the logarithm of service times.
        failures (float): Deaths per worker and hour.
        price (float): Of an hour of a worker.
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
    """What a run takes.

    Attributes:
        hours (float): Until the output is complete.
        cost (float): Price of all workers until then, in the unit of
            ``Fleet.price``.
        busy (float): Share of the time in which workers refine.
        reader (float): Share in which they wait for the reader.
        store (float): Share in which they wait for the store.
        lost (int): Shards that were refined again.
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
        seed (int): Seed of all that is random. Defaults to 0.

    Returns:
        Outcome: What the run takes.
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
    """Yield when each shard has been read; workers read tars themselves."""
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
    """Print a table, a row per number of workers."""
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
