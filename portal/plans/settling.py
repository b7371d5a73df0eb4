"""What messages took, once it is known what became of them: charged where they left, given back where they did not."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.clock import new_id
from portal.credits.correcting import give_back, take
from portal.credits.drawing import end_holds
from portal.credits.statement import CreditEntryKind
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.live.changes import ALLOWANCE_CHANGED
from portal.plans.allowance import Allowance
from portal.plans.balances import BalanceChange, EntryKind, write_changes
from portal.plans.charging import Charged, Position, Prices, Settling, correction, settle
from portal.plans.periods import AllowancePeriod, Period, period_at
from portal.plans.plans import PLAN_COLUMNS, plan_row
from portal.plans.proration import first_instant
from portal.plans.reserving import tell_reached
from portal.plans.spend import release_spend, spend
from portal.plans.thresholds import newly_reached, told_of
from portal.pricing.terms import AtLimit, PlanTerms, UsageUnit, included
from portal.rates.cards import RateCard, read_card
from portal.usage.usage import add_to_day

_LAST_INSTANT = timedelta(microseconds=1)  # before a period's end, which belongs to the next


@dataclass(frozen=True, slots=True)
class Ended:
    """A message whose reservation ends, as its row says; the caller has locked that."""

    message_id: UUID
    batch_id: UUID
    category: str
    balance_id: UUID
    units: int
    cost: Decimal
    price: Decimal
    spend_id: UUID | None
    left: bool


@dataclass(frozen=True, slots=True)
class Correction:
    """What the provider counted of a day that is over and we did not; negative: what only we counted."""

    day: date
    category: str
    messages: int
    segments: int
    cost: Decimal  # in the rate card's currency
    reason: str  # for people
    as_of: datetime  # of the provider's count


@dataclass(frozen=True, slots=True)
class _Balance:
    """A locked balance, with the plan whose terms its units are charged by."""

    id: UUID
    position: Position
    period: Period
    unit: UsageUnit
    tenant_plan_id: UUID | None
    terms: PlanTerms | None
    row: Row


async def end_reservations(tx: TenantTransaction, ended: Sequence[Ended], *, now: datetime) -> None:
    """Charge what was handed over and give the rest back, each in the period that it was reserved in.

    Of a day are the charges of what was handed over on it; their plan is the one held then, or at the end of the
    allowance's period where that has ended by then.
    """
    if not ended:
        return
    balances = await _lock(tx, sorted({one.balance_id for one in ended}), now=now)
    held: dict[UUID, int] = {}
    if any(balance.position.from_credits for balance, _ in balances.values()):
        kinds = {True: CreditEntryKind.SETTLE, False: CreditEntryKind.GIVE_BACK}
        held = await end_holds(tx, {one.message_id: (one.batch_id, kinds[one.left]) for one in ended}, now=now)
    changes = [
        BalanceChange(
            one.balance_id,
            one.batch_id,
            EntryKind.SETTLE if one.left else EntryKind.GIVE_BACK,
            one.units,
            0 if one.left else held.get(one.message_id, 0),
        )
        for one in ended
    ]
    released: dict[UUID, Decimal] = {}
    for one in ended:
        if one.spend_id is not None:
            released[one.spend_id] = released.get(one.spend_id, Decimal(0)) + one.price
    await release_spend(tx, released)
    for balance, card in balances.values():
        own = [one for one in ended if one.balance_id == balance.id]
        await _charge(tx, balance, card, own, now=now)
    await write_changes(tx, changes, now=now)


async def lock_period(tx: TenantTransaction, day: date, *, now: datetime) -> UUID | None:
    """The balance of the period that a day which is over counts in, locked; None where no plan was held at its end."""
    end = first_instant(day + timedelta(days=1)) - _LAST_INSTANT
    periods = (period_at(AllowancePeriod.DAY, end), period_at(AllowancePeriod.MONTH, end))
    sql = (
        "INSERT INTO allowance_balance (tenant_id, id, period_start, period_end, unit) "
        "SELECT $1, $2, CASE allowance_per WHEN 'DAY' THEN $4::timestamptz ELSE $6::timestamptz END, "
        "CASE allowance_per WHEN 'DAY' THEN $5::timestamptz ELSE $7::timestamptz END, allowance_unit "
        "FROM tenant_plan JOIN plan ON plan.id = plan_id "
        "WHERE tenant_plan.tenant_id = $1 AND since <= $3 AND (until IS NULL OR until > $3) "
        "ON CONFLICT (tenant_id, period_start, period_end, unit) DO UPDATE SET unit = excluded.unit RETURNING id"
    )
    edges = (edge for period in periods for edge in (period.start, period.end))
    balance_id: UUID | None = await tx.value(sql, tx.tenant_id, new_id(now), end, *edges)
    return balance_id


async def correct(tx: TenantTransaction, balance_id: UUID, wish: Correction, *, now: datetime) -> bool:
    """Add to what is used what the provider counted and we did not, or take off what only we counted.

    The ledger says why, and the day is charged and counted by as much. Never more is taken off than is used.

    Args:
        tx: the tenant's transaction, which has locked the balance by `lock_period`.
        balance_id: the balance of the day's period.
        wish: the provider's count less ours, with all that was corrected before.
        now: the present instant.

    Returns:
        Whether there was anything to correct.
    """
    at = first_instant(wish.day + timedelta(days=1)) - _LAST_INSTANT
    balance, card = (await _lock(tx, [balance_id], now=at))[balance_id]
    units = wish.messages if balance.unit is UsageUnit.MESSAGES else wish.segments
    units = max(units, -balance.position.used)
    if not units or balance.terms is None:
        return False
    from_credits = await _correct_credits(tx, balance, balance.terms, units, wish.reason, now=now)
    used = balance.position.used
    charged = correction(Prices(balance.terms, card), used, units, count=wish.messages, cost=wish.cost)
    day = first_instant(wish.day)
    await spend(tx, balance.terms.currency, charged.amount, now=day)
    await _write_charges(tx, balance, charged, wish.category, day=day, now=now)
    await tx.execute(
        "WITH balance AS (UPDATE allowance_balance SET used = used + $3, from_credits = from_credits + $8 "
        "WHERE tenant_id = $1 AND id = $2) "
        "INSERT INTO allowance_entry (tenant_id, id, balance_id, kind, units, reason, as_of, at) "
        "VALUES ($1, $4, $2, 'CORRECTION', $3, $5, $6, $7)",
        *(tx.tenant_id, balance.id, units, new_id(now), wish.reason, wish.as_of, now, from_credits),
    )
    await add_to_day(tx, wish.day, wish.category, count=wish.messages, usage=wish.segments, cost=wish.cost, now=now)
    after = Position(used + units, balance.position.reserved, balance.position.from_credits + from_credits)
    await _tell_thresholds(tx, balance, after, now=now)
    tx.announce(ALLOWANCE_CHANGED)
    return True


async def _correct_credits(
    tx: TenantTransaction, balance: _Balance, terms: PlanTerms, units: int, reason: str, *, now: datetime
) -> int:
    """Take from credits what is over the allowance, as far as they reach, or give back; by how much more they pay."""
    limit = included(terms)
    if terms.at_limit is not AtLimit.CREDITS or limit is None:
        return 0
    over = max(0, balance.position.committed + units - limit) - balance.position.from_credits
    if over > 0 and units > 0:
        return await take(tx, balance.unit, min(over, units), reason, now=now)
    if over < 0 and units < 0:
        return -await give_back(tx, balance.unit, min(-over, -units), reason, now=now)
    return 0


async def tell_thresholds(tx: TenantTransaction, plan_id: UUID, *, now: datetime) -> None:
    """Tell of the percentages that the running period has reached under this plan, which has just begun."""
    sql = (
        "SELECT balance.id FROM allowance_balance AS balance JOIN plan ON plan.id = $2 AND allowance_unit = unit "
        "AND (allowance_per = 'DAY') = (period_end - period_start < interval '2 days') "
        "WHERE balance.tenant_id = $1 AND period_start <= $3 AND period_end > $3"
    )
    balance_id = await tx.value(sql, tx.tenant_id, plan_id, now)
    if balance_id is not None:
        balance, _ = (await _lock(tx, [balance_id], now=now))[balance_id]
        await _tell_thresholds(tx, balance, balance.position, now=now)


async def _lock(
    tx: TenantTransaction, balance_ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, tuple[_Balance, RateCard]]:
    """Lock balances in the order of their ids, so that two who change those of two periods wait in no circle."""
    sql = (
        f"SELECT balance.id, used, reserved, from_credits, period_start, period_end, unit, told_percent, told_limit, "  # noqa: S608  constants
        "held.*, (SELECT id FROM rate_card ORDER BY version DESC LIMIT 1) AS card_id, "
        "(SELECT thresholds FROM alert_rule WHERE tenant_id = $1 AND kind = 'USAGE_THRESHOLD') AS own_thresholds "
        "FROM allowance_balance AS balance LEFT JOIN LATERAL "
        f"(SELECT {PLAN_COLUMNS}, tenant_plan.id AS tenant_plan_id FROM tenant_plan "
        "JOIN plan ON plan.id = tenant_plan.plan_id WHERE tenant_plan.tenant_id = $1 "
        "AND since <= least($3, balance.period_end - $4::interval) AND plan.allowance_unit = balance.unit "
        "AND (plan.allowance_per = 'DAY') = (balance.period_end - balance.period_start < interval '2 days') "
        "ORDER BY since DESC, tenant_plan.id DESC LIMIT 1) AS held ON true "
        "WHERE balance.tenant_id = $1 AND balance.id = ANY($2::uuid[]) ORDER BY balance.id FOR UPDATE OF balance"
    )
    found = {}
    for row in await tx.rows(sql, tx.tenant_id, list(balance_ids), now, _LAST_INSTANT):
        position = Position(row["used"], row["reserved"], row["from_credits"])
        period = Period(row["period_start"], row["period_end"])
        terms = None if row["tenant_plan_id"] is None else plan_row(row).terms
        unit = UsageUnit(row["unit"])
        balance = _Balance(row["id"], position, period, unit, row["tenant_plan_id"], terms, row)
        found[balance.id] = (balance, await read_card(tx, row["card_id"]))
    return found


async def _charge(
    tx: TenantTransaction, balance: _Balance, card: RateCard, ended: Sequence[Ended], *, now: datetime
) -> None:
    """Charge those that left, and write down what each message came to where that is not what it had reserved."""
    left = [one for one in ended if one.left]
    spend_id, prices = None, {one.message_id: Decimal(0) for one in ended}
    if left and balance.terms is not None:
        charged = _settle(Prices(balance.terms, card), balance.position.used, left)
        amount = sum((one.amount for one in charged.values()), Decimal(0))
        spend_id = await spend(tx, balance.terms.currency, amount, now=now)
        for category, own in charged.items():
            await _write_charges(tx, balance, own, category, day=now, now=now)
            prices |= own.prices
    other = [
        one
        for one in ended
        if one.price != prices[one.message_id] or (one.price and one.left and one.spend_id != spend_id)
    ]
    if other:
        await tx.execute(
            "UPDATE message SET price = n.price, spend_id = n.spend_id "
            "FROM unnest($2::uuid[], $3::numeric[], $4::uuid[]) AS n (id, price, spend_id) "
            "WHERE message.tenant_id = $1 AND message.id = n.id",
            tx.tenant_id,
            [one.message_id for one in other],
            [prices[one.message_id] for one in other],
            [spend_id if prices[one.message_id] else None for one in other],
        )


def _settle(prices: Prices, used: int, left: Sequence[Ended]) -> dict[str, Charged]:
    """What messages of each category come to, one category's behind the other's, in the order of their names."""
    charged = {}
    for category in sorted({one.category for one in left}):
        own = [Settling(one.message_id, one.units, one.cost) for one in left if one.category == category]
        charged[category] = settle(prices, used, own)
        used += sum(one.units for one in own)
    return charged


async def _write_charges(
    tx: TenantTransaction, balance: _Balance, charged: Charged, category: str, *, day: datetime, now: datetime
) -> None:
    bands = list(charged.bands.values())
    await tx.execute(
        "INSERT INTO charge_day (tenant_id, day, tenant_plan_id, category, band, count, units, cost, updated_at) "
        "SELECT $1, $2, $3, $4, c.band, c.count, c.units, c.cost, $9 "
        "FROM unnest($5::smallint[], $6::bigint[], $7::bigint[], $8::numeric[]) AS c (band, count, units, cost) "
        "ON CONFLICT (tenant_id, day, tenant_plan_id, category, band) DO UPDATE SET "
        "count = charge_day.count + excluded.count, units = charge_day.units + excluded.units, "
        "cost = charge_day.cost + excluded.cost, updated_at = excluded.updated_at",
        tx.tenant_id,
        day.astimezone(UTC).date(),
        balance.tenant_plan_id,
        category,
        [band.band for band in bands],
        [band.count for band in bands],
        [band.units for band in bands],
        [band.cost for band in bands],
        now,
    )


async def _tell_thresholds(tx: TenantTransaction, balance: _Balance, position: Position, *, now: datetime) -> None:
    if balance.terms is None or not balance.period.start <= now < balance.period.end:
        return
    row, limit = balance.row, included(balance.terms)
    own = tuple(row["own_thresholds"] or ())
    told = told_of(limit, balance.position.committed, row["told_percent"], row["told_limit"], own)
    reached = newly_reached(limit, position.committed, told, own)
    if not reached:
        return
    await tx.execute(
        "UPDATE allowance_balance SET told_percent = $3, told_limit = $4 WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, balance.id, reached[-1], limit),
    )
    per = AllowancePeriod(balance.terms.per)
    allowance = Allowance(limit, position, balance.unit, per, balance.period)
    await tell_reached(tx, balance.id, allowance, reached, now=now)
