"""`python -m benchmarks.year`: a simulated year of two hundred tenants, whose every cent is worked out twice."""

import argparse
import asyncio
import random
import signal
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import uvloop

from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import migrate
from tests.year.accepting import month_after
from tests.year.year import play

_FIRST = date(2027, 7, 1)  # so that 29 February is among its days
# What is proven is proven by its sums, not by what survives a loss of power.
_OPTIONS = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


def main() -> None:
    """Read the arguments and play; ends with 1 where a cent is unexplained."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.year", description=__doc__)
    parser.add_argument("--tenants", type=int, default=200)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--seed", type=int, help="makes the same year again")
    told = parser.parse_args()
    seed = random.randrange(1_000_000) if told.seed is None else told.seed
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            unexplained = runner.run(_play(seed, told.tenants, told.months))
    except (asyncio.CancelledError, KeyboardInterrupt):
        sys.exit("stopped")
    sys.exit(1 if unexplained else 0)


async def _play(seed: int, tenants: int, months: int) -> int:
    playing = asyncio.current_task()
    if playing is not None:  # asked to end, it ends its server first
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, playing.cancel)
    start, until = time.perf_counter(), _FIRST
    for _ in range(months):
        until = month_after(until)

    def say(what: str) -> None:
        print(f"{time.perf_counter() - start:7.1f} s  {what}", flush=True)

    say(f"seed {seed}: {tenants} tenants from {_FIRST} until {until}")
    with tempfile.TemporaryDirectory(prefix="portal-year-") as folder:
        server = EmbeddedPostgres(Path(folder), options=_OPTIONS)
        try:
            await server.start()
            superuser, login = server.address(user="postgres"), server.address()
            await migrate(superuser, login=login.user)
            proven = await play(login, seed, tenants, _FIRST, until, say)
        finally:
            await server.stop()
    say(f"{proven.messages:,} messages were sent")
    print(f"{proven} (seed {seed})", flush=True)
    return proven.unexplained


if __name__ == "__main__":
    main()
