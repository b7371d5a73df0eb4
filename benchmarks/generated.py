"""The generated set: ten million messages of a year, made once and kept, for all that has to hold at that size.

A day of a tenant is one transaction, its messages with their rollups: what was broken off goes on with the next day.
"""

import random
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from benchmarks.comparing import Say
from benchmarks.stage import Stage, Tenant, add_contacts, add_shop
from portal.clock import SystemClock
from portal.database import Database
from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import migrate
from portal.encryption import SecretBox

HOME = "BENCH_HOME"
HOME_UNLESS_SET = ".portal-benchmarks"
SIZES = (100_000, 10_000_000)
SMALL_SIZES = (1_000, 20_000)
DAYS = 365
_BYTES_OF_A_MESSAGE = 1_200  # with its indexes and the log of writing them
_KNOWN = "set.json"
_TOLD_EVERY = 30  # days
# Nothing is lost by a fault that cannot be made again; the measured server is started anew, with fsync.
_HASTY = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "max_wal_size=2GB", "-c", "shared_buffers=512MB")
_MESSAGES = """
WITH made AS (
  SELECT $2::date::timestamp AT TIME ZONE 'UTC' + (n - $3) * interval '1 day' / ($4 - $3) AS at,
    md5($5 || ' ' || n) AS chance, 1 + n % cardinality($6::uuid[]) AS place
  FROM generate_series($3::bigint, $4::bigint - 1) AS n
), kept AS (
  INSERT INTO message (tenant_id, id, contact_id, direction, channel, status, status_at, sender_number,
    recipient_number, recipient_country, body, encoding, segments, actor_kind, actor_name, provider_reference, cost,
    created_at)
  SELECT $1, (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
      || '7' || substr(chance, 1, 3) || '8' || substr(chance, 4, 15))::uuid,
    ($6::uuid[])[place], 'OUTBOUND', 'SMS',
    CASE WHEN chance < '1' THEN 'UNDELIVERED' WHEN chance < '2' THEN 'SENT' ELSE 'DELIVERED' END, at, '+12025550000',
    ($7::text[])[place], 'US', 'Your order ' || left(chance, 8) || ' is ready: come by when you like.', 'GSM_7', 1,
    'API_CLIENT', 'Shop system', 'SM' || chance, 0.0079, at
  FROM made RETURNING segments, cost
)
INSERT INTO usage_day (tenant_id, day, category, count, usage, cost, updated_at)
SELECT $1, $2::date, 'sms-outbound', count(*), sum(segments), sum(cost), $2::date::timestamp AT TIME ZONE 'UTC'
FROM kept
"""
_CHARGES = """
INSERT INTO charge_day (tenant_id, day, tenant_plan_id, category, band, count, units, cost, updated_at)
SELECT usage_day.tenant_id, day, tenant_plan.id, category, 0, count, count, cost, updated_at
FROM usage_day JOIN tenant_plan USING (tenant_id) WHERE tenant_id = $1 AND day = $2
"""
_RECORDS = """
INSERT INTO usage_record (tenant_id, day, category, count, count_unit, usage, usage_unit, price, price_unit, as_of,
  synced_at)
SELECT tenant_id, day, told, count, 'messages', usage, 'segments', cost, 'USD', updated_at + interval '2 days',
  updated_at + interval '2 days'
FROM usage_day CROSS JOIN unnest(ARRAY['sms-outbound', 'totalprice']) AS told WHERE tenant_id = $1 AND day = $2
"""


class NoRoomError(RuntimeError):
    """The disk has no room for the set."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A server with the set on it: a stage for each tenant, by how many messages it has."""

    of_size: dict[int, Stage]


