"""The served portal and two tenants."""

import secrets
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio

from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.auth.house import House, serve
from tests.conftest import TEMPLATE
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


@pytest.fixture
async def house(database: Database, clock: TurnableClock) -> AsyncIterator[House]:
    """The portal, served."""
    async with serve(database, clock) as house:
        yield house


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(superuser: DatabaseAddress) -> AsyncIterator[House]:
    """One portal for all rows of a table of refusals: what is refused changes nothing."""
    name = f"test_{secrets.token_hex(8)}"
    connection = await asyncpg.connect(**superuser.credentials())
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    database = await Database.connect(superuser.to(user="portal", database=name))
    try:
        async with serve(database, TurnableClock()) as house:
            yield house
    finally:
        await database.close()
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@pytest.fixture
async def falcon(database: Database, clock: TurnableClock) -> UUID:
    """A tenant."""
    return await make_tenant(database, clock, name="Falcon Flights")


@pytest.fixture
async def freestyle(database: Database, clock: TurnableClock) -> UUID:
    """Another tenant."""
    return await make_tenant(database, clock, name="Freestyle Falcons")
