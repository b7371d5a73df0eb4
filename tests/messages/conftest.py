"""The product of these tests sends through a door before the simulator, which counts and can turn away."""

from collections.abc import Iterator

import pytest

from tests.messages.gate import Gate
from tests.product import PARENT
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
