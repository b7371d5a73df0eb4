"""One served product for a whole module where its tests change nothing that another of them sees."""

from collections.abc import AsyncIterator

import asyncpg
import pytest_asyncio

from auth.permissions import StaffRole
from portal.database.address import DatabaseAddress
from tests.conftest import new_database
from tests.product import Caller, Product
from tests.product import product as serve_product
from tests.schema.world import World, make_world
from tests.turnable_clock import TurnableClock


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def place(superuser: DatabaseAddress) -> AsyncIterator[DatabaseAddress]:
    """A database of this module, as the user that may look at everything."""
    async with new_database(superuser) as address:
        yield superuser.to(database=address.database)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def onlooker(place: DatabaseAddress) -> AsyncIterator[asyncpg.Connection]:
    """A connection that sees everything, and keeps the statements that it saw it by."""
    connection = await asyncpg.connect(**place.credentials(), statement_cache_size=500)
    yield connection
    await connection.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(place: DatabaseAddress, simulator: str) -> AsyncIterator[Product]:
    """The whole product, on the module's database."""
    async with serve_product(place.to(user="portal"), TurnableClock(), simulator) as product:
        yield product


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def falcon(served: Product) -> World:
    """A tenant that has one of everything."""
    return await make_world(served, "Falcon Flights", allowance=250)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quail(served: Product) -> World:
    """Another tenant."""
    return await make_world(served, "Quiet Quails", allowance=50)


@pytest_asyncio.fixture(loop_scope="module")
async def support(served: Product) -> Caller:
    """Somebody of ISV support, without a session."""
    return await served.member(None, StaffRole.ISV_SUPPORT)
