"""What a change of plan would do, before it is made: when, for how much, with what left, and whether it pays off."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction
from portal.encryption import Signer
from portal.money.money import EXACT, Money, round_to_minor, total
from portal.plans.allowance import Allowance
from portal.plans.cautions import Belongings, PlanChangeWarning, cautions
from portal.plans.changing import Standing, read_holdings
from portal.plans.charging import Position
from portal.plans.periods import AllowancePeriod, period_at
from portal.plans.plans import PlanRow, PlanState, TenantPlanRow, read_plans_by_id
from portal.plans.preview_tokens import Previewed, to_token
from portal.plans.proration import next_month, prorated_fee, segments
from portal.plans.upgrades import effective_at, preview_expires_at
from portal.pricing.comparing import DAYS, MonthlyUse, break_even, monthly_fee, monthly_price
from portal.pricing.terms import UsageUnit
from portal.problems import refuse
from portal.rates.cards import read_current_card

LOOKS_BACK = 90  # days: the last three months
_MESSAGES = ("sms-outbound", "mms-outbound")
_NEW = UUID(int=0)  # stands for the holding that the change would make


class PlanPreviewProblem(StrEnum):
    """Why a change is not previewed."""

    SAME_PLAN = "SAME_PLAN"


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Both plans at what the tenant sends in a usual month, and where the one overtakes the other."""

    messages: int | None  # a month
    monthly_messages: int
    current_price: Money
    target_price: Money


@dataclass(frozen=True, slots=True)
class PlanChangePreview:
    """A change as it would be; amounts are None where the two plans have no currency in common."""

    current: PlanRow | None
    target: PlanRow
    effective_at: datetime
    proration: Money | None
    monthly_difference: Money | None
    allowance_after: Allowance
    warnings: tuple[PlanChangeWarning, ...]
    break_even: BreakEven | None
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Day:
    """The messages of a day, their segments, and their cost by the rate card."""

    day: date
    messages: int
    segments: int
    cost: Decimal


async def preview_change(
    tx: TenantTransaction, plan_id: UUID, signer: Signer, *, now: datetime
) -> PlanChangePreview | None:
    """Work a change out without making it; None where no such plan is offered.

    Raises:
        RefusedError: the tenant has this plan.
    """
    target = (await read_plans_by_id(tx, [plan_id])).get(plan_id)
    if target is None or target.state is not PlanState.PUBLISHED:
        return None
    month = period_at(AllowancePeriod.MONTH, now).start
    held = await read_holdings(tx, month)
    standing = Standing.of(held, now)
    current = standing.current.plan if standing.current else None
    if current is not None and current.id == target.id:
        message = "This is the plan that you have; a change that is to come is taken back by `planChangeCancel`."
        raise refuse(PlanPreviewProblem.SAME_PLAN, message, "planId")
    begins = effective_at(current.terms if current else None, target.terms, now)
    days = await _read_days(tx, now)
    after = await _allowance_after(tx, target, begins)
    belongings = await _read_belongings(tx, standing, days, now)
    expires_at = preview_expires_at(now)
    return PlanChangePreview(
        current=current,
        target=target,
        effective_at=begins,
        proration=_proration(held, standing, target, now),
        monthly_difference=_difference(current, target),
        allowance_after=after,
        warnings=tuple(cautions(current, target, after, belongings)),
        break_even=await _break_even(tx, current, target, days, now),
        token=to_token(
            signer,
            tx.tenant_id,
            Previewed(
                target.id,
                standing.current.id if standing.current else None,
                standing.coming_id,
                begins if begins > now else None,
                expires_at,
            ),
        ),
        expires_at=expires_at,
    )


def _proration(held: Sequence[TenantPlanRow], standing: Standing, target: PlanRow, now: datetime) -> Money | None:
    """By how much this month's invoice gets higher: its lines of fees with the change less those without it."""
    current, currency = standing.current, target.terms.currency
    begins = effective_at(current.plan.terms if current else None, target.terms, now)
    if current is not None and current.plan.terms.currency != currency:
        return None
    kept = [one if one != current else replace(one, until=begins) for one in held if one not in standing.coming]
    new = TenantPlanRow(_NEW, _NEW, target, begins, None)
    month = period_at(AllowancePeriod.MONTH, now).start.date()
    return Money(EXACT.subtract(_fees([*kept, new], month, currency), _fees(held, month, currency)), currency)


def _fees(held: Sequence[TenantPlanRow], month: date, currency: str) -> Decimal:
    terms = {one.id: one.plan.terms for one in held if one.plan.terms.currency == currency}
    owned = [one for one in segments(held, month, next_month(month)) if one.tenant_plan_id in terms]
    fees = [prorated_fee(terms[one.tenant_plan_id], month, one.days) for one in owned]
    return total(currency, [round_to_minor(fee, currency) for fee in fees]).amount


