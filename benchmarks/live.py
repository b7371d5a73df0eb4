"""Live updates: what announcing costs a commit; beside it a callback's way to a socket, and a subscription's memory."""

import asyncio
import os
import random
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import asyncpg
import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from auth.api_clients import create_api_client
from auth.permissions import machine_permissions
from benchmarks.callbacks import callback
from benchmarks.comparing import Ratio, Say, Turn, Variant, compare
from benchmarks.lists import access_token
from benchmarks.load import UnexpectedAnswerError, ask
from benchmarks.servers import portal, worker
from benchmarks.stage import Stage, Tenant
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.global_ids import global_id
from portal.live.announcing import Announcer
from portal.live.changes import Change, ChangeKind
from portal.live.postgres_bus import PostgresBus

WRITERS = 8
RATE = 50  # callbacks a second
CLIENTS = 8
EACH = 50  # sockets of one client, with one subscription each
_WRITE = "UPDATE contact SET updated_at = updated_at + interval '1 second' WHERE tenant_id = $1 AND id = $2"
_STATUS = "subscription { messageStatusChanged { message { id } } }"


async def live(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare commits, and say the rest."""
    ratios = await _commits(stage, rounds, seconds, say)
    async with portal(stage) as server, worker(stage):
        await _callback_to_socket(stage, server.port, rounds * seconds, say)
        await _memory(stage, server.port, server.pid, say)
    return ratios


async def _commits(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Eight writers: announcing, without a word, and with a NOTIFY in each of their own transactions."""
    told, silent = await Database.connect(stage.login), await Database.connect(stage.login)
    bus = PostgresBus(stage.login)
    announcer = Announcer(bus)
    told.on_commit = announcer.hear
    try:
        variants = [
            Variant("portal: announced after the commit, together", _writers(stage, told, seconds)),
            Variant("the same without announcing", _writers(stage, silent, seconds)),
            Variant("the same with NOTIFY in each transaction", _writers(stage, silent, seconds, notify=True)),
        ]
        return await compare("live", variants, rounds, say)
    finally:
        await announcer.finish()
        await bus.close()
        await told.close()
        await silent.close()


def _writers(
    stage: Stage, database: Database, seconds: float, *, notify: bool = False
) -> Callable[[], Awaitable[Turn]]:
    tenant = stage.tenant

    async def write(contact_id: UUID, until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            async with database.for_tenant(tenant.id) as tx:
                sql = (
                    "UPDATE contact SET updated_at = updated_at + interval '1 second' WHERE tenant_id = $1 AND id = $2"
                )
                await tx.execute(sql, tenant.id, contact_id)
                tx.announce(Change(ChangeKind.MESSAGE_STATUS, contact_id))
                if notify:
                    await tx.execute("SELECT pg_notify($1, $2)", f"tenant_{tenant.id.hex}", contact_id.hex)
            done += 1
        return done

    async def play() -> Turn:
        start = time.perf_counter()
        own = tenant.contact_ids[:WRITERS]
        done = await asyncio.gather(*(write(contact_id, start + seconds) for contact_id in own))
        return Turn(sum(done), time.perf_counter() - start)

    return play


async def _callback_to_socket(stage: Stage, port: int, seconds: float, say: Say) -> None:
    """From posting a callback until a subscriber's socket tells of it: inbox, worker, announcement, reading anew."""
    chance, sent = random.Random(stage.seed), dict[str, float]()
    messages = (await _sent_messages(stage))[: max(10, int(seconds * RATE))]
    async with AsyncExitStack() as stack:
        socket = await _subscribed(stack, port, await access_token(stage, port))
        async with asyncio.timeout(seconds + 60), asyncio.TaskGroup() as group:
            hearing = group.create_task(_hear(socket, sent, len(messages)))
            begun = time.perf_counter()
            for place, message_id in enumerate(messages):
                await asyncio.sleep(begun + place / RATE - time.perf_counter())
                sent[global_id("Message", message_id)] = time.perf_counter()
                group.create_task(ask(port, callback(stage, chance, message_id), status=204))
    took = hearing.result()
    percentiles = statistics.quantiles(took, n=100)
    say(
        f"live       callback to socket at {RATE}/s, {len(took)} of them: "
        f"p50 {percentiles[49] * 1_000:.0f} ms, p99 {percentiles[98] * 1_000:.0f} ms"
    )


async def _hear(socket: ClientConnection, sent: dict[str, float], count: int) -> list[float]:
    """How long each of so many took."""
    took: list[float] = []
    while len(took) < count:
        told = orjson.loads(await socket.recv())["payload"]["data"]["messageStatusChanged"]["message"]["id"]
        if begun := sent.pop(told, None):
            took.append(time.perf_counter() - begun)
    return took


async def _sent_messages(stage: Stage) -> list[UUID]:
    connection = await asyncpg.connect(**stage.superuser.credentials())
    try:
        rows = await connection.fetch(
            "SELECT id FROM message WHERE tenant_id = $1 AND status = 'SENT' ORDER BY id DESC", stage.tenant.id
        )
    finally:
        await connection.close()
    return [row["id"] for row in rows]


async def _memory(stage: Stage, port: int, pid: int, say: Say) -> None:
    """How much the API grows by for each idle subscription on a socket of its own."""
    tokens = [await access_token(stage, port, await _client(stage)) for _ in range(CLIENTS)]
    async with AsyncExitStack() as stack:
        await _subscribed(stack, port, tokens[0])  # what is made once is made
        before = _resident(pid)
        count = CLIENTS * (EACH - 1)
        for token in tokens * (EACH - 1):
            await _subscribed(stack, port, token)
        grown = _resident(pid) - before
    say(f"live       {count} idle subscriptions: {grown / count / 1024:.0f} KiB each")


async def _client(stage: Stage) -> Tenant:
    """The stage's tenant with another API client."""
    database = await Database.connect(stage.login)
    try:
        async with database.as_role(DatabaseRole.AUTH) as tx:
            made = await create_api_client(
                tx,
                SystemClock().now(),
                tenant_id=stage.tenant.id,
                name="Looker",
                permissions=machine_permissions(),
                created_by=None,
            )
    finally:
        await database.close()
    return replace(stage.tenant, client_id=made.client_id, client_secret=made.client_secret)


async def _subscribed(stack: AsyncExitStack, port: int, token: str) -> ClientConnection:
    """A socket whose subscription stands."""
    socket = await stack.enter_async_context(
        connect(
            f"ws://127.0.0.1:{port}/graphql",
            subprotocols=[Subprotocol("graphql-transport-ws")],
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            proxy=None,
        )
    )
    for message in (
        {"type": "connection_init"},
        {"type": "subscribe", "id": "live", "payload": {"query": _STATUS}},
        {"type": "subscribe", "id": "then", "payload": {"query": "{ __typename }"}},
    ):
        await socket.send(orjson.dumps(message).decode())
    for expected in ("connection_ack", "next", "complete"):
        kind = orjson.loads(await socket.recv())["type"]
        if kind != expected:
            raise UnexpectedAnswerError(f"{kind} in place of {expected}")
    return socket


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
