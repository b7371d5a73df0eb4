"""`python -m benchmarks`: play all benchmarks, or those that are named, and print a table of ratios."""

import argparse
import asyncio
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import uvloop

from benchmarks.accept import accept
from benchmarks.billing import billing
from benchmarks.bulk import bulk
from benchmarks.callbacks import callbacks
from benchmarks.claiming import claiming
from benchmarks.comparing import Ratio, Say, show
from benchmarks.dashboard import dashboard
from benchmarks.dispatch import dispatch
from benchmarks.fairness import fairness
from benchmarks.generated import HOME, HOME_UNLESS_SET
from benchmarks.identity import identity
from benchmarks.imports import imports
from benchmarks.isolation import isolation
from benchmarks.lists import lists
from benchmarks.live import live
from benchmarks.stage import CONTACTS, MESSAGES, TENANTS, Stage, staged

Benchmark = Callable[[Stage, int, float, Say], Awaitable[list[Ratio]]]
BENCHMARKS: dict[str, Benchmark] = {
    "lists": lists,
    "callbacks": callbacks,
    "accept": accept,
    "bulk": bulk,
    "dispatch": dispatch,
    "claiming": claiming,
    "fairness": fairness,
    "imports": imports,
    "isolation": isolation,
    "identity": identity,
    "live": live,
    "dashboard": dashboard,
    "billing": billing,
}
THOROUGH = (12, 0.6)  # rounds, and seconds of each turn: many and short, so that a noise seldom meets one side alone
QUICK = (3, 0.4)


def main() -> None:
    """Read the arguments and play."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(BENCHMARKS)}; all unless given")
    parser.add_argument("--quick", action="store_true", help="few and short rounds: to see that it runs, not how fast")
    parser.add_argument("--seed", type=int, help="makes the same data again")
    told = parser.parse_args()
    if unknown := set(told.names) - BENCHMARKS.keys():
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}")
    seed = random.randrange(1_000_000) if told.seed is None else told.seed
    names = [name for name in BENCHMARKS if name in (told.names or BENCHMARKS)]
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            kept = None if told.quick else Path(os.environ.get(HOME, HOME_UNLESS_SET))
            runner.run(_play(names, seed, kept, *(QUICK if told.quick else THOROUGH)))
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("stopped")


async def _play(names: list[str], seed: int, kept: Path | None, rounds: int, seconds: float) -> None:
    playing = asyncio.current_task()
    if playing is not None:  # asked to end, it ends its servers first
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    start = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - start:6.1f} s  {what}", flush=True)

    data = f"seed {seed}: {TENANTS} tenants, each with {CONTACTS:,} contacts and {MESSAGES:,} messages"
    say(data)
    ratios: list[Ratio] = []
    with tempfile.TemporaryDirectory(prefix="portal-benchmarks-") as folder:
        async with staged(Path(folder), seed, kept) as stage:
            say("PostgreSQL is ready and filled")
            for name in names:
                ratios += await BENCHMARKS[name](stage, rounds, seconds, say)
    say("done\n")
    show(ratios, f"{rounds} rounds of {seconds:g} s for each variant in turn; {data}")


if __name__ == "__main__":
    main()
