"""Dispatching: one worker on a full queue against a bare loop that posts the same requests; both 64 at a time.

And a worker's memory, on a short queue and on one a hundred times as long.
"""

import asyncio
import os
import random
import secrets
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from uuid import UUID

import aiohttp
import asyncpg
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare, peak_memory
from benchmarks.load import UnexpectedAnswerError
from benchmarks.servers import peer
from benchmarks.stage import Stage, add_contacts, add_shop, empty_queues
from portal.actor import Actor, ActorKind
from portal.clock import SystemClock
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.encryption import SecretBox
from portal.messages.addressees import Recipients
from portal.messages.composing import Composition
from portal.messages.dispatching import Dispatcher
from portal.messages.sending import OnRefusal, SendRequest, send
from portal.tenants.accounts import ProviderAccounts
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.settings import SimulatorSettings

LATENCY_SECONDS = 0.05
AT_ONCE = 64
QUEUES = (1_000, 100_000)  # messages, of which as many are handed over as the shorter has
SHORT_QUEUES = (200, 2_000)  # where it is only to be seen that it runs
_MESSAGES = 1_500  # in one turn
_FEW_MESSAGES = 200
BODY = "Your bike is ready. Reply STOP to opt out."
_NOWHERE = "http://127.0.0.1:9/"  # nobody is called back: statuses come an hour later
_PATIENCE = timedelta(minutes=2)  # a busy machine is taken for no lost answer
_PARENT = SimulatorSettings("AC" + "1" * 32, "2" * 32)
# Ids in their order, all of this month's partition.
_FILL = """
WITH made AS (
  INSERT INTO message (tenant_id, id, direction, channel, status, status_at, sender_number, recipient_number,
    recipient_country, body, encoding, segments, due_at, created_at)
  SELECT $1, uuidv7(), 'OUTBOUND', 'SMS', 'QUEUED', $5, $3, '+1415' || 5550000 + n, 'US', $4, 'GSM_7', 1, $5, $5
  FROM generate_series(1, $2::integer) AS n
)
INSERT INTO due_tenant (tenant_id, due_at) VALUES ($1, $5) ON CONFLICT (tenant_id) DO UPDATE SET due_at = $5
"""


def create_app() -> ASGIApp:
    """The simulator, that takes its time for each message."""
    simulator = create_simulator(_PARENT)

    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/Messages.json"):
            await asyncio.sleep(LATENCY_SECONDS)
        await simulator(scope, receive, send)

    return slowly


@dataclass(frozen=True, slots=True)
class _Shop:
    """A tenant that can send, and what its requests are made of."""

    tenant_id: UUID
    account: ProvisionedAccount
    url: str
    contacts: tuple[tuple[UUID, str], ...]
    accounts: ProviderAccounts
    connection: asyncpg.Connection


async def dispatch(stage: Stage, rounds: int, _: float, say: Say) -> list[Ratio]:
    """Compare them; each message ends settled, with its units charged, as in the product."""
    many = _MESSAGES if stage.kept is not None else _FEW_MESSAGES
    queues = QUEUES if stage.kept is not None else SHORT_QUEUES
    async with (
        peer("simulator", "benchmarks.dispatch:create_app", stage) as server,
        TwilioGateway.open(f"http://127.0.0.1:{server.port}", _PATIENCE) as gateway,
        _shop(stage, gateway, f"http://127.0.0.1:{server.port}") as (database, shop),
    ):

        async def work() -> Turn:
            await shop.connection.execute("DELETE FROM message WHERE tenant_id = $1", shop.tenant_id)
            await _queue(database, shop, many)
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
            await _fill(shop, queue)
            peak = await _peak_of(stage, shop, queues[0])
            say(f"dispatch   a worker with {queue:,} messages before it takes {peak} MiB at its most")
    return ratios


