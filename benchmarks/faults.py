"""`python -m benchmarks.faults`: 20,000 messages while everything fails and is killed, and what became of each."""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from tests.faults.faults import FULL, SMALL, Size, play

_SHOWN = 50  # problems


def main() -> None:
    """Read the arguments and play; ends with 1 where a message is lost, sent twice or charged wrongly."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults", description=__doc__)
    parser.add_argument("--seed", type=int, help="makes the same sends, faults and kills again")
    parser.add_argument("--small", action="store_true", help="as in the tests: 400 messages of 5 tenants")
    parser.add_argument("--keep", type=Path, help="an empty folder that keeps database, ledger and logs")
    told = parser.parse_args()
    seed = random.randrange(1_000_000) if told.seed is None else told.seed
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            clean = runner.run(_play(seed, SMALL if told.small else FULL, told.keep))
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("stopped")
    sys.exit(0 if clean else 1)


async def _play(seed: int, size: Size, keep: Path | None) -> bool:
    playing = asyncio.current_task()
    if playing is not None:  # asked to end, it ends its processes first
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    start = time.perf_counter()

    def say(what: str) -> None:
        print(f"{time.perf_counter() - start:7.1f} s  {what}", flush=True)

    with tempfile.TemporaryDirectory(prefix="portal-faults-") as folder:
        reckoning = await play(keep or Path(folder), seed, size, say)
    for problem in reckoning.problems[:_SHOWN]:
        say(problem)
    print(f"{reckoning} (seed {seed})", flush=True)
    return reckoning.is_clean


if __name__ == "__main__":
    main()
