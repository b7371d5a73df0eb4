"""Changes of plan: who made them, which of them are to come, and which were taken back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.actor import ActorKind
from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page

_COLUMNS = (
    "plan_change.tenant_id, plan_change.id, from_plan_id, to_plan_id, effective_at, requested_at, actor_kind, "
    "actor_name, canceled_at, canceled_by_name"
)
_BY_TIME = Keyset("plan changes by time", "requested_at", descending=True, of_time=True)


@dataclass(frozen=True, slots=True)
class PlanChangeRow:
    """One change; `from_plan_id` None: the tenant's first plan."""

    tenant_id: UUID
    id: UUID
    from_plan_id: UUID | None
    to_plan_id: UUID
    effective_at: datetime
    requested_at: datetime
    actor_kind: ActorKind
    actor_name: str
    canceled_at: datetime | None
    canceled_by_name: str | None


async def read_plan_changes(tx: TenantTransaction, request: PageRequest) -> Page[PlanChangeRow]:
    """The tenant's changes, the last that was asked for first."""
    listing = Listing(_COLUMNS, "plan_change", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_page(tx, listing, _BY_TIME, request, _row)


async def read_plan_change(tx: TenantTransaction, change_id: UUID) -> PlanChangeRow | None:
    """The tenant's change of this id, or None."""
    sql = f"SELECT {_COLUMNS} FROM plan_change WHERE tenant_id = $1 AND id = $2"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, change_id)
    return None if row is None else _row(row)


async def read_pending_changes(
    tx: Transaction, tenant_ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, PlanChangeRow]:
    """The change that is to come next of each of these tenants that have one, in one statement."""
    sql = (
        f"SELECT DISTINCT ON (plan_change.tenant_id) {_COLUMNS} FROM plan_change "  # noqa: S608  constants
        "JOIN tenant_plan ON tenant_plan.tenant_id = plan_change.tenant_id AND tenant_plan.id = tenant_plan_id "
        "WHERE plan_change.tenant_id = ANY($1::uuid[]) AND since > $2 AND canceled_at IS NULL "
        "ORDER BY plan_change.tenant_id, since"
    )
    rows = await tx.rows(sql, list(tenant_ids), now)
    return {row["tenant_id"]: _row(row) for row in rows}


def _row(row: Row) -> PlanChangeRow:
    return PlanChangeRow(
        tenant_id=row["tenant_id"],
        id=row["id"],
        from_plan_id=row["from_plan_id"],
        to_plan_id=row["to_plan_id"],
        effective_at=row["effective_at"],
        requested_at=row["requested_at"],
        actor_kind=ActorKind(row["actor_kind"]),
        actor_name=row["actor_name"],
        canceled_at=row["canceled_at"],
        canceled_by_name=row["canceled_by_name"],
    )
