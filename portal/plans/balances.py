"""The allowance ledger: reserve at acceptance, settle at hand-over, give back what never left, correct.

The balance row of a period is locked by whoever reserves, so a hundred senders at once never get more than there is.
Every change of a balance has its entry; the balance is their sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction
from portal.live.changes import ALLOWANCE_CHANGED
from portal.plans.allowance import Allowance
from portal.plans.charging import Position
from portal.plans.periods import AllowancePeriod, period_at
from portal.plans.plans import PLAN_COLUMNS, PlanRow, plan_row
from portal.rates.cards import RateCard, read_card


class EntryKind(StrEnum):
    """Why a balance changed."""

    RESERVE = "RESERVE"
    SETTLE = "SETTLE"
    GIVE_BACK = "GIVE_BACK"
    CORRECTION = "CORRECTION"


@dataclass(frozen=True, slots=True)
class LockedBalance:
    """A period's balance that nobody else changes until this transaction ends, and what prices depend on."""

    id: UUID
    plan: PlanRow
    card: RateCard
    allowance: Allowance
    is_capped: bool
    own_thresholds: tuple[int, ...]
    told: int  # the percentage that was told of last
    told_limit: int | None  # the limit that it was of


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """Units that leave a reservation: settled as used, or given back."""

    balance_id: UUID
    batch_id: UUID
    kind: EntryKind
    units: int
    returned: int = 0  # of those given back: what credits had paid for


_STARTS = "CASE allowance_per WHEN 'DAY' THEN $3::timestamptz ELSE $5::timestamptz END"
_ENDS = "CASE allowance_per WHEN 'DAY' THEN $4::timestamptz ELSE $6::timestamptz END"
_FOUND = (  # what is there is locked without a write; not against the entries that refer to it
    "SELECT balance.id, used, reserved, from_credits, told_percent, told_limit FROM allowance_balance AS balance "  # noqa: S608  constants
    f"JOIN held ON unit = allowance_unit AND period_start = {_STARTS} AND period_end = {_ENDS} "
    "WHERE balance.tenant_id = $1 FOR NO KEY UPDATE OF balance"
)
_MADE = (
    "INSERT INTO allowance_balance (tenant_id, id, period_start, period_end, unit) "  # noqa: S608  constants
    f"SELECT $1, $7, {_STARTS}, {_ENDS}, allowance_unit FROM held "
    "ON CONFLICT (tenant_id, period_start, period_end, unit) DO UPDATE SET unit = excluded.unit "
    "RETURNING id, used, reserved, from_credits, told_percent, told_limit"
)


async def lock_balance(tx: TenantTransaction, *, now: datetime) -> LockedBalance | None:
    """The present period's balance, locked; None before the tenant has a plan."""
    day, month = period_at(AllowancePeriod.DAY, now), period_at(AllowancePeriod.MONTH, now)
    arguments = (tx.tenant_id, now, day.start, day.end, month.start, month.end)
    row = await tx.row(_lock(_FOUND), *arguments)
    if row is not None and row["id"] is None:  # the first of its period makes it
        row = await tx.row(_lock(_MADE), *arguments, new_id(now))
    if row is None:
        return None
    plan = plan_row(row)
    period = day if plan.terms.per is AllowancePeriod.DAY else month
    return LockedBalance(
        id=row["id"],
        plan=plan,
        card=await read_card(tx, row["card_id"]),
        allowance=Allowance.of(plan.terms, period, Position(row["used"], row["reserved"], row["from_credits"])),
        is_capped=row["is_capped"],
        own_thresholds=tuple(row["own_thresholds"] or ()),
        told=row["told_percent"],
        told_limit=row["told_limit"],
    )


def _lock(balance: str) -> str:
    return (
        f"WITH held AS (SELECT {PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "WHERE tenant_plan.tenant_id = $1 AND since <= $2 AND (until IS NULL OR until > $2)), "
        f"balance AS ({balance}) "
        "SELECT held.*, balance.*, (SELECT id FROM rate_card ORDER BY version DESC LIMIT 1) AS card_id, "
        "EXISTS (SELECT FROM spend_cap WHERE tenant_id = $1) AS is_capped, "
        "(SELECT thresholds FROM alert_rule WHERE tenant_id = $1 AND kind = 'USAGE_THRESHOLD') AS own_thresholds "
        "FROM held LEFT JOIN balance ON TRUE"
    )


async def write_changes(tx: TenantTransaction, changes: Sequence[BalanceChange], *, now: datetime) -> None:
    """Take units out of their reservations, each in the period that they were reserved in; the caller locked those."""
    totals: dict[tuple[UUID, UUID, EntryKind], tuple[int, int]] = {}
    for change in changes:
        key = (change.balance_id, change.batch_id, change.kind)
        units, returned = totals.get(key, (0, 0))
        totals[key] = (units + change.units, returned + change.returned)
    summed = [BalanceChange(*key, *total) for key, total in sorted(totals.items())]
    await tx.execute(
        "WITH change AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], "
        "$7::uuid[]) AS given (balance_id, batch_id, kind, units, returned, entry_id)), "
        "total AS (SELECT balance_id, sum(units) AS released, sum(returned) AS returned, "
        "coalesce(sum(units) FILTER (WHERE kind = 'SETTLE'), 0) AS settled FROM change GROUP BY balance_id), "
        "balance AS (UPDATE allowance_balance AS balance SET reserved = reserved - released, used = used + settled, "
        "from_credits = from_credits - returned FROM total "
        "WHERE balance.tenant_id = $1 AND balance.id = total.balance_id) "
        "INSERT INTO allowance_entry (tenant_id, id, balance_id, kind, units, batch_id, at) "
        "SELECT $1, entry_id, balance_id, kind, units, batch_id, $8 FROM change",
        tx.tenant_id,
        [change.balance_id for change in summed],
        [change.batch_id for change in summed],
        [change.kind.value for change in summed],
        [change.units for change in summed],
        [change.returned for change in summed],
        [new_id(now) for _ in summed],
        now,
    )
    tx.announce(ALLOWANCE_CHANGED)
