"""Reading tenants."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction, Transaction


class Environment(StrEnum):
    """Which of the ISV's two worlds a tenant lives in."""

    DEVELOPMENT = "DEVELOPMENT"
    PRODUCTION = "PRODUCTION"


class TenantState(StrEnum):
    """How far a tenant is."""

    ONBOARDING = "ONBOARDING"
    ACTIVE = "ACTIVE"
    SUSPENDED = "SUSPENDED"
    CLOSED = "CLOSED"


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant."""

    id: UUID
    name: str
    slug: str
    environment: Environment
    state: TenantState
    time_zone: str
    created_at: datetime


async def read_own_tenant(tx: TenantTransaction) -> TenantRow | None:
    """The tenant of this transaction."""
    row = await tx.row(
        "SELECT id, name, slug, environment, state, time_zone, created_at FROM tenant WHERE id = $1", tx.tenant_id
    )
    if row is None:
        return None
    return TenantRow(
        row["id"],
        row["name"],
        row["slug"],
        Environment(row["environment"]),
        TenantState(row["state"]),
        row["time_zone"],
        row["created_at"],
    )


@dataclass(frozen=True, slots=True)
class TenantName:
    """A tenant by its short name."""

    id: UUID
    slug: str


async def find_tenants(tx: Transaction, slug: str | None = None) -> list[TenantName]:
    """The tenant of this short name, or all, as far as the transaction's role sees them; in the order of the names."""
    sql = "SELECT id, slug FROM tenant WHERE $1::text IS NULL OR slug = $1 ORDER BY slug"
    return [TenantName(**row) for row in await tx.rows(sql, slug)]
