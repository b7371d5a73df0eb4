"""Reading pauses: across tenants for the ISV's operator, of one tenant for everybody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.money.money import Money
from portal.shield.areas import TrafficKind
from portal.shield.detector import PauseReason

_SHOWN = 100
# Not what was refused comes to: ISV support may read neither cost nor price.
_COLUMNS = (
    "tenant_id, id, kind, country, prefix, reason, paused_at, released_at, released_by_name, grace_until, refused"
)


@dataclass(frozen=True, slots=True)
class PauseRow:
    """A pause; without a prefix it is of a whole country, and without a country that is not known."""

    tenant_id: UUID
    id: UUID
    kind: TrafficKind
    country: str | None
    prefix: str | None
    reason: PauseReason
    paused_at: datetime
    released_at: datetime | None
    released_by: str | None
    grace_until: datetime | None
    refused: int


@dataclass(frozen=True, slots=True)
class Loss:
    """What was refused comes to: by the plan at most, and by the rate card."""

    price: Money
    cost: Money


async def read_pauses(
    tx: Transaction, tenant_ids: Sequence[UUID], *, released: bool | None
) -> dict[UUID, list[PauseRow]]:
    """Each tenant's pauses, the last first; 100 at most."""
    own = (
        "tenant_id = ANY($1::uuid[]) AND tenant_id = asked.tenant AND ($3::bool IS NULL OR "
        "(released_at IS NOT NULL) = $3) ORDER BY id DESC LIMIT $2"
    )
    last = f"SELECT {_COLUMNS} FROM traffic_pause WHERE {own}"  # noqa: S608  constants
    sql = f"SELECT pause.* FROM unnest($1::uuid[]) AS asked (tenant) CROSS JOIN LATERAL ({last}) AS pause"  # noqa: S608  constants
    found: dict[UUID, list[PauseRow]] = {tenant_id: [] for tenant_id in tenant_ids}
    for row in await tx.rows(sql, list(tenant_ids), _SHOWN, released):
        found[row["tenant_id"]].append(_row(row))
    return found


async def find_pause(tx: TenantTransaction, pause_id: UUID) -> PauseRow | None:
    """The tenant's own pause, or None."""
    sql = f"SELECT {_COLUMNS} FROM traffic_pause WHERE tenant_id = $1 AND id = $2"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, pause_id)
    return None if row is None else _row(row)


async def read_losses(tx: Transaction, pauses: Sequence[tuple[UUID, UUID]]) -> dict[UUID, Loss]:
    """What each of these pauses has refused comes to; a pause is its tenant's id and its own."""
    sql = (
        "SELECT id, price, price_currency, cost, cost_currency FROM traffic_pause "
        "WHERE tenant_id = ANY($1::uuid[]) AND id = ANY($2::uuid[])"
    )
    rows = await tx.rows(sql, [tenant_id for tenant_id, _ in pauses], [pause_id for _, pause_id in pauses])
    return {
        row["id"]: Loss(Money(row["price"], row["price_currency"]), Money(row["cost"], row["cost_currency"]))
        for row in rows
    }


def _row(row: Row) -> PauseRow:
    return PauseRow(
        tenant_id=row["tenant_id"],
        id=row["id"],
        kind=TrafficKind(row["kind"]),
        country=row["country"] or None,
        prefix=row["prefix"] or None,
        reason=PauseReason(row["reason"]),
        paused_at=row["paused_at"],
        released_at=row["released_at"],
        released_by=row["released_by_name"],
        grace_until=row["grace_until"],
        refused=row["refused"],
    )
