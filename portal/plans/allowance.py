"""The allowance ledger: reserve at acceptance, settle at hand-over, give back what never left.

The balance row of a period is locked by whoever reserves, so a hundred senders at once never get more than there is.
Every change of a balance has its entry; the balance is their sum.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.alerts.catalogue import AlertKind
from portal.alerts.raising import Occurrence, raise_alerts
from portal.clock import new_id, written
from portal.database import TenantTransaction, Transaction
from portal.live.changes import ALLOWANCE_CHANGED
from portal.plans.periods import AllowancePeriod, Period, period_at
from portal.plans.plans import PLAN_COLUMNS, plan_row, read_tenant_plan
from portal.plans.thresholds import CODES, newly_reached
from portal.pricing.terms import PlanTerms, UsageUnit
from portal.webhooks.events import WebhookEvent, emit


class EntryKind(StrEnum):
    """Why a balance changed."""

    RESERVE = "RESERVE"
    SETTLE = "SETTLE"
    GIVE_BACK = "GIVE_BACK"


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a tenant may still send in the present period; `limit` None means no limit."""

    limit: int | None
    used: int
    reserved: int
    unit: UsageUnit
    per: AllowancePeriod
    resets_at: datetime

    @property
    def remaining(self) -> int | None:
        """What is left, never negative: a smaller plan in mid-period may leave more used than it allows."""
        return None if self.limit is None else max(0, self.limit - self.used - self.reserved)

    def after(self, units: int) -> "Allowance":
        """The allowance once so many more units are reserved."""
        return Allowance(self.limit, self.used, self.reserved + units, self.unit, self.per, self.resets_at)


@dataclass(frozen=True, slots=True)
class LockedBalance:
    """A period's balance that nobody else changes until this transaction ends."""

    id: UUID
    allowance: Allowance
    told: int  # the percentage that was told of last


@dataclass(frozen=True, slots=True)
class BalanceChange:
    """Units that leave a reservation: settled as used, or given back."""

    balance_id: UUID
    batch_id: UUID
    kind: EntryKind
    units: int


async def read_allowance(tx: TenantTransaction, *, now: datetime) -> Allowance | None:
    """The allowance of the present period; None before the tenant has a plan."""
    return (await read_allowances(tx, [tx.tenant_id], now=now)).get(tx.tenant_id)


async def read_allowances(tx: Transaction, tenant_ids: Sequence[UUID], *, now: datetime) -> dict[UUID, Allowance]:
    """The allowances of those of these tenants that have a plan, in one statement."""
    day, month = period_at(AllowancePeriod.DAY, now), period_at(AllowancePeriod.MONTH, now)
    sql = (
        f"SELECT tenant_plan.tenant_id, {PLAN_COLUMNS}, coalesce(balance.used, 0) AS used, "  # noqa: S608  constants
        "coalesce(balance.reserved, 0) AS reserved "
        "FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id LEFT JOIN allowance_balance AS balance "
        "ON balance.tenant_id = tenant_plan.tenant_id AND balance.unit = plan.allowance_unit AND "
        "(balance.period_start, balance.period_end) IN "
        "(SELECT $2::timestamptz, $3::timestamptz WHERE plan.allowance_per = 'DAY' "
        "UNION ALL SELECT $4, $5 WHERE plan.allowance_per = 'MONTH') "
        "WHERE tenant_plan.tenant_id = ANY($1::uuid[]) AND since <= $6 AND (until IS NULL OR until > $6)"
    )
    found: dict[UUID, Allowance] = {}
    for row in await tx.rows(sql, list(tenant_ids), day.start, day.end, month.start, month.end, now):
        terms = plan_row(row).terms
        period = day if terms.per is AllowancePeriod.DAY else month
        found[row["tenant_id"]] = _allowance(terms, period, row["used"], row["reserved"])
    return found


async def lock_balance(tx: TenantTransaction, *, now: datetime) -> LockedBalance | None:
    """The present period's balance, locked; None before the tenant has a plan."""
    held = await read_tenant_plan(tx, now=now)
    if held is None:
        return None
    terms = held.plan.terms
    period = period_at(terms.per, now)
    row = await tx.row(
        "INSERT INTO allowance_balance (tenant_id, id, period_start, period_end, unit) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (tenant_id, period_start, period_end, unit) DO UPDATE SET unit = excluded.unit "
        "RETURNING id, used, reserved, told_percent",
        tx.tenant_id,
        new_id(now),
        period.start,
        period.end,
        terms.unit.value,
    )
    if row is None:
        raise RuntimeError("an upsert returns its row")
    allowance = _allowance(terms, period, row["used"], row["reserved"])
    return LockedBalance(row["id"], allowance, row["told_percent"])


