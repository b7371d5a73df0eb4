"""The product of these tests asks through the door before the simulator."""

from collections.abc import Iterator

import pytest

from tests.product import PARENT
from tests.twilio_gateway.door import Door
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running


@pytest.fixture(scope="session")
def behind() -> Iterator[tuple[Door, str]]:
    """One door and simulator a worker: each tenant has a subaccount of its own there."""
    door = Door(create_simulator(PARENT))
    with running(door) as address:
        yield door, address


@pytest.fixture
def door(behind: tuple[Door, str]) -> Door:
    """What stands before the simulator."""
    return behind[0]


@pytest.fixture(scope="session")
def simulator(behind: tuple[Door, str]) -> str:
    """The simulator's address, behind the door."""
    return behind[1]