@asynccontextmanager
async def generated(stage: Stage, say: Say) -> AsyncIterator[Generated]:
    """The set, made as far as it is missing; where nothing is kept, a small one in the stage's own folder.

    Raises:
        NoRoomError: it is to be made and does not fit on the disk.
    """
    home = stage.kept or stage.home / "generated"
    sizes = SMALL_SIZES if stage.kept is None else SIZES
    _make_room(home, sum(sizes))
    if not _told(home).get("whole"):
        async with _server(home, _HASTY) as server:
            await _make(server, home, sizes, stage.seed, say)
    told = _told(home)
    async with _server(home) as server:
        superuser, login = server.address(user="postgres"), server.address()
        await migrate(superuser, login=login.user)
        tenants = {one.pop("messages"): Tenant(UUID(one.pop("id")), **one) for one in told["tenants"]}
        yield Generated(
            {
                size: Stage(home, superuser, login, tenant, told["secret"], told["seed"])
                for size, tenant in tenants.items()
            }
        )


@asynccontextmanager
async def _server(home: Path, options: tuple[str, ...] = ()) -> AsyncIterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(home, options=options)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


def _make_room(home: Path, messages: int) -> None:
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    taken = sum(file.stat().st_size for file in home.rglob("*") if file.is_file())
    missing = messages * _BYTES_OF_A_MESSAGE - taken - shutil.disk_usage(home).free
    if missing > 0 and not _told(home).get("whole"):
        raise NoRoomError(
            f"{missing >> 30} GB are missing in {home}: make room, or set {HOME} to another disk's folder"
        )


async def _make(server: EmbeddedPostgres, home: Path, sizes: tuple[int, ...], seed: int, say: Say) -> None:
    superuser, login = server.address(user="postgres"), server.address()
    await migrate(superuser, login=login.user)
    if not _told(home):
        _tell(home, await _tenants(server, sizes, seed))
    told = _told(home)
    until = date.fromisoformat(told["until"])
    connection = await asyncpg.connect(**superuser.credentials())
    try:
        await connection.execute("SELECT create_partitions($1, $2)", until - timedelta(days=DAYS), until)
        for tenant in told["tenants"]:
            await _year(connection, UUID(tenant["id"]), tenant["messages"], until, told["seed"], say)
        say("generated: VACUUM ANALYZE")
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
    _tell(home, told | {"whole": True})


async def _tenants(server: EmbeddedPostgres, sizes: tuple[int, ...], seed: int) -> dict[str, Any]:
    secret, chance, now = secrets.token_urlsafe(32), random.Random(seed), SystemClock().now()
    database = await Database.connect(server.address())
    connection = await asyncpg.connect(**server.address(user="postgres").credentials())
    try:
        made = []
        for number, size in enumerate(sizes):
            tenant = await add_shop(database, SecretBox(secret), chance, number)
            await add_contacts(connection, tenant.id, chance, now)
            made.append({"messages": size, **asdict(tenant)})
    finally:
        await connection.close()
        await database.close()
    return {"secret": secret, "seed": seed, "until": now.date().isoformat(), "tenants": made, "whole": False}


async def _year(
    connection: asyncpg.Connection, tenant_id: UUID, messages: int, until: date, seed: int, say: Say
) -> None:
    contacts = await connection.fetch("SELECT id, number FROM contact WHERE tenant_id = $1 ORDER BY id", tenant_id)
    ids, numbers = [row["id"] for row in contacts], [row["number"] for row in contacts]
    done = {row["day"] for row in await connection.fetch("SELECT day FROM usage_day WHERE tenant_id = $1", tenant_id)}
    for place in range(DAYS):
        day = until - timedelta(days=DAYS - place)
        first, last = (messages * end // DAYS for end in (place, place + 1))
        if day not in done:
            async with connection.transaction():
                await connection.execute(_MESSAGES, tenant_id, day, first, last, str(seed), ids, numbers)
                await connection.execute(_CHARGES, tenant_id, day)
                await connection.execute(_RECORDS, tenant_id, day)
        if place % _TOLD_EVERY == _TOLD_EVERY - 1 or place == DAYS - 1:
            say(f"generated: {last:,} of {messages:,} messages")


def _told(home: Path) -> dict[str, Any]:
    """What is known of the set in this folder: its tenants with their secrets, and whether it is whole."""
    file = home / _KNOWN
    return dict(orjson.loads(file.read_bytes())) if file.exists() else {}


def _tell(home: Path, told: dict[str, Any]) -> None:
    unfinished = home / f"{_KNOWN}.new"
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(orjson.dumps(told))
    unfinished.replace(home / _KNOWN)
