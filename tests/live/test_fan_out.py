"""From process to process, over PostgreSQL and over Redis: what one changes, who looks on at the other is told."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest
from redis.asyncio import Redis

from api.graphql.live.limits import LiveLimits
from auth.permissions import TenantRole
from portal.database.address import DatabaseAddress
from portal_schema.nodes import to_global
from tests.live.redis_server import running_redis
from tests.live.sockets import looking
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.product import Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock

ALLOWANCE = "subscription { allowanceChanged { used reserved remaining } }"
STATUS = "subscription ($messageId: ID) { messageStatusChanged(messageId: $messageId) { message { id } } }"
Serve = Callable[..., Awaitable[Product]]


@pytest.fixture(params=["PostgreSQL", "Redis"])
async def live_url(request: pytest.FixtureRequest) -> AsyncIterator[str | None]:
    """What carries changes."""
    if request.param == "PostgreSQL":
        yield None
        return
    async with running_redis() as url:
        yield url


@pytest.fixture
async def serve(
    address: DatabaseAddress, clock: TurnableClock, simulator: str, live_url: str | None
) -> AsyncIterator[Serve]:
    """Serves the product on the test's one database, with a pool and a bus of its own, as often as it is called."""
    async with AsyncExitStack() as stack:

        async def start(**more: Any) -> Product:
            given = more | {"live_url": live_url}
            return await stack.enter_async_context(serve_product(address, clock, simulator, **given))

        yield start


@asynccontextmanager
async def _superuser(superuser: DatabaseAddress) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(**superuser.credentials())
    try:
        yield connection
    finally:
        await connection.close()


async def _cut(superuser: DatabaseAddress, address: DatabaseAddress, live_url: str | None) -> None:
    """End the connections that listen."""
    if live_url is None:
        async with _superuser(superuser) as connection:
            ended = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND query LIKE 'LISTEN%'",
                address.database,
            )
            assert ended
        return
    async with Redis.from_url(live_url) as redis:
        assert await redis.client_kill_filter(_type="pubsub")


async def test_what_one_process_changes_is_told_by_the_other(serve: Serve) -> None:
    here, there = await serve(), await serve()
    tenant = await here.tenant()
    contacts = await add_contacts(here, tenant, plain_numbers(3))
    member = await there.member(tenant.id, TenantRole.OWNER)
    async with looking(member) as socket, looking(tenant.machine) as near:
        await socket.subscribe(ALLOWANCE)
        await near.subscribe(ALLOWANCE)
        for number, contact in enumerate(contacts):
            accepted = await send(tenant.machine, [contact], key=str(number))
            assert await socket.data() == {"allowanceChanged": accepted["allowance"]}
            assert await near.data() == {"allowanceChanged": accepted["allowance"]}
        await socket.quiet()
        await near.quiet()


async def test_tn_01_nothing_of_one_tenant_is_told_in_another(serve: Serve) -> None:
    product = await serve()
    tenant, other = await product.tenant(), await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    theirs = await add_contacts(product, other, plain_numbers(1))
    async with looking(tenant.machine) as own, looking(other.machine) as foreign:
        for socket in (own, foreign):
            await socket.subscribe(ALLOWANCE)
            await socket.subscribe("subscription { messageStatusChanged { message { id } } }", "statuses")
        accepted = await send(tenant.machine, contacts)
        assert await own.data() == {"allowanceChanged": accepted["allowance"]}
        canary = await send(other.machine, theirs)  # told after all that could be told wrongly
        assert await foreign.data() == {"allowanceChanged": canary["allowance"]}
        await own.quiet()
        await foreign.quiet()


async def test_when_the_bus_breaks_everybody_begins_again_and_is_told_again(
    serve: Serve, superuser: DatabaseAddress, address: DatabaseAddress, live_url: str | None
) -> None:
    product = await serve()
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    async with looking(tenant.machine) as socket:
        await socket.subscribe(ALLOWANCE)
        await _cut(superuser, address, live_url)
        [(code, message)] = await socket.errors()
        assert (code, "subscribe again" in message) == ("UPSTREAM_UNAVAILABLE", True)
        await socket.subscribe(ALLOWANCE)
        accepted = await send(tenant.machine, contacts)
        assert await socket.data() == {"allowanceChanged": accepted["allowance"]}


async def test_a_reader_that_cannot_follow_begins_again_and_the_others_go_on(serve: Serve) -> None:
    product = await serve(live=LiveLimits(waiting=3))
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(5))
    await send(tenant.machine, contacts)
    async with product.database.for_tenant(tenant.id) as tx:
        key = await tx.value("SELECT id FROM message LIMIT 1")
    async with looking(tenant.machine) as slow, looking(tenant.machine) as other:
        await slow.subscribe(STATUS)
        await other.subscribe(STATUS, messageId=to_global("Message", key))
        await product.dispatcher.run_once()  # all five at once
        [(code, message)] = await slow.errors()
        assert (code, "subscribe again" in message) == ("UPSTREAM_UNAVAILABLE", True)
        assert await other.data() == {"messageStatusChanged": {"message": {"id": to_global("Message", key)}}}
        await slow.subscribe(STATUS)
