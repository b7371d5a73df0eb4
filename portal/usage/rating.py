"""What the usage of a day costs the ISV and the tenant. Pure.

Messages sent are priced band by band by the plan that they were charged to; everything else by the ratio for other
usage of the plan that is held at the day's end. A cost is the provider's own price once that holds the whole day.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from uuid import UUID

from portal.money.money import EXACT, Money
from portal.plans.plans import TenantPlanRow
from portal.plans.proration import segments
from portal.pricing.strategies import BandUsage, at_ratio, other_ratio, strategy_of
from portal.pricing.terms import MarginKind, PlanTerms, PricingStrategy
from portal.rates.cards import RateCard
from portal.usage.categories import COUNTED_HERE, MESSAGES_OUT, cover, innermost
from portal.usage.costing import Part, PriceBasis, final_costs, is_final

COST_BASED = frozenset({PricingStrategy.FIXED_MARGIN, PricingStrategy.DYNAMIC_MARGIN})
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Rollup:
    """The portal's own count of a category on a day; `cost` by the rate card, None where it was not read."""

    count: int
    usage: int
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """The provider's count of a category on a day; `price` is None where it was not read."""

    count: Decimal
    usage: Decimal
    as_of: datetime
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """Messages of a day in one band of the plan that they are charged to; `cost` by the rate card."""

    tenant_plan_id: UUID
    band: int
    count: int
    units: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class DayUsage:
    """All that is known of a tenant's day; each by category."""

    rollups: dict[str, Rollup] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    charges: dict[str, list[Charge]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Price:
    """An exact price; `amount` None: the plan's fee includes it."""

    amount: Money | None
    basis: PriceBasis


@dataclass(frozen=True, slots=True)
class Line:
    """One category of one day. `cost` is in the rate card's currency, None where money was not read."""

    category: str
    count: int
    usage: int
    cost: Decimal | None = None
    is_final: bool = False
    prices: tuple[Price, ...] = ()  # none where no plan was held


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a tenant's usage is priced by: the plans that it held, and the rate card in force."""

    held: Mapping[UUID, TenantPlanRow]
    card: RateCard

    def terms_of(self, first: date, until: date) -> dict[date, PlanTerms]:
        """The terms that hold on each of these days; days that no plan was held at the end of are left out."""
        return {
            date.fromordinal(day): self.held[segment.tenant_plan_id].plan.terms
            for segment in segments(list(self.held.values()), first, until)
            for day in range(segment.first.toordinal(), segment.until.toordinal())
        }


def rate_day(day: date, usage: DayUsage, tariff: Tariff | None, terms: PlanTerms | None) -> Iterator[Line]:
    """The categories of a day, none of which overlaps with another; without a tariff counts alone."""
    if tariff is None:
        counted = (_counted(category, usage) for category in sorted(innermost(_known(usage))))
        yield from (line for line in counted if line.count or line.usage)
        return
    for line in cost_day(day, usage):
        priced = _prices(line.category, usage, tariff, terms, line.cost or _NOTHING, final=line.is_final)
        yield replace(line, prices=tuple(priced))


def cost_day(day: date, usage: DayUsage) -> Iterator[Line]:
    """The categories of a day with what they cost, and without prices.

    Once the provider's total holds the whole day, the costs add up to it.
    """
    known = _known(usage)
    prices = {name: record.price for name, record in usage.records.items() if record.price is not None}
    costs = cover(dict.fromkeys(known, _NOTHING) | prices)
    for category in sorted(innermost(known) | costs.keys()):
        line, final = _counted(category, usage), _is_final(day, category, usage)
        cost = _cost(category, usage, costs, final=final)
        if line.count or line.usage or cost:
            yield Line(category, line.count, line.usage, cost, final)


def _known(usage: DayUsage) -> set[str]:
    # What the portal counted itself is shown, and so nothing that holds it: it would come twice.
    return usage.records.keys() | usage.rollups.keys()


def other_price(cost: Decimal, terms: PlanTerms, card: RateCard) -> Decimal | None:
    """The price of what is not a message sent, at the plan's ratio for it; None where the fee covers it."""
    ratio = other_ratio(terms)
    if ratio is None:
        return None
    return at_ratio(card.converted(cost, terms.currency), ratio, terms.margin_kind or MarginKind.MARGIN)


def _counted(category: str, usage: DayUsage) -> Line:
    rollup, record = usage.rollups.get(category), usage.records.get(category)
    if record is not None and category not in COUNTED_HERE:
        return Line(category, _whole(record.count), _whole(record.usage))
    return Line(category, rollup.count, rollup.usage) if rollup is not None else Line(category, 0, 0)


def _whole(number: Decimal) -> int:
    return int(number.to_integral_value(ROUND_CEILING))


def _is_final(day: date, category: str, usage: DayUsage) -> bool:
    # A category of which the provider wrote nothing is as final as what it wrote of that day.
    named = usage.records.get(category)
    heard = [named] if named is not None else list(usage.records.values())
    return bool(heard) and all(is_final(day, record.as_of) for record in heard)


def _cost(category: str, usage: DayUsage, costs: Mapping[str, Decimal], *, final: bool) -> Decimal:
    rollup = usage.rollups.get(category)
    if category in costs and (final or rollup is None or category not in COUNTED_HERE):
        return costs[category]
    return _NOTHING if rollup is None or rollup.cost is None else rollup.cost


def _prices(
    category: str, usage: DayUsage, tariff: Tariff, terms: PlanTerms | None, cost: Decimal, *, final: bool
) -> Iterator[Price]:
    basis = PriceBasis.FINAL if final else PriceBasis.ESTIMATED
    if category in MESSAGES_OUT:
        charges = usage.charges.get(category, ())
        shares = final_costs([Part(one.units, one.cost) for one in charges], cost if final else None)
        for charge, share in zip(charges, shares, strict=True):
            yield _charged(charge, share, tariff, basis)
    elif terms is not None:
        amount = other_price(cost, terms, tariff.card)
        yield _INCLUDED if amount is None else Price(Money(amount, terms.currency), basis)


def _charged(charge: Charge, cost: Decimal, tariff: Tariff, basis: PriceBasis) -> Price:
    terms = tariff.held[charge.tenant_plan_id].plan.terms
    by_cost = terms.strategy in COST_BASED
    own = tariff.card.converted(cost, terms.currency) if by_cost else cost
    amount = strategy_of(terms).price(BandUsage(charge.band, charge.count, charge.units, own)).amount
    if by_cost:
        return Price(Money(amount, terms.currency), basis)
    return Price(Money(amount, terms.currency), PriceBasis.FINAL) if amount else _INCLUDED


def margin_ratio(price: Money, cost: Decimal, card: RateCard) -> Decimal | None:
    """(price - cost) / price, to four decimals; None where there is no price, or no rate to compare."""
    if not price.amount or price.currency not in {card.currency, *card.exchange_rates}:
        return None
    margin = EXACT.subtract(price.amount, card.converted(cost, price.currency))
    return EXACT.divide(margin, price.amount).quantize(Decimal("0.0001"), context=EXACT)


_INCLUDED = Price(None, PriceBasis.INCLUDED)