@asynccontextmanager
async def _shop(stage: Stage, gateway: TwilioGateway, url: str) -> AsyncIterator[tuple[Database, _Shop]]:
    """A tenant with contacts, whose account the simulator knows."""
    chance, box, clock = random.Random(stage.seed), SecretBox(stage.secret), SystemClock()
    account = await gateway.accounts(_PARENT.parent_sid, _PARENT.parent_token).provision("Shop")
    database = await Database.connect(stage.login)
    connection = await asyncpg.connect(**stage.superuser.credentials())
    try:
        await empty_queues(connection)
        shop = await add_shop(database, box, chance, 99)
        await connection.execute(
            "UPDATE provider_account SET account_sid = $2, auth_token = $3, key_sid = $4, key_secret = $5 "
            "WHERE tenant_id = $1",
            shop.id,
            account.account_sid,
            box.encrypt(account.auth_token),
            account.key_sid,
            box.encrypt(account.key_secret),
        )
        await connection.execute("UPDATE number SET number = $2 WHERE tenant_id = $1", shop.id, account.number)
        contacts = await add_contacts(connection, shop.id, chance, clock.now())
        accounts = ProviderAccounts(database, box, clock)
        yield database, _Shop(shop.id, account, url, tuple(contacts.items()), accounts, connection)
    finally:
        await connection.close()
        await database.close()


async def _queue(database: Database, shop: _Shop, many: int) -> None:
    """Accept messages as the product does."""
    recipients = Recipients(tuple(contact_id for contact_id, _ in shop.contacts[:many]))
    composition = Composition(recipients, None, BODY, {})
    request = SendRequest(secrets.token_hex(16), composition, OnRefusal.SEND_NONE)
    async with database.for_tenant(shop.tenant_id) as tx:
        await send(tx, request, Actor(ActorKind.SYSTEM, UUID(int=0), "Benchmark"), now=SystemClock().now())


async def _fill(shop: _Shop, many: int) -> None:
    """Messages that wait, and hold no units."""
    await shop.connection.execute(_FILL, shop.tenant_id, many, shop.account.number, BODY, SystemClock().now())


async def _hand_over(database: Database, gateway: TwilioGateway, accounts: ProviderAccounts, many: int) -> None:
    """Work as a worker does until so many have left."""
    sent: Counter[UUID] = Counter()

    def callback(tenant_id: UUID, message_id: UUID) -> str:  # asked for once a message
        sent[tenant_id] += 1
        return _callback(tenant_id, message_id)

    dispatcher = Dispatcher(
        database, gateway.messages, accounts, SystemClock(), callback, at_once=4 * AT_ONCE, slots=AT_ONCE
    )
    while sent.total() < many:
        await dispatcher.start_due()
    await dispatcher.finish()


async def _check(shop: _Shop, sent: int) -> None:
    sql = "SELECT count(*) FROM message WHERE tenant_id = $1 AND provider_reference IS NOT NULL AND reserved_units = 0"
    done = await shop.connection.fetchval(sql, shop.tenant_id)
    if done != sent:
        raise UnexpectedAnswerError(f"{done} messages of {sent} were handed over and charged")


async def _post(shop: _Shop, many: int) -> None:
    """What a loop without a portal does: a queue of forms, and so many that post them."""
    forms = iter(
        {"To": number, "From": shop.account.number, "Body": BODY, "StatusCallback": _callback(shop.tenant_id, key)}
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


def _callback(tenant_id: UUID, message_id: UUID) -> str:
    return f"{_NOWHERE}{tenant_id}/{message_id}"


async def _peak_of(stage: Stage, shop: _Shop, messages: int) -> int:
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
        async with TwilioGateway.open(url, _PATIENCE) as gateway:
            accounts = ProviderAccounts(database, SecretBox(secret), SystemClock())
            await _hand_over(database, gateway, accounts, messages)
    finally:
        await database.close()
    print(peak_memory())


if __name__ == "__main__":
    uvloop.run(_work(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
