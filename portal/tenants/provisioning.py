"""Adding tenants, for the database role `operator`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.clock import new_id
from portal.database import Transaction

OLD_TOKEN_COUNTS = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class NewTenant:
    """A tenant whose provider account is ready; the secrets are encrypted already."""

    name: str
    slug: str
    time_zone: str
    plan: str
    account_sid: str
    auth_token: bytes = field(repr=False)
    key_sid: str
    key_secret: bytes = field(repr=False)
    messaging_service_sid: str | None
    number: str
    number_reference: str
    segments_per_second: Decimal | None = None  # what the number is registered for; None: what its kind may


async def add_tenant(tx: Transaction, tenant_id: UUID, tenant: NewTenant, *, now: datetime) -> None:
    """Add an active tenant with its account, its number and its plan."""
    await tx.execute(
        "INSERT INTO tenant (id, name, slug, environment, state, time_zone, created_at) "
        "VALUES ($1, $2, $3, 'DEVELOPMENT', 'ACTIVE', $4, $5)",
        tenant_id,
        tenant.name,
        tenant.slug,
        tenant.time_zone,
        now,
    )
    await tx.execute(
        "INSERT INTO provider_account (tenant_id, id, account_sid, auth_token, key_sid, key_secret, "
        "messaging_service_sid, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant_id,
        new_id(now),
        tenant.account_sid,
        tenant.auth_token,
        tenant.key_sid,
        tenant.key_secret,
        tenant.messaging_service_sid,
        now,
    )
    await tx.execute(
        "INSERT INTO number (tenant_id, id, number, label, provider_reference, segments_per_second, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant_id,
        new_id(now),
        tenant.number,
        tenant.name,
        tenant.number_reference,
        tenant.segments_per_second,
        now,
    )
    await tx.execute(
        "INSERT INTO tenant_plan (tenant_id, id, plan_id, since) "
        "SELECT $1, $2, id, $4 FROM plan WHERE name = $3 AND state = 'PUBLISHED' ORDER BY version DESC LIMIT 1",
        tenant_id,
        new_id(now),
        tenant.plan,
        now,
    )


async def replace_auth_token(tx: Transaction, tenant_id: UUID, auth_token: bytes, *, now: datetime) -> None:
    """Keep the account's new token, encrypted; for a while callbacks signed with the old one are genuine too.

    Twilio signs with the primary token alone: what is under way while a new one is promoted is signed with the old.
    """
    await tx.execute(
        "UPDATE provider_account SET previous_auth_token = auth_token, previous_until = $3, auth_token = $2 "
        "WHERE tenant_id = $1",
        tenant_id,
        auth_token,
        now + OLD_TOKEN_COUNTS,
    )
