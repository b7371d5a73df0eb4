"""The product of these tests asks through the door before the simulator."""

from collections.abc import Iterator

import pytest

from tests.product import PARENT
from tests.usage.door import UsageDoor
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running


@pytest.fixture(scope="session")
def behind() -> Iterator[tuple[UsageDoor, str]]:
    """One door and simulator a worker: each tenant has a subaccount of its own there."""
    door = UsageDoor(create_simulator(PARENT))
    with running(door) as address:
        yield door, address


@pytest.fixture(scope="session")
def door(behind: tuple[UsageDoor, str]) -> UsageDoor:
    """What stands before the simulator."""
    return behind[0]


@pytest.fixture(scope="session")
def simulator(behind: tuple[UsageDoor, str]) -> str:
    """The simulator's address, behind the door."""
    return behind[1]
