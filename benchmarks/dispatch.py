"""Dispatching: one worker on a full queue against a bare loop that posts the same requests; both 64 at a time.

And a worker's memory, on a short queue and on one a hundred times as long.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from http import HTTPStatus
from uuid import UUID

import aiohttp
import uvloop

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare, peak_memory
from benchmarks.load import UnexpectedAnswerError
from benchmarks.servers import peer
from benchmarks.shop import BODY, PATIENCE, Shop, add_to_queue, callback_of, fill_queue, opened_shop
from benchmarks.stage import Stage, empty_queues
from portal.clock import SystemClock
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.encryption import SecretBox
from portal.messages.dispatching import Dispatcher
from portal.tenants.accounts import ProviderAccounts
from twilio_gateway.gateway import TwilioGateway

AT_ONCE = 64
QUEUES = (1_000, 100_000)  # messages, of which as many are handed over as the shorter has
SHORT_QUEUES = (200, 2_000)  # where it is only to be seen that it runs
_MESSAGES = 1_500  # in one turn
_FEW_MESSAGES = 200


async def dispatch(stage: Stage, rounds: int, _: float, say: Say) -> list[Ratio]:
    """Compare them; each message ends settled, with its units charged, as in the product."""
    many = _MESSAGES if stage.kept is not None else _FEW_MESSAGES
    queues = QUEUES if stage.kept is not None else SHORT_QUEUES
    await empty_queues(stage)
    async with (
        peer("simulator", "benchmarks.shop:create_app", stage) as server,
        TwilioGateway.open(f"http://127.0.0.1:{server.port}", PATIENCE) as gateway,
        opened_shop(stage, gateway, f"http://127.0.0.1:{server.port}", 99) as (database, shop),
    ):

        async def work() -> Turn:
            await shop.connection.execute("DELETE FROM message WHERE tenant_id = $1", shop.tenant_id)
            await add_to_queue(database, shop, many)
            start = time.perf_counter()
            await _hand_over(database, gateway, shop.accounts, many)
            taken = time.perf_counter() - start
            await _check(shop, many)
            return Turn(many, taken)

        async def bare() -> Turn:
            start = time.perf_counter()
            await _post(shop, many)
            return Turn(many, time.perf_counter() - start)

        variants = [Variant("one worker", work, os.getpid()), Variant("a bare loop of aiohttp", bare, os.getpid())]
        ratios = await compare("dispatch", variants, rounds, say)
        for queue in queues:
            await shop.connection.execute("DELETE FROM message WHERE tenant_id = $1", shop.tenant_id)
            await fill_queue(shop, queue)
            peak = await _peak_of(stage, shop, queues[0])
            say(f"dispatch   a worker with {queue:,} messages before it takes {peak} MiB at its most")
    return ratios


async def _hand_over(database: Database, gateway: TwilioGateway, accounts: ProviderAccounts, many: int) -> None:
    """Work as a worker does until so many have left."""
    sent: Counter[UUID] = Counter()

    def callback(tenant_id: UUID, message_id: UUID) -> str:  # asked for once a message
        sent[tenant_id] += 1
        return callback_of(tenant_id, message_id)

    dispatcher = Dispatcher(
        database, gateway.messages, accounts, SystemClock(), callback, at_once=4 * AT_ONCE, slots=AT_ONCE
    )
    while sent.total() < many:
        await dispatcher.start_due()
    await dispatcher.finish()


async def _check(shop: Shop, sent: int) -> None:
    sql = "SELECT count(*) FROM message WHERE tenant_id = $1 AND provider_reference IS NOT NULL AND reserved_units = 0"
    done = await shop.connection.fetchval(sql, shop.tenant_id)
    if done != sent:
        raise UnexpectedAnswerError(f"{done} messages of {sent} were handed over and charged")


async def _post(shop: Shop, many: int) -> None:
    """What a loop without a portal does: a queue of forms, and so many that post them."""
    forms = iter(
        {"To": number, "From": shop.account.number, "Body": BODY, "StatusCallback": callback_of(shop.tenant_id, key)}
        for key, number in shop.contacts[:many]
    )
    url = f"{shop.url}/api/2010-04-01/Accounts/{shop.account.account_sid}/Messages.json"
    auth = aiohttp.encode_basic_auth(shop.account.key_sid, shop.account.key_secret)

    async def post_all(session: aiohttp.ClientSession) -> None:
        for form in forms:
            async with session.post(url, data=form, headers={"Authorization": auth}) as answer:
                if answer.status != HTTPStatus.CREATED:
                    raise UnexpectedAnswerError(f"status {answer.status}")
                await answer.json()

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(post_all(session))


async def _peak_of(stage: Stage, shop: Shop, messages: int) -> int:
    """What a worker took at its most, in MiB, that handed so many messages over."""
    line = [sys.executable, "-m", "benchmarks.dispatch", stage.login.url(), stage.secret, shop.url, str(messages)]
    worker = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE)
    said, _ = await worker.communicate()
    if worker.returncode:
        raise UnexpectedAnswerError("the worker failed")
    return int(said)


async def _work(login: str, secret: str, url: str, messages: int) -> None:
    database = await Database.connect(DatabaseAddress.parse(login))
    try:
        async with TwilioGateway.open(url, PATIENCE) as gateway:
            accounts = ProviderAccounts(database, SecretBox(secret), SystemClock())
            await _hand_over(database, gateway, accounts, messages)
    finally:
        await database.close()
    print(peak_memory())


if __name__ == "__main__":
    uvloop.run(_work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
