"""One simulator a worker, a subaccount of its own for each test, and a receiver of callbacks."""

import base64
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from portal.messages.provider import OutgoingMessage, ProviderCredentials
from tests.twilio_gateway.door import Door
from tests.twilio_gateway.receiver import Receiver, receiving
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running
from twilio_gateway.simulator.settings import SimulatorSettings

SETTINGS = SimulatorSettings(
    parent_sid="AC" + "0" * 32,
    parent_token="the-parents-token",
    step_delay=timedelta(milliseconds=10),
    slow_answer=timedelta(seconds=3),
    trigger_check=timedelta(milliseconds=10),
    lateness=20,
)


@dataclass(frozen=True)
class Simulated:
    """A simulator that runs, and the door before it."""

    address: str
    door: Door

    async def call(
        self, credentials: tuple[str, str] | None, method: str, path: str, **fields: str
    ) -> tuple[int, Any, dict[str, str]]:
        """A raw request: status, body and headers."""
        headers = {} if credentials is None else _basic(credentials)
        place = {"data" if method == "POST" else "params": fields}
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, self.address + path, headers=headers, **place) as response,  # type: ignore[arg-type]  # either keyword
        ):
            body = await response.json() if response.content_type == "application/json" else await response.text()
            return response.status, body, dict(response.headers)

    async def post_json(self, credentials: tuple[str, str], path: str, told: Any) -> tuple[int, Any]:
        """A raw request with a JSON body: status and body."""
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.address + path, json=told, headers=_basic(credentials)) as response,
        ):
            return response.status, await response.json()


def _basic(credentials: tuple[str, str]) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(":".join(credentials).encode()).decode()}


async def write_to(simulator: Simulated, sender: str, number: str, body: str) -> str:
    """Let somebody write to a number; the message's SID."""
    told = {"from": sender, "to": number, "body": body}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{simulator.address}/simulator/inbound", json=told) as response,
    ):
        assert response.status == 201
        return str((await response.json())["sid"])


@pytest.fixture(scope="session")
def simulator() -> Iterator[Simulated]:
    door = Door(create_simulator(SETTINGS))
    with running(door) as address:
        yield Simulated(address, door)


@pytest.fixture
async def gateway(simulator: Simulated) -> AsyncIterator[TwilioGateway]:
    async with TwilioGateway.open(simulator.address, timedelta(seconds=20)) as gateway:
        yield gateway


@pytest.fixture
async def tenant(gateway: TwilioGateway) -> ProvisionedAccount:
    return await gateway.accounts(SETTINGS.parent_sid, SETTINGS.parent_token).provision(f"tenant {uuid4()}")


@pytest.fixture
def credentials(tenant: ProvisionedAccount) -> ProviderCredentials:
    return ProviderCredentials(tenant.account_sid, tenant.key_sid, tenant.key_secret)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as receiver:
        yield receiver


@pytest.fixture
def message(tenant: ProvisionedAccount, receiver: Receiver) -> OutgoingMessage:
    return OutgoingMessage(
        recipient="+12025550100",
        body="Your surfboard is ready",
        sender=None,
        messaging_service=tenant.messaging_service_sid,
        status_callback=f"{receiver.address}/callbacks/1?tenant=7",
    )
