"""The product of these tests sends through a door before the simulator, which counts and can turn away."""

from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from api.webhooks.addresses import callback_url
from portal.messages.dispatching import Dispatcher
from portal.tenants.accounts import ProviderAccounts
from tests.messages.gate import Gate
from tests.product import PARENT, Product
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running


@pytest.fixture(scope="session")
def gated() -> Iterator[tuple[Gate, str]]:
    """One gate and simulator a worker: each tenant has a subaccount of its own there."""
    gate = Gate(create_simulator(PARENT))
    with running(gate) as address:
        yield gate, address


@pytest.fixture(scope="session")
def gate(gated: tuple[Gate, str]) -> Gate:
    """What stands before the simulator."""
    return gated[0]


@pytest.fixture(scope="session")
def simulator(gated: tuple[Gate, str]) -> str:
    """The simulator's address, behind the gate."""
    return gated[1]


@pytest.fixture
async def product(product: Product) -> AsyncIterator[Product]:
    """The product with deadlines so long that a busy machine is taken for no lost answer."""
    async with TwilioGateway.open(product.settings.simulator_url, timedelta(seconds=60)) as patient:
        accounts = ProviderAccounts(product.database, product.box, product.clock)
        product.gateway = patient
        product.dispatcher = Dispatcher(
            product.database, patient.messages, accounts, product.clock, callback_url(product.url)
        )
        yield product
