"""Reading tenants."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page


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


@dataclass(frozen=True, slots=True)
class TenantFilter:
    """Which tenants; None asks for all. `search` looks into names and slugs."""

    search: str | None = None
    states: tuple[TenantState, ...] | None = None


BY_NAME = Keyset("name", "lower(name)")
_COLUMNS = "id, name, slug, environment, state, time_zone, created_at"


async def read_own_tenant(tx: TenantTransaction) -> TenantRow | None:
    """The tenant of this transaction."""
    return (await read_tenants_by_id(tx, [tx.tenant_id])).get(tx.tenant_id)


async def read_tenants_by_id(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, TenantRow]:
    """Those of these tenants that the transaction may see, in one statement."""
    sql = f"SELECT {_COLUMNS} FROM tenant WHERE id = ANY($1::uuid[])"  # noqa: S608  constants
    return {row["id"]: _tenant_row(row) for row in await tx.rows(sql, list(ids))}


async def read_tenants(tx: Transaction, request: PageRequest, only: TenantFilter) -> Page[TenantRow]:
    """A page of the tenants by name, for those of the ISV's staff."""
    conditions = ["true"]
    arguments: list[object] = []
    if text := (only.search or "").strip():
        arguments.append(text.lower())
        conditions.append("(strpos(lower(name), $1) > 0 OR strpos(slug, $1) > 0)")
    if only.states is not None:
        arguments.append([state.value for state in only.states])
        conditions.append(f"state = ANY(${len(arguments)}::text[])")
    listing = Listing(_COLUMNS, "tenant", "id", conditions, arguments)
    return await read_page(tx, listing, BY_NAME, request, _tenant_row)


def _tenant_row(row: Row) -> TenantRow:
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
