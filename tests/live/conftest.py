"""The product as these tests need it: it asks again at once whether somebody may still look on."""

from collections.abc import AsyncIterator

import pytest

from api.graphql.live.limits import LiveLimits
from portal.database.address import DatabaseAddress
from tests.product import Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock

IMPATIENT = LiveLimits(recheck_seconds=0.1, fresh_seconds=0, init_seconds=0.5, keep_alive_seconds=0.05)


@pytest.fixture
async def impatient(address: DatabaseAddress, clock: TurnableClock, simulator: str) -> AsyncIterator[Product]:
    """The whole product, with short times where it waits."""
    async with serve_product(address, clock, simulator, live=IMPATIENT) as served:
        yield served