async def reserve(tx: TenantTransaction, balance: LockedBalance, batch_id: UUID, units: int, *, now: datetime) -> None:
    """Reserve units of a balance that this transaction locked and found sufficient, and tell where that is much."""
    after = balance.allowance.after(units)
    reached = newly_reached(after.limit, after.used + after.reserved, balance.told)
    await tx.execute(
        "UPDATE allowance_balance SET reserved = reserved + $3, told_percent = $4 WHERE tenant_id = $1 AND id = $2",
        tx.tenant_id,
        balance.id,
        units,
        max([balance.told, *reached]),
    )
    await _write_entries(tx, [BalanceChange(balance.id, batch_id, EntryKind.RESERVE, units)], now=now)
    tx.announce(ALLOWANCE_CHANGED)
    if reached:
        await _tell(tx, balance.id, after, reached, now=now)


async def apply_changes(tx: TenantTransaction, changes: Sequence[BalanceChange], *, now: datetime) -> None:
    """Take units out of their reservations, each in the period that they were reserved in."""
    totals: dict[tuple[UUID, UUID, EntryKind], int] = {}
    for change in changes:
        key = (change.balance_id, change.batch_id, change.kind)
        totals[key] = totals.get(key, 0) + change.units
    summed = [BalanceChange(*key, units) for key, units in sorted(totals.items()) if units]
    if not summed:
        return
    if len({change.balance_id for change in summed}) > 1:
        # In the order of ids, so that two who change the balances of two periods never wait for each other.
        await tx.execute(
            "SELECT 1 FROM allowance_balance WHERE tenant_id = $1 AND id = ANY($2::uuid[]) ORDER BY id FOR UPDATE",
            tx.tenant_id,
            [change.balance_id for change in summed],
        )
    await tx.execute(
        "UPDATE allowance_balance AS balance SET reserved = reserved - change.released, used = used + change.settled "
        "FROM (SELECT id, sum(units) AS released, coalesce(sum(units) FILTER (WHERE kind = 'SETTLE'), 0) AS settled "
        "FROM unnest($2::uuid[], $3::bigint[], $4::text[]) AS given (id, units, kind) GROUP BY id) AS change "
        "WHERE balance.tenant_id = $1 AND balance.id = change.id",
        tx.tenant_id,
        [change.balance_id for change in summed],
        [change.units for change in summed],
        [change.kind.value for change in summed],
    )
    await _write_entries(tx, summed, now=now)
    tx.announce(ALLOWANCE_CHANGED)


async def _tell(
    tx: TenantTransaction, balance_id: UUID, allowance: Allowance, reached: Sequence[int], *, now: datetime
) -> None:
    """Tell of percentages that are reached: whoever holds the balance does, so each is told once in a period."""
    data = {
        "limit": allowance.limit,
        "used": allowance.used,
        "reserved": allowance.reserved,
        "unit": allowance.unit.value,
        "resetsAt": written(allowance.resets_at),
    }
    events = [{"percent": percent, **data} for percent in reached]
    await emit(tx, WebhookEvent.ALLOWANCE_THRESHOLD, events, now=now)
    happened = [
        Occurrence(AlertKind.USAGE_THRESHOLD, CODES[percent], f"allowance {balance_id} {percent}", now)
        for percent in reached
    ]
    await raise_alerts(tx, happened, now=now)


async def _write_entries(tx: TenantTransaction, changes: Sequence[BalanceChange], *, now: datetime) -> None:
    await tx.execute(
        "INSERT INTO allowance_entry (tenant_id, id, balance_id, kind, units, batch_id, at) "
        "SELECT $1, entry.id, entry.balance_id, entry.kind, entry.units, entry.batch_id, $7 "
        "FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::uuid[]) "
        "AS entry (id, balance_id, kind, units, batch_id)",
        tx.tenant_id,
        [new_id(now) for _ in changes],
        [change.balance_id for change in changes],
        [change.kind.value for change in changes],
        [change.units for change in changes],
        [change.batch_id for change in changes],
        now,
    )


def _allowance(terms: PlanTerms, period: Period, used: int, reserved: int) -> Allowance:
    return Allowance(terms.amount, used, reserved, terms.unit, terms.per, period.end)
