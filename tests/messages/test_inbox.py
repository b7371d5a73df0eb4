"""The inbox: one commit for many callbacks, and no acknowledgement before it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx2

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.clock import new_id
from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.messages.status import MessageStatus
from tests.messages.callbacks import Twilio, fields_of
from tests.messages.traffic import add_contacts, deaf_dispatcher, messages, plain_numbers, send, statuses
from tests.product import Product, TenantUnderTest

INSERT = "INSERT INTO callback_inbox"


def _callback(tenant: TenantUnderTest, message_id: UUID, fields: dict[str, str]) -> ReceivedCallback:
    return ReceivedCallback(tenant.id, CallbackKind.MESSAGE_STATUS, fields, message_id)


async def _stored(product: Product, tenant: TenantUnderTest) -> set[UUID]:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows("SELECT message_id FROM callback_inbox WHERE tenant_id = $1", tenant.id)
    return {row["message_id"] for row in rows}


@asynccontextmanager
async def _as_superuser(superuser: DatabaseAddress, database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**superuser.to(database=database).credentials())
    try:
        yield connection
    finally:
        await connection.close()


async def test_callbacks_that_come_together_share_a_transaction(address: DatabaseAddress, product: Product) -> None:
    statements: list[str] = []
    database = await Database.connect(address, pool_size=2, on_query=statements.append)
    try:
        tenant = await product.tenant()
        inbox = CallbackInbox(database, product.clock)
        ids = [new_id(product.clock.now()) for _ in range(200)]
        await asyncio.gather(*(inbox.receive(_callback(tenant, message_id, {})) for message_id in ids))
    finally:
        await database.close()
    assert sum(statement.startswith(INSERT) for statement in statements) == 1
    assert await _stored(product, tenant) == set(ids)


async def test_many_callbacks_over_http_take_few_transactions_and_each_is_stored_when_it_is_acknowledged(
    product: Product,
) -> None:
    tenant = await product.tenant()
    ids = [new_id(product.clock.now()) for _ in range(200)]
    missing: list[UUID] = []
    async with httpx2.AsyncClient(trust_env=False, timeout=30) as http:
        twilio = Twilio(product, http)

        async def call(message_id: UUID) -> None:
            assert await twilio.call(tenant, message_id, fields_of(tenant, "sent")) == 204
            if message_id not in await _stored(product, tenant):
                missing.append(message_id)

        product.statements.clear()
        await asyncio.gather(*(call(message_id) for message_id in ids))
    assert missing == []
    assert sum(statement.startswith(INSERT) for statement in product.statements) <= 100


async def test_whoever_hangs_up_takes_nobody_along(product: Product) -> None:
    tenant = await product.tenant()
    inbox = CallbackInbox(product.database, product.clock)
    ids = [new_id(product.clock.now()) for _ in range(20)]
    tasks = [asyncio.create_task(inbox.receive(_callback(tenant, message_id, {}))) for message_id in ids]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(outcome, asyncio.CancelledError) for outcome in ended] == [True, False] * 10
    assert set(ids[1::2]) <= await _stored(product, tenant)


async def test_what_was_acknowledged_while_connections_die_is_stored(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    ids = [new_id(product.clock.now()) for _ in range(300)]
    turn = asyncio.Semaphore(20)
    done = asyncio.Event()
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
        _as_superuser(superuser, "postgres") as connection,
    ):
        twilio = Twilio(product, http)

        async def call(message_id: UUID) -> int:
            async with turn:
                return await twilio.call(tenant, message_id, fields_of(tenant, "sent"))

        async def kill() -> int:
            killed = 0
            while not done.is_set():
                sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = $1"
                killed += await connection.fetchval(sql, address.database)
                await asyncio.sleep(0.01)
            return killed

        killer = asyncio.create_task(kill())
        answers = await asyncio.gather(*(call(message_id) for message_id in ids))
        done.set()
        assert await killer > 0
    assert set(answers) <= {204, 503}
    acknowledged = {message_id for message_id, answer in zip(ids, answers, strict=True) if answer == 204}
    assert acknowledged <= await _stored(product, tenant)


async def test_while_the_database_is_down_nothing_is_acknowledged_and_afterwards_all_is_well(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant = await product.tenant()
    message_id = new_id(product.clock.now())
    async with (
        httpx2.AsyncClient(trust_env=False, timeout=30) as http,
        _as_superuser(superuser, "postgres") as connection,
    ):
        twilio = Twilio(product, http)
        fields = fields_of(tenant, "sent")
        await connection.execute(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS false")
        kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
        await connection.execute(kill.replace("$1", f"'{address.database}'"))
        assert await twilio.call(tenant, message_id, fields) == 503  # with the account still to be read
        await connection.execute(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS true")
        assert await twilio.call(tenant, message_id, fields) == 204
        await connection.execute(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS false")
        await connection.execute(kill.replace("$1", f"'{address.database}'"))
        assert await twilio.call(tenant, new_id(product.clock.now()), fields) == 503  # with the account known
        await connection.execute(f"ALTER DATABASE {address.database} ALLOW_CONNECTIONS true")
    assert await _stored(product, tenant) == {message_id}


async def test_callbacks_that_cannot_be_applied_hold_up_no_other_tenant_and_are_applied_later(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenants = [await product.tenant() for _ in range(3)]
    inbox = CallbackInbox(product.database, product.clock)
    for tenant in tenants:
        await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
        await deaf_dispatcher(product).run_once()
        (row,) = await messages(product, tenant)
        await inbox.receive(_callback(tenant, row["id"], fields_of(tenant, "delivered")))
    broken = tenants[1]
    async with _as_superuser(superuser, address.database) as connection:
        await connection.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$; "
            f"CREATE TRIGGER refuse BEFORE UPDATE ON message FOR EACH ROW WHEN (OLD.tenant_id = '{broken.id}') "
            "EXECUTE FUNCTION refuse()"
        )
        assert await product.apply_callbacks() == 2
        assert [await statuses(product, tenant) for tenant in tenants] == [
            [MessageStatus.DELIVERED],
            [MessageStatus.SENDING],
            [MessageStatus.DELIVERED],
        ]
        await connection.execute("DROP TRIGGER refuse ON message")
    assert await product.apply_callbacks() == 0  # it has its time
    product.clock.advance(timedelta(seconds=2))
    assert await product.apply_callbacks() == 1
    assert await statuses(product, broken) == [MessageStatus.DELIVERED]