def _difference(current: PlanRow | None, target: PlanRow) -> Money | None:
    """By how much a whole month's fee is higher."""
    currency = target.terms.currency
    if current is not None and current.terms.currency != currency:
        return None
    before = monthly_fee(current.terms) if current is not None else Decimal(0)
    return Money(EXACT.subtract(monthly_fee(target.terms), before), currency).rounded()


async def _allowance_after(tx: TenantTransaction, target: PlanRow, begins: datetime) -> Allowance:
    """As the change leaves it: what was used in a period that goes on is kept."""
    terms = target.terms
    period = period_at(terms.per, begins)
    row = await tx.row(
        "SELECT used, reserved, from_credits FROM allowance_balance "
        "WHERE tenant_id = $1 AND period_start = $2 AND period_end = $3 AND unit = $4",
        *(tx.tenant_id, period.start, period.end, terms.unit.value),
    )
    position = Position(0, 0, 0) if row is None else Position(**row)
    return Allowance.of(terms, period, position)


async def _read_days(tx: TenantTransaction, now: datetime) -> list[_Day]:
    """What was sent on each of the days that are looked back on; those without are left out."""
    today = now.astimezone(UTC).date()
    rows = await tx.rows(
        "SELECT day, sum(count)::bigint AS messages, sum(usage)::bigint AS segments, sum(cost) AS cost FROM usage_day "
        "WHERE tenant_id = $1 AND category = ANY($2::text[]) AND day >= $3 AND day < $4 GROUP BY day ORDER BY day",
        *(tx.tenant_id, _MESSAGES, today - timedelta(days=LOOKS_BACK), today),
    )
    return [_Day(row["day"], row["messages"], row["segments"], row["cost"]) for row in rows]


async def _read_belongings(
    tx: TenantTransaction, standing: Standing, days: Sequence[_Day], now: datetime
) -> Belongings:
    row = await tx.row(
        "SELECT (SELECT currency FROM spend_cap WHERE tenant_id = $1) AS cap_currency, "
        "min(unit) FILTER (WHERE usable_at <= $2 AND used + reserved < units) AS unused, "
        "coalesce(bool_or(paid_at IS NULL), false) AS unpaid "
        "FROM credit_lot WHERE tenant_id = $1 AND (expires_at IS NULL OR expires_at > $2)",
        *(tx.tenant_id, now),
    )
    if row is None:
        raise RuntimeError("an aggregate has one row")
    return Belongings(
        cap_currency=row["cap_currency"],
        credits_unused=UsageUnit(row["unused"]) if row["unused"] else None,
        credits_unpaid=row["unpaid"],
        most_used=_most_used(days),
        pending=standing.coming[0].plan.name if standing.coming else None,
    )


def _most_used(days: Sequence[_Day]) -> dict[tuple[UsageUnit, AllowancePeriod], int]:
    sums: dict[tuple[UsageUnit, AllowancePeriod, date], int] = {}
    for day in days:
        for unit, units in ((UsageUnit.MESSAGES, day.messages), (UsageUnit.SEGMENTS, day.segments)):
            for per, first in ((AllowancePeriod.DAY, day.day), (AllowancePeriod.MONTH, day.day.replace(day=1))):
                sums[unit, per, first] = sums.get((unit, per, first), 0) + units
    return {
        (unit, per): max(units for (of, each, _), units in sums.items() if (of, each) == (unit, per))
        for unit, per in {(unit, per) for unit, per, _ in sums}
    }


async def _break_even(
    tx: TenantTransaction, current: PlanRow | None, target: PlanRow, days: Sequence[_Day], now: datetime
) -> BreakEven | None:
    """None where nothing was sent, or the two plans' prices cannot be compared."""
    messages, currency = sum(day.messages for day in days), target.terms.currency
    if current is None or current.terms.currency != currency or not messages:
        return None
    card = await read_current_card(tx)
    if currency not in {card.currency, *card.exchange_rates}:
        return None
    # From the first day of use on: who came a week ago has no three months to look back on.
    looked_at = (now.astimezone(UTC).date() - days[0].day).days
    cost = card.converted(sum((day.cost for day in days), Decimal(0)), currency)
    use = MonthlyUse(
        messages=EXACT.divide(Decimal(messages * DAYS), Decimal(looked_at)),
        segments_per_message=EXACT.divide(Decimal(sum(day.segments for day in days)), Decimal(messages)),
        cost_per_message=EXACT.divide(cost, Decimal(messages)),
    )
    return BreakEven(
        messages=break_even(current.terms, target.terms, use),
        monthly_messages=round(use.messages),
        current_price=Money(monthly_price(current.terms, use), currency).rounded(),
        target_price=Money(monthly_price(target.terms, use), currency).rounded(),
    )
