"""Sums a month's usage by the plan that pays for it, its category and its band: what a snapshot says of it. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from portal.invoices.rating import COST_BASED, goes_by_cost
from portal.invoices.snapshot import HeldPlan, UsageRow
from portal.money.money import EXACT, total
from portal.plans.plans import TenantPlanRow
from portal.plans.proration import next_month
from portal.plans.proration import segments as paying_segments
from portal.pricing.strategies import strategy_of
from portal.pricing.terms import PlanTerms, PricingStrategy, UsageUnit
from portal.rates.cards import RateCard
from portal.usage.categories import CATEGORIES, MESSAGES_OUT
from portal.usage.costing import Part, PriceBasis, final_costs
from portal.usage.rating import Charge, DayUsage, Line, Rollup, Tariff, cost_day


@dataclass(slots=True)
class UsageSum:
    """Usage of one category in one band of a plan, so far; its cost is in the rate card's currency."""

    count: int = 0
    units: int = 0
    cost: Decimal = Decimal(0)
    is_final: bool = True

    def add(self, count: int, units: int, cost: Decimal, *, is_final: bool) -> None:
        """Add usage of a day."""
        self.count += count
        self.units += units
        self.cost = EXACT.add(self.cost, cost)
        self.is_final = self.is_final and is_final


@dataclass(frozen=True, slots=True)
class SentDay:
    """The messages of one category that were charged on a day; their cost is in the rate card's currency."""

    day: date
    category: str
    messages: int
    segments: int
    cost: Decimal
    is_final: bool

    def units(self, unit: UsageUnit) -> int:
        """How much of an allowance they take."""
        return self.segments if unit is UsageUnit.SEGMENTS else self.messages


UsageSums = dict[tuple[UUID, str, int | None], UsageSum]
"""By holding, category and band; the band is None for what is no message sent."""


@dataclass(frozen=True, slots=True)
class SummedMonth:
    """What a tenant held and used in a month, in all currencies."""

    plans: tuple[HeldPlan, ...]
    usage: tuple[UsageRow, ...]
    sums: UsageSums = field(repr=False)
    sent: tuple[SentDay, ...] = field(repr=False)

    def of(self, currency: str) -> tuple[tuple[HeldPlan, ...], tuple[UsageRow, ...]]:
        """What of it is owed in this currency."""
        plans = tuple(plan for plan in self.plans if plan.terms.currency == currency)
        held = {plan.id for plan in plans}
        return plans, tuple(row for row in self.usage if row.plan in held)


def sum_month(month: date, days: Mapping[date, DayUsage], held: Sequence[TenantPlanRow], card: RateCard) -> SummedMonth:
    """Sum the days of a month; `held` are all plans that the tenant held until its end."""
    until, tariff = next_month(month), Tariff({one.id: one for one in held}, card)
    paying, sums, sent = _who_pays(held, month, until), UsageSums(), list[SentDay]()
    for day, usage in sorted(days.items()):
        holding = paying.get(day)
        lines = {line.category: line for line in cost_day(day, usage)}
        for category in sorted(lines.keys() | usage.charges.keys()):
            if category in MESSAGES_OUT:
                sent += _add_messages(sums, day, category, usage, lines.get(category), tariff)
            elif holding is not None:
                _add_other(sums, lines[category], holding)
    plans = _held_plans(held, month, until, {plan for plan, _, _ in sums})
    rows = [usage_row(key, sums[key], tariff.held[key[0]].plan.terms, card) for key in _in_order(sums, plans)]
    return SummedMonth(plans, tuple(rows), sums, tuple(sent))


def usage_row(key: tuple[UUID, str, int | None], summed: UsageSum, terms: PlanTerms, card: RateCard) -> UsageRow:
    """A sum as a snapshot has it, under the terms of its plan."""
    plan, category, band = key
    above, up_to = _bounds(terms, band)
    cost = card.converted(summed.cost, terms.currency)
    basis = _basis(terms, band, is_final=summed.is_final)
    return UsageRow(plan, category, band, summed.count, summed.units, above, up_to, basis, cost)


