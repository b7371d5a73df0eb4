"""What the benchmarks play on: a database of their own with made-up tenants, contacts and messages."""

import random
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import asyncpg

from auth.api_clients import create_api_client
from auth.permissions import machine_permissions
from portal.clock import SystemClock, new_id
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import migrate
from portal.encryption import SecretBox
from portal.plans.catalogue import add_missing
from portal.plans.checking import PlanContent
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import PlanTerms, PricingStrategy
from portal.tenants.provisioning import NewTenant, add_tenant

CONTACTS = 2_000
MESSAGES = 20_000
TENANTS = 2  # both with the same rows: row-level security has something to keep apart
POOL_SIZE = 10
_UNPACED = Decimal(10_000)  # a second, of messages and of segments: so fast that no pace binds
_PLAN = PlanContent(
    "Unlimited", "", PlanTerms(PricingStrategy.TIER, "USD", per=AllowancePeriod.DAY), throughput=_UNPACED
)
_WORDS = ("bike", "board", "lesson", "order", "pickup", "ready", "repair", "sale", "shoe", "shop", "surf", "today")


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant of the stage, its provider account's secrets, an API client's, and its contacts."""

    id: UUID
    account_sid: str
    auth_token: str
    client_id: str
    client_secret: str
    contact_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Stage:
    """A filled database and what servers on it are told."""

    home: Path
    superuser: DatabaseAddress
    login: DatabaseAddress
    tenant: Tenant
    secret: str
    seed: int
    kept: Path | None = None
    """Where the generated set is kept; None: a small one is made for this run."""
    public_url: str = "http://localhost"

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a server; whatever else the benchmark's own environment says stays out of the way."""
        return {
            "DATABASE_URL": self.login.url(),
            "DATABASE_OWNER_URL": "",
            "SECRET_KEY": self.secret,
            "PUBLIC_URL": self.public_url,
            "CALLBACK_URL": "",
            "PORTAL_HOME": str(self.home),
            "POOL_SIZE": str(POOL_SIZE),
            "DEMO": "0",
            "TWILIO_ACCOUNT_SID": "",
            "TWILIO_AUTH_TOKEN": "",
            "SIMULATOR_URL": "",
        }


@asynccontextmanager
async def staged(home: Path, seed: int, kept: Path | None = None) -> AsyncIterator[Stage]:
    """A PostgreSQL server in this folder, as the portal starts it, with fsync on."""
    server = EmbeddedPostgres(home)
    try:
        await server.start()
        superuser, login = server.address(user="postgres"), server.address()
        await migrate(superuser, login=login.user)
        secret = secrets.token_urlsafe(32)
        tenant = await _fill(superuser, login, SecretBox(secret), seed)
        yield Stage(home, superuser, login, tenant, secret, seed, kept)
    finally:
        await server.stop()


async def _fill(superuser: DatabaseAddress, login: DatabaseAddress, box: SecretBox, seed: int) -> Tenant:
    chance = random.Random(seed)
    database = await Database.connect(login)
    connection = await asyncpg.connect(**superuser.credentials())
    try:
        tenants = []
        for number in range(TENANTS):
            tenant, now = await add_shop(database, box, chance, number), SystemClock().now()
            contacts = await add_contacts(connection, tenant.id, chance, now)
            await _messages(connection, tenant.id, contacts, chance, now)
            tenants.append(replace(tenant, contact_ids=tuple(contacts)))
        await connection.execute("VACUUM ANALYZE")
    finally:
        await connection.close()
        await database.close()
    return tenants[0]


async def add_shop(database: Database, box: SecretBox, chance: random.Random, number: int) -> Tenant:
    """A tenant with a plan without a limit, and an API client that may do all that one may; it has no contacts yet."""
    now = SystemClock().now()
    tenant_id, account_sid, auth_token = new_id(now), f"AC{chance.randbytes(16).hex()}", chance.randbytes(16).hex()
    new = NewTenant(
        name=f"Shop {number}",
        slug=f"shop-{number}",
        time_zone="UTC",
        plan=_PLAN.name,
        account_sid=account_sid,
        auth_token=box.encrypt(auth_token),
        key_sid=f"SK{chance.randbytes(16).hex()}",
        key_secret=box.encrypt(chance.randbytes(16).hex()),
        messaging_service_sid=None,
        number=f"+1202555{number:04}",
        number_reference=f"PN{chance.randbytes(16).hex()}",
        segments_per_second=_UNPACED,
    )
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await add_missing(tx, [_PLAN], "Operator", on_sale=True, now=now)
        await add_tenant(tx, tenant_id, new, now=now)
    async with database.as_role(DatabaseRole.AUTH) as tx:
        permissions = machine_permissions()
        made = await create_api_client(
            tx, now, tenant_id=tenant_id, name="Shop system", permissions=permissions, created_by=None
        )
    return Tenant(tenant_id, account_sid, auth_token, made.client_id, made.client_secret, ())


async def add_contacts(
    connection: asyncpg.Connection, tenant_id: UUID, chance: random.Random, now: datetime, count: int = CONTACTS
) -> dict[UUID, str]:
    """Made-up contacts, at most 10,000: their ids, with their numbers."""
    contacts = {new_id(now - timedelta(minutes=place)): f"+1415555{place:04}" for place in range(count)}
    columns = ["tenant_id", "id", "name", "number", "country", "fields", "created_at", "updated_at"]
    records = [
        (tenant_id, contact_id, chance.choice(_WORDS).title(), number, "US", '{"city": "Boston"}', now, now)
        for contact_id, number in contacts.items()
    ]
    await connection.copy_records_to_table("contact", records=records, columns=columns)
    return contacts


async def empty_queues(stage: Stage) -> None:
    """Take away what other benchmarks had accepted and what their traffic looked like: a worker finds nothing to do."""
    connection = await asyncpg.connect(**stage.superuser.credentials())
    try:
        await connection.execute("DELETE FROM message WHERE status IN ('QUEUED', 'SENDING', 'CONFIRMING')")
        await connection.execute("TRUNCATE due_tenant, tenant_pace, sender_pace, traffic_window, traffic_pause")
    finally:
        await connection.close()


async def _messages(
    connection: asyncpg.Connection, tenant_id: UUID, contacts: dict[UUID, str], chance: random.Random, now: datetime
) -> None:
    same = {
        "tenant_id": tenant_id,
        "direction": "OUTBOUND",
        "channel": "SMS",
        "sender_number": "+12025550000",
        "recipient_country": "US",
        "encoding": "GSM_7",
        "segments": 1,
        "actor_kind": "API_CLIENT",
        "actor_name": "Shop system",
    }
    own, records = list(contacts.items()), []
    for place in range(MESSAGES):
        contact_id, number = chance.choice(own)
        at = now - timedelta(minutes=place)
        body = " ".join(chance.choices(_WORDS, k=12))
        status = chance.choice(("DELIVERED", "DELIVERED", "SENT", "UNDELIVERED"))
        records.append((*same.values(), new_id(at), contact_id, status, at, number, body, at))
    columns = [*same, "id", "contact_id", "status", "status_at", "recipient_number", "body", "created_at"]
    await connection.copy_records_to_table("message", records=records, columns=columns)
