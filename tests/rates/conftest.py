"""A provider whose account above all is the portal's own, so that its price list can be read."""

from collections.abc import AsyncIterator, Iterator

import pytest
from pydantic import SecretStr

from api.home import parent_account
from api.settings import Settings
from portal.database.address import DatabaseAddress
from tests.product import SECRET, Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running
from twilio_gateway.simulator.settings import SimulatorSettings


@pytest.fixture(scope="session")
def provider() -> Iterator[str]:
    """The simulator's address."""
    parent = parent_account(Settings(_env_file=None, secret_key=SecretStr(SECRET)))  # type: ignore[call-arg]  # pydantic's own
    with running(create_simulator(SimulatorSettings(parent.sid, parent.token.get_secret_value()))) as address:
        yield address


@pytest.fixture
async def product(address: DatabaseAddress, clock: TurnableClock, provider: str) -> AsyncIterator[Product]:
    """The product with this provider; `Product.tenant` has no account there."""
    async with serve_product(address, clock, provider) as served:
        yield served
