"""PostgreSQL 16, the oldest that is promised: the same catalogue, the same migrations, the same first story."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import create_partitions, migrate
from tests.database.catalogue import grants, violations
from tests.database.models import mismatches
from tests.database.test_catalogue import GRANTS
from tests.messages.traffic import add_contacts, plain_numbers, send, statuses
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from tests.waiting import until

_DUMP = """
WITH own AS (SELECT * FROM pg_class WHERE relnamespace = 'public'::regnamespace AND NOT relispartition)
SELECT string_agg(line, E'\\n' ORDER BY line) FROM (
  SELECT relname || '.' || attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull AS line
  FROM own JOIN pg_attribute ON attrelid = own.oid WHERE attnum > 0 AND relkind IN ('r', 'p')
  UNION ALL SELECT relname || ' ' || conname || ' ' || pg_get_constraintdef(c.oid)
  FROM own JOIN pg_constraint AS c ON conrelid = own.oid WHERE contype <> 'n'
  UNION ALL SELECT pg_get_indexdef(oid) FROM own WHERE relkind IN ('i', 'I')
  UNION ALL SELECT tablename || ' ' || policyname || ' ' || qual || ' ' || with_check || ' ' || roles::text
  FROM pg_policies
) AS lines
"""


@pytest.fixture(scope="module")
def sixteen() -> Iterator[DatabaseAddress]:
    """A migrated database on a server of its own, as the superuser."""
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix="portal-16-", dir=in_memory))
    server = EmbeddedPostgres(folder, version=16, options=("-c", "fsync=off"))

    async def start() -> DatabaseAddress:
        await server.start()
        await migrate(server.address("postgres"), login="portal")
        return server.address("postgres")

    try:
        yield asyncio.run(start())
    finally:
        asyncio.run(server.stop())
        shutil.rmtree(folder)


@asynccontextmanager
async def _connected(address: DatabaseAddress) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**address.credentials())
    try:
        yield connection
    finally:
        await connection.close()


async def test_its_catalogue_keeps_the_rules_as_the_newest_does(sixteen: DatabaseAddress) -> None:
    async with _connected(sixteen) as connection:
        assert connection.get_server_version().major == 16
        assert await violations(connection, "portal") == []
        assert await grants(connection) == GRANTS.read_text().splitlines()
        assert await mismatches(connection) == []


async def test_its_tables_are_the_newest_ones(sixteen: DatabaseAddress, superuser: DatabaseAddress) -> None:
    async with _connected(sixteen) as connection:
        old = await connection.fetchval(_DUMP)
    async with _connected(superuser.to(database="portal_template")) as connection:
        new = await connection.fetchval(_DUMP)
    assert old.splitlines() == new.splitlines()


async def test_migrating_again_or_twice_at_once_changes_nothing(sixteen: DatabaseAddress) -> None:
    async with _connected(sixteen) as connection:
        before = await connection.fetchval(_DUMP)
        done: list[str] = []
        await asyncio.gather(*(migrate(sixteen, login="portal", progress=done.append) for _ in range(2)))
        assert done == []
        assert await connection.fetchval(_DUMP) == before


async def test_two_that_migrate_a_fresh_database_at_once_migrate_it_once(sixteen: DatabaseAddress) -> None:
    async with _connected(sixteen) as connection:
        await connection.execute("CREATE DATABASE fresh")
        try:
            fresh, done = sixteen.to(database="fresh"), list[str]()
            await asyncio.gather(*(migrate(fresh, login="portal", progress=done.append) for _ in range(3)))
            assert done[0] == "0001_roles_and_rules"
            assert len(done) == len(set(done))
            async with _connected(fresh) as other:
                assert await violations(other, "portal") == []
        finally:
            await connection.execute("DROP DATABASE fresh WITH (FORCE)")


async def test_partitions_are_made_and_filled_there_too(sixteen: DatabaseAddress, clock: TurnableClock) -> None:
    clock.turn_to(clock.now().replace(year=clock.now().year + 2, day=1))
    database = await Database.connect(sixteen.to(user="portal"), pool_size=2)
    try:
        assert await create_partitions(database, clock.now()) > 0
        async with database.as_role(DatabaseRole.WORKER) as tx:
            callback = new_id(clock.now())
            where = await tx.value(
                "INSERT INTO callback_inbox (id, tenant_id, message_id, kind, fields, received_at) "
                "VALUES ($1, $1, $1, 'MESSAGE_STATUS', '{}', $2) RETURNING tableoid::regclass::text",
                callback,
                clock.now(),
            )
        assert where == f"callback_inbox_{clock.now():%Y_%m}"
    finally:
        await database.close()


async def test_a_message_is_sent_and_delivered_on_it(
    sixteen: DatabaseAddress, clock: TurnableClock, simulator: str
) -> None:
    async with serve_product(sixteen.to(user="portal"), clock, simulator) as product:
        tenant = await product.tenant()
        contacts = await add_contacts(product, tenant, [*plain_numbers(2), "+12025550103"])
        async with product.worker():
            assert (await send(tenant.machine, contacts))["errors"] == []

            async def ended() -> bool:
                return sorted(await statuses(product, tenant)) == ["DELIVERED", "DELIVERED", "UNDELIVERED"]

            await until(ended)
