"""Fairness: how long a single message waits beside another tenant's ten thousand, against alone; in messages a second.

Measured is the time from its acceptance to its request to the provider, under one worker as the product runs it.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from uuid import UUID

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare
from benchmarks.servers import peer
from benchmarks.shop import PATIENCE, Shop, add_to_queue, callback_of, fill_queue, opened_shop
from benchmarks.stage import Stage, empty_queues
from portal.clock import SystemClock
from portal.database import Database
from portal.messages.dispatching import Dispatcher
from twilio_gateway.gateway import TwilioGateway

CROWD = 10_000
_SINGLES = 10  # in one turn
_IDLE_SECONDS = 0.1  # as the worker looks


async def fairness(stage: Stage, rounds: int, _: float, say: Say) -> list[Ratio]:
    """Compare them."""
    await empty_queues(stage)
    async with (
        peer("simulator", "benchmarks.shop:create_app", stage) as server,
        TwilioGateway.open(f"http://127.0.0.1:{server.port}", PATIENCE) as gateway,
        opened_shop(stage, gateway, f"http://127.0.0.1:{server.port}", 97) as (_own, crowded),
        opened_shop(stage, gateway, f"http://127.0.0.1:{server.port}", 98) as (database, shop),
    ):
        waits: list[float] = []  # of those beside the crowd

        async def singles(told: list[float]) -> Turn:
            before = len(told)
            async with _working(database, gateway, shop) as left:
                for _ in range(_SINGLES):
                    left.clear()
                    await add_to_queue(database, shop, 1)
                    start = time.perf_counter()
                    await left.wait()
                    told.append(time.perf_counter() - start)
            return Turn(_SINGLES, sum(told[before:]))

        async def crowd() -> Turn:
            await fill_queue(crowded, CROWD)
            try:
                return await singles(waits)
            finally:
                await crowded.connection.execute("DELETE FROM message WHERE tenant_id = $1", crowded.tenant_id)

        async def alone() -> Turn:
            return await singles([])

        variants = [Variant(f"a message beside {CROWD:,} of another tenant", crowd), Variant("a message alone", alone)]
        ratios = await compare("fairness", variants, rounds, say)
        say(f"fairness   the longest wait beside them was {1_000 * max(waits):.0f} ms")
    return ratios


@contextlib.asynccontextmanager
async def _working(database: Database, gateway: TwilioGateway, shop: Shop) -> AsyncIterator[asyncio.Event]:
    """A worker at its work; the event is set whenever a message of this shop is handed over."""
    left = asyncio.Event()

    def callback(tenant_id: UUID, message_id: UUID) -> str:  # asked for once a message, when its turn has come
        if tenant_id == shop.tenant_id:
            left.set()
        return callback_of(tenant_id, message_id)

    dispatcher = Dispatcher(database, gateway.messages, shop.accounts, SystemClock(), callback)

    async def work() -> None:
        while True:
            if not await dispatcher.start_due():
                await asyncio.sleep(_IDLE_SECONDS)

    working = asyncio.create_task(work())
    try:
        yield left
    finally:
        working.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await working
        await dispatcher.finish()
