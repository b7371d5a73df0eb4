"""Reading alerts: across tenants for the ISV's operator, of one tenant for everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.actor import ActorKind
from portal.alerts.catalogue import AlertGroup, AlertKind
from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_pages_of

LATEST_FIRST = Keyset("last-", "alert.last_at", descending=True, of_time=True)
_COLUMNS = (
    "alert.id, alert.kind, alert.code, count, first_at, last_at, acknowledged_at, acknowledged_by_kind, "
    "acknowledged_by_name, muted.until AS muted_until"
)
_SOURCE = (
    "alert LEFT JOIN alert_mute AS muted ON muted.until > $1 "
    "AND (muted.tenant_id, muted.kind, muted.code) = (alert.tenant_id, alert.kind, alert.code)"
)


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert as lists read it."""

    id: UUID
    group: AlertGroup
    count: int
    first_at: datetime
    last_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: tuple[ActorKind, str] | None
    muted_until: datetime | None


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts; None asks for all."""

    kinds: tuple[AlertKind, ...] | None = None
    acknowledged: bool | None = None


async def read_alerts(
    tx: Transaction, tenant_ids: Sequence[UUID], request: PageRequest, only: AlertFilter, *, now: datetime
) -> dict[UUID, Page[AlertRow]]:
    """A page of each tenant's alerts, those that happened last first."""
    conditions = ["alert.tenant_id = ANY($2::uuid[])"]
    arguments: list[object] = [now, list(tenant_ids)]
    if only.kinds is not None:
        arguments.append([kind.value for kind in only.kinds])
        conditions.append(f"alert.kind = ANY(${len(arguments)}::text[])")
    if only.acknowledged is not None:
        conditions.append(f"acknowledged_at IS {'NOT NULL' if only.acknowledged else 'NULL'}")
    listing = Listing(_COLUMNS, _SOURCE, "alert.id", conditions, arguments)
    return await read_pages_of(tx, listing, "alert.tenant_id", tenant_ids, LATEST_FIRST, request, _row)


async def read_alerts_by_id(tx: TenantTransaction, ids: Sequence[UUID], *, now: datetime) -> dict[UUID, AlertRow]:
    """Those of these alerts that the tenant has."""
    sql = f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE alert.tenant_id = $2 AND alert.id = ANY($3::uuid[])"  # noqa: S608  constants
    return {row["id"]: _row(row) for row in await tx.rows(sql, now, tx.tenant_id, list(ids))}


async def read_references(tx: TenantTransaction, alert_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The provider's error numbers behind each of these alerts."""
    found: dict[UUID, list[str]] = {alert_id: [] for alert_id in alert_ids}
    rows = await tx.rows(
        "SELECT DISTINCT alert_id, reference FROM alert_occurrence "
        "WHERE tenant_id = $1 AND alert_id = ANY($2::uuid[]) AND reference IS NOT NULL ORDER BY alert_id, reference",
        tx.tenant_id,
        list(alert_ids),
    )
    for row in rows:
        found[row["alert_id"]].append(row["reference"])
    return found


def _row(row: Row) -> AlertRow:
    by = row["acknowledged_by_kind"]
    return AlertRow(
        row["id"],
        AlertGroup(AlertKind(row["kind"]), row["code"]),
        row["count"],
        row["first_at"],
        row["last_at"],
        row["acknowledged_at"],
        (ActorKind(by), row["acknowledged_by_name"]) if by else None,
        row["muted_until"],
    )
