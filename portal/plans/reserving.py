"""Reserving what a send takes: units of the allowance, credits where it is used up, and money under the spend cap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from portal.alerts.catalogue import AlertKind, SpendFault
from portal.alerts.raising import Occurrence, raise_alerts
from portal.clock import new_id, written
from portal.credits.drawing import Draw, draw
from portal.credits.lots import lock_usable, usable_at
from portal.database import TenantTransaction
from portal.live.changes import ALLOWANCE_CHANGED
from portal.plans.allowance import Allowance
from portal.plans.balances import LockedBalance
from portal.plans.charging import Budget, Charge, Position, Prices, may_cost
from portal.plans.periods import AllowancePeriod, period_at
from portal.plans.plans import PLAN_COLUMNS, PlanRow, plan_row
from portal.plans.spend import LockedSpend, month_of, reserve_spend, reserved_before, tell_of_cap
from portal.plans.thresholds import code_of, newly_reached, told_of
from portal.pricing.terms import AtLimit, PlanTerms, included
from portal.rates.cards import RateCard, read_card
from portal.webhooks.events import WebhookEvent, emit


@dataclass(frozen=True, slots=True)
class Means:
    """What a send is worked out with: the plan and its prices, the allowance, and what may be taken."""

    plan: PlanRow
    card: RateCard
    allowance: Allowance
    budget: Budget


class Taking(NamedTuple):
    """What a message of a batch takes."""

    message_id: UUID
    batch_id: UUID
    charge: Charge


@dataclass(frozen=True, slots=True)
class LockedMeans(Means):
    """The same, held until this transaction ends: what is taken is there."""

    balance: LockedBalance
    lots: list[tuple[UUID, int]] = field(default_factory=list)
    spend: LockedSpend | None = None


async def read_means(tx: TenantTransaction, *, now: datetime) -> Means | None:
    """What a send could take now, in one statement; None before the tenant has a plan."""
    day, month = period_at(AllowancePeriod.DAY, now), period_at(AllowancePeriod.MONTH, now)
    sql = (
        f"SELECT {PLAN_COLUMNS}, coalesce(balance.used, 0) AS used, coalesce(balance.reserved, 0) AS reserved, "  # noqa: S608  constants
        "coalesce(balance.from_credits, 0) AS from_credits, "
        "(SELECT id FROM rate_card ORDER BY version DESC LIMIT 1) AS card_id, "
        "(SELECT coalesce(sum(units - used - reserved - expired), 0)::bigint FROM credit_lot "
        f"WHERE tenant_id = $1 AND unit = plan.allowance_unit AND {usable_at('$6')}) AS bought, "
        f"(SELECT amount - coalesce(spent + reserved, 0) - {reserved_before('$1', 'cap.currency', '$7')} "
        "FROM spend_cap AS cap LEFT JOIN spend_balance AS spend "
        "ON spend.tenant_id = $1 AND spend.month = $7 AND spend.currency = cap.currency "
        "WHERE cap.tenant_id = $1 AND cap.currency = plan.currency) AS room "
        "FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id LEFT JOIN allowance_balance AS balance "
        "ON balance.tenant_id = $1 AND balance.unit = plan.allowance_unit "
        "AND balance.period_start = CASE allowance_per WHEN 'DAY' THEN $2::timestamptz ELSE $4::timestamptz END "
        "AND balance.period_end = CASE allowance_per WHEN 'DAY' THEN $3::timestamptz ELSE $5::timestamptz END "
        "WHERE tenant_plan.tenant_id = $1 AND since <= $6 AND (until IS NULL OR until > $6)"
    )
    row = await tx.row(sql, tx.tenant_id, day.start, day.end, month.start, month.end, now, month_of(now))
    if row is None:
        return None
    plan, card = plan_row(row), await read_card(tx, row["card_id"])
    period = day if plan.terms.per is AllowancePeriod.DAY else month
    allowance = Allowance.of(plan.terms, period, Position(row["used"], row["reserved"], row["from_credits"]))
    budget = Budget(Prices(plan.terms, card), allowance.position, bought=row["bought"], spend=row["room"])
    return Means(plan, card, allowance, budget)


async def lock_means(tx: TenantTransaction, balance: LockedBalance, units: int, *, now: datetime) -> LockedMeans:
    """Lock what a send of at most so many units may take besides the allowance: only what it can come to."""
    plan, position = balance.plan, balance.allowance.position
    lots = await lock_usable(tx, plan.terms.unit, now=now) if _may_draw(plan.terms, position, units) else []
    spend = None
    if balance.is_capped and may_cost(plan.terms, position, units):
        spend = await reserve_spend(tx, plan.terms.currency, Decimal(0), now=now)
    budget = Budget(
        Prices(plan.terms, balance.card),
        position,
        bought=sum(left for _, left in lots),
        spend=None if spend is None else spend.room,
    )
    return LockedMeans(plan, balance.card, balance.allowance, budget, balance, lots, spend)


async def reserve(
    tx: TenantTransaction,
    means: LockedMeans,
    taken: Sequence[Taking],
    spend: LockedSpend | None,
    *,
    now: datetime,
) -> None:
    """Reserve what messages take of what this transaction holds, and tell where that is much. Last, for that."""
    balance, before = means.balance, means.allowance
    units: dict[UUID, int] = {}  # by batch
    for one in taken:
        units[one.batch_id] = units.get(one.batch_id, 0) + one.charge.units
    total = sum(units.values())
    from_credits = sum(one.charge.from_credits for one in taken)
    if from_credits:
        draws = [Draw(one.message_id, one.charge.from_credits) for one in taken if one.charge.from_credits]
        batches = {one.message_id: one.batch_id for one in taken}
        from_credits = await draw(tx, means.lots, draws, batches, now=now)
    after = before.after(total, from_credits)
    told = told_of(before.limit, before.position.committed, balance.told, balance.told_limit, balance.own_thresholds)
    reached = newly_reached(after.limit, after.position.committed, told, balance.own_thresholds)
    await tx.execute(
        "WITH balance AS (UPDATE allowance_balance SET reserved = reserved + $3, from_credits = from_credits + $4, "
        "told_percent = $5, told_limit = $6 WHERE tenant_id = $1 AND id = $2) "
        "INSERT INTO allowance_entry (tenant_id, id, balance_id, kind, units, batch_id, at) "
        "SELECT $1, entry.id, $2, 'RESERVE', entry.units, entry.batch_id, $10 "
        "FROM unnest($7::uuid[], $8::uuid[], $9::bigint[]) AS entry (id, batch_id, units)",
        tx.tenant_id,
        balance.id,
        total,
        from_credits,
        max([told, *reached]),
        after.limit,
        [new_id(now) for _ in units],
        list(units),
        list(units.values()),
        now,
    )
    tx.announce(ALLOWANCE_CHANGED)
    if reached:
        await tell_reached(tx, balance.id, after, reached, now=now)
    if spend is not None and spend.room is not None and spend.room <= 0:
        await tell_capped(tx, spend, now=now)


async def tell_reached(
    tx: TenantTransaction, balance_id: UUID, allowance: Allowance, reached: Sequence[int], *, now: datetime
) -> None:
    """Tell of percentages that are reached: whoever holds the balance does, so each is told once in a period."""
    data = {
        "limit": allowance.limit,
        "used": allowance.position.used,
        "reserved": allowance.position.reserved,
        "unit": allowance.unit.value,
        "resetsAt": written(allowance.period.end),
    }
    events = [{"percent": percent, **data} for percent in reached]
    await emit(tx, WebhookEvent.ALLOWANCE_THRESHOLD, events, now=now)
    event = f"allowance {balance_id} of {allowance.limit}"
    happened = [
        Occurrence(AlertKind.USAGE_THRESHOLD, code_of(percent), f"{event} {percent}", now) for percent in reached
    ]
    await raise_alerts(tx, happened, now=now)


async def tell_capped(tx: TenantTransaction, spend: LockedSpend, *, now: datetime) -> None:
    """Tell that the spend cap stops messages, once for each month and cap."""
    if await tell_of_cap(tx, spend):
        event = f"spend {spend.id} {spend.cap}"
        await raise_alerts(tx, [Occurrence(AlertKind.SPEND_CAP, SpendFault.CAP_REACHED, event, now)], now=now)


def _may_draw(terms: PlanTerms, position: Position, units: int) -> bool:
    limit = included(terms)
    is_over = limit is not None and position.committed - position.from_credits + units > limit
    return terms.at_limit is AtLimit.CREDITS and is_over
