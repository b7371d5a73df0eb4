"""The served portal and two tenants."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from portal.database import Database
from tests.auth.house import House, serve
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


@pytest.fixture
async def house(database: Database, clock: TurnableClock) -> AsyncIterator[House]:
    """The portal, served."""
    async with serve(database, clock) as house:
        yield house


@pytest.fixture
async def falcon(database: Database, clock: TurnableClock) -> UUID:
    """A tenant."""
    return await make_tenant(database, clock, name="Falcon Flights")


@pytest.fixture
async def freestyle(database: Database, clock: TurnableClock) -> UUID:
    """Another tenant."""
    return await make_tenant(database, clock, name="Freestyle Falcons")