def _who_pays(held: Sequence[TenantPlanRow], first: date, until: date) -> dict[date, UUID]:
    return {
        date.fromordinal(day): segment.tenant_plan_id
        for segment in paying_segments(held, first, until)
        for day in range(segment.first.toordinal(), segment.until.toordinal())
    }


def _add_other(sums: UsageSums, line: Line, holding: UUID) -> None:
    """Add what is no message sent to the plan that pays for the day."""
    whole = sums.setdefault((holding, line.category, None), UsageSum())
    whole.add(line.count, line.usage, line.cost or Decimal(0), is_final=line.is_final)


def _add_messages(
    sums: UsageSums, day: date, category: str, usage: DayUsage, line: Line | None, tariff: Tariff
) -> Iterator[SentDay]:
    """Add messages of a day to the bands that they settled in; and the day as one."""
    charges, is_final = usage.charges.get(category, []), line is not None and line.is_final
    price = line.cost if line is not None and is_final else None
    costs = final_costs([Part(charge.units, charge.cost) for charge in charges], price)
    for charge, cost in zip(charges, costs, strict=True):
        band = sums.setdefault((charge.tenant_plan_id, category, charge.band), UsageSum())
        band.add(charge.count, charge.units, cost, is_final=is_final)
    if charges:
        segments = _segments(charges, usage.rollups.get(category), tariff)
        cost = total(tariff.card.currency, costs).amount
        yield SentDay(day, category, sum(charge.count for charge in charges), segments, cost, is_final)


def _segments(charges: Sequence[Charge], rollup: Rollup | None, tariff: Tariff) -> int:
    """How long messages were: what plans that count messages do not know is in the day's own count."""
    known = all(tariff.held[one.tenant_plan_id].plan.terms.unit is UsageUnit.SEGMENTS for one in charges)
    return sum(one.units for one in charges) if known or rollup is None else rollup.usage


def _held_plans(held: Sequence[TenantPlanRow], first: date, until: date, used: set[UUID]) -> tuple[HeldPlan, ...]:
    """The plans that pay for days, or whose usage there is, in the order in which they were held."""
    days = {segment.tenant_plan_id: segment for segment in paying_segments(held, first, until)}
    found = []
    for one in held:
        segment = days.get(one.id)
        if segment is not None or one.id in used:
            pays = (segment.first, segment.until) if segment is not None else (first, first)
            found.append(HeldPlan(one.id, one.plan.name, one.plan.version, one.plan.terms, *pays))
    return tuple(found)


def _in_order(sums: UsageSums, plans: Sequence[HeldPlan]) -> list[tuple[UUID, str, int | None]]:
    place = {plan.id: number for number, plan in enumerate(plans)}
    known = {category: number for number, category in enumerate(CATEGORIES)}

    def order(key: tuple[UUID, str, int | None]) -> tuple[int, bool, int, int]:
        plan, category, band = key
        return place[plan], band is None, known.get(category, len(known)), band or 0

    return sorted(sums, key=order)


def _bounds(terms: PlanTerms, band: int | None) -> tuple[int, int | None]:
    if band is None:
        return 0, None
    bounds = strategy_of(terms).bounds
    return (bounds[band - 1] or 0) if band else 0, bounds[band]


def _basis(terms: PlanTerms, band: int | None, *, is_final: bool) -> PriceBasis:
    by_cost = goes_by_cost(terms) if band is None else terms.strategy in COST_BASED
    if by_cost:
        return PriceBasis.FINAL if is_final else PriceBasis.ESTIMATED
    if band is None or band == 0 or terms.strategy is PricingStrategy.CREDITS:
        return PriceBasis.INCLUDED
    return PriceBasis.FINAL
