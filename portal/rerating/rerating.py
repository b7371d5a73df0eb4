"""A tenant's months under other terms: units cut into bands anew, the fee of the days, other usage at its ratio. Pure.

What is worked out here becomes a snapshot and is rated as invoices are, so that the terms that a tenant had come to
its invoices, to the cent. Where both plans cut units alike, the bands are those that messages settled in; else a day's
units lie behind those of the days before it in the period, and its cost is shared by units.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

from portal.invoices.rating import rate
from portal.invoices.snapshot import CreditPurchase, HeldPlan, Snapshot
from portal.invoices.summing import SentDay, UsageSum, UsageSums, usage_row
from portal.money.money import EXACT, Money
from portal.plans.periods import AllowancePeriod
from portal.plans.proration import first_instant
from portal.pricing.bands import Part, split
from portal.pricing.strategies import strategy_of
from portal.pricing.terms import AtLimit, PlanTerms, PricingStrategy
from portal.rates.cards import RateCard
from portal.rerating.months import UsedMonth
from portal.rerating.packs import packs_bought
from portal.usage.costing import Part as Costed
from portal.usage.costing import final_costs

_OTHER = UUID(int=0)  # stands for the holding of the other plan, and for what is bought with it


@dataclass(frozen=True, slots=True)
class Rerated:
    """A month under other terms: what is owed for it, what it costs the ISV, and the messages that would be refused."""

    month: date
    total: Money
    cost: Decimal  # in the same currency; what is refused costs nothing
    refused: int


def rerate(
    months: Sequence[UsedMonth], terms: PlanTerms, card: RateCard, *, credits_as_bought: bool = False
) -> list[Rerated]:
    """Months of one tenant, in their order, as if it had held a plan of these terms whenever it held any.

    Args:
        months: what was held and used.
        terms: complete ones, in a currency that the card has.
        card: what costs are converted by.
        credits_as_bought: with the very credits that a tenant had, its purchases are taken as they were; else, and
            without it, whole packs are bought as units run out.
    """
    alike = [_cuts_alike(month, terms) for month in months]
    if terms.strategy is not PricingStrategy.CREDITS:
        bought: Mapping[date, list[CreditPurchase]] = {}
    elif credits_as_bought and all(alike):
        bought = {month.month: list(month.bought.get(terms.currency, ())) for month in months}
    else:
        bought = _bought(months, terms)
    return [
        _rerated(month, terms, card, bought.get(month.month, []), is_alike=is_alike)
        for month, is_alike in zip(months, alike, strict=True)
    ]


def _rerated(
    month: UsedMonth, terms: PlanTerms, card: RateCard, bought: Sequence[CreditPurchase], *, is_alike: bool
) -> Rerated:
    sums, refused = (_kept(month), 0) if is_alike else _cut(month.summed.sent, terms)
    for (_, category, band), one in month.summed.sums.items():
        if band is None:
            _add(sums, category, None, one)
    plan = HeldPlan(_OTHER, "", 1, terms, month.month, month.month + timedelta(days=month.days))
    rows = tuple(usage_row(key, one, terms, card) for key, one in sums.items())
    rated = rate(Snapshot(month.tenant_id, month.month, terms.currency, (plan,), rows, tuple(bought)))
    return Rerated(month.month, rated.total, rated.cost, refused)


def _cuts_alike(month: UsedMonth, terms: PlanTerms) -> bool:
    """Whether all that the tenant held puts a message into the band that these terms put it into."""
    return all(_cutting(plan.terms) == _cutting(terms) for plan in month.summed.plans)


def _cutting(terms: PlanTerms) -> tuple[object, ...]:
    return terms.unit, terms.per, terms.amount, terms.at_limit, strategy_of(terms).bounds, terms.packs


def _kept(month: UsedMonth) -> UsageSums:
    sums = UsageSums()
    for (_, category, band), one in month.summed.sums.items():
        if band is not None:
            _add(sums, category, band, one)
    return sums


def _add(sums: UsageSums, category: str, band: int | None, more: UsageSum) -> None:
    summed = sums.setdefault((_OTHER, category, band), UsageSum())
    summed.add(more.count, more.units, more.cost, is_final=more.is_final)


def _cut(sent: Iterable[SentDay], terms: PlanTerms) -> tuple[UsageSums, int]:
    """The units of days in the bands of these terms, and the messages that a plan which stops at its limit refuses."""
    bounds = strategy_of(terms).bounds
    limit = terms.amount if terms.at_limit is AtLimit.STOP else None
    sums, refused, used, of = UsageSums(), 0, 0, None
    for day in sent:
        if terms.per is AllowancePeriod.DAY and day.day != of:
            used, of = 0, day.day
        units = day.units(terms.unit)
        left = units if limit is None else min(units, max(0, limit - used))
        refused += _messages(day, units - left, units)
        parts = list(_parts(bounds, used, left))
        shares = _shares(day.cost, parts, units - left)
        for part, cost in zip(parts, shares, strict=False):
            # A part's messages are as many as its units: no price goes by their number.
            _add(sums, day.category, part.band, UsageSum(part.units, part.units, cost, day.is_final))
        used = max(0, used + left)
    return sums, refused


def _messages(day: SentDay, refused: int, units: int) -> int:
    """How many messages so many of a day's units are."""
    return -(-refused * day.messages // units) if refused else 0


def _parts(bounds: tuple[int | None, ...], used: int, units: int) -> Iterator[Part]:
    """Where units lie; those that a correction took off lie where they lay before."""
    sign = -1 if units < 0 else 1
    for part in split(bounds, max(0, min(used, used + units)), abs(units)):
        yield Part(part.band, sign * part.units)


def _shares(cost: Decimal, parts: Sequence[Part], refused: int) -> list[Decimal]:
    """The cost of each part by its units, and behind them that of what is refused."""
    units = [part.units for part in parts] + ([refused] if refused else [])
    return final_costs([Costed(one, Decimal(0)) for one in units], cost)


def _bought(months: Sequence[UsedMonth], terms: PlanTerms) -> dict[date, list[CreditPurchase]]:
    """The packs that the units of all these months would have used, by month."""
    used = [(day.day, day.units(terms.unit)) for month in months for day in month.summed.sent]
    found: dict[date, list[CreditPurchase]] = {}
    for day, (pack, number) in packs_bought(terms.packs, used).items():
        price = EXACT.multiply(pack.price, Decimal(number))
        one = CreditPurchase(_OTHER, pack.credits * number, pack.units * number, terms.unit, price, first_instant(day))
        found.setdefault(day.replace(day=1), []).append(one)
    return found
