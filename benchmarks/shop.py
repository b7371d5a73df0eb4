"""A shop that sends through a simulator which takes its time, and the messages that it has waiting."""

import asyncio
import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.stage import Stage, add_contacts, add_shop
from portal.actor import Actor, ActorKind
from portal.clock import SystemClock
from portal.database import Database
from portal.encryption import SecretBox
from portal.messages.addressees import Recipients
from portal.messages.composing import Composition
from portal.messages.sending import OnRefusal, SendRequest, send
from portal.tenants.accounts import ProviderAccounts
from twilio_gateway.accounts import ProvisionedAccount
from twilio_gateway.gateway import TwilioGateway
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.settings import SimulatorSettings

LATENCY_SECONDS = 0.05
BODY = "Your bike is ready. Reply STOP to opt out."
PATIENCE = timedelta(minutes=2)  # a busy machine is taken for no lost answer
_NOWHERE = "http://127.0.0.1:9/"  # nobody is called back: statuses come an hour later
_PARENT = SimulatorSettings("AC" + "1" * 32, "2" * 32)
# Ids in their order, all of this month's partition.
_FILL = """
WITH made AS (
  INSERT INTO message (tenant_id, id, direction, channel, status, status_at, sender_number, recipient_number,
    recipient_country, body, encoding, segments, due_at, created_at)
  SELECT $1, uuidv7(), 'OUTBOUND', 'SMS', 'QUEUED', $5, $3, '+1415' || 5550000 + n, 'US', $4, 'GSM_7', 1, $5, $5
  FROM generate_series(1, $2::integer) AS n
)
INSERT INTO due_tenant (tenant_id, due_at) VALUES ($1, $5) ON CONFLICT (tenant_id) DO UPDATE SET due_at = $5
"""


def create_app() -> ASGIApp:
    """The simulator, that takes its time for each message."""
    simulator = create_simulator(_PARENT)

    async def slowly(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].endswith("/Messages.json"):
            await asyncio.sleep(LATENCY_SECONDS)
        await simulator(scope, receive, send)

    return slowly


@dataclass(frozen=True, slots=True)
class Shop:
    """A tenant that can send, and what its requests are made of."""

    tenant_id: UUID
    account: ProvisionedAccount
    url: str
    contacts: tuple[tuple[UUID, str], ...]
    accounts: ProviderAccounts
    connection: asyncpg.Connection


@asynccontextmanager
async def opened_shop(
    stage: Stage, gateway: TwilioGateway, url: str, number: int
) -> AsyncIterator[tuple[Database, Shop]]:
    """A tenant with contacts, whose account the simulator knows."""
    chance, box, clock = random.Random(stage.seed), SecretBox(stage.secret), SystemClock()
    account = await gateway.accounts(_PARENT.parent_sid, _PARENT.parent_token).provision(f"Shop {number}")
    database = await Database.connect(stage.login)
    connection = await asyncpg.connect(**stage.superuser.credentials())
    try:
        shop = await add_shop(database, box, chance, number)
        await connection.execute(
            "UPDATE provider_account SET account_sid = $2, auth_token = $3, key_sid = $4, key_secret = $5 "
            "WHERE tenant_id = $1",
            shop.id,
            account.account_sid,
            box.encrypt(account.auth_token),
            account.key_sid,
            box.encrypt(account.key_secret),
        )
        await connection.execute("UPDATE number SET number = $2 WHERE tenant_id = $1", shop.id, account.number)
        contacts = await add_contacts(connection, shop.id, chance, clock.now())
        accounts = ProviderAccounts(database, box, clock)
        yield database, Shop(shop.id, account, url, tuple(contacts.items()), accounts, connection)
    finally:
        await connection.close()
        await database.close()


async def add_to_queue(database: Database, shop: Shop, many: int) -> None:
    """Accept messages as the product does."""
    recipients = Recipients(tuple(contact_id for contact_id, _ in shop.contacts[:many]))
    composition = Composition(recipients, None, BODY, {})
    request = SendRequest(secrets.token_hex(16), composition, OnRefusal.SEND_NONE)
    async with database.for_tenant(shop.tenant_id) as tx:
        await send(tx, request, Actor(ActorKind.SYSTEM, UUID(int=0), "Benchmark"), now=SystemClock().now())


async def fill_queue(shop: Shop, many: int) -> None:
    """Messages that wait, and hold no units."""
    await shop.connection.execute(_FILL, shop.tenant_id, many, shop.account.number, BODY, SystemClock().now())


def callback_of(tenant_id: UUID, message_id: UUID) -> str:
    """The address that the provider is to tell of a message."""
    return f"{_NOWHERE}{tenant_id}/{message_id}"
