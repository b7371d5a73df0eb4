"""What plans come to in a usual month, and from how many messages on the one overtakes the other. Pure."""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from math import ceil

from portal.money.money import EXACT
from portal.plans.periods import AllowancePeriod
from portal.pricing.bands import widths
from portal.pricing.strategies import BandUsage, strategy_of
from portal.pricing.terms import AtLimit, PlanPeriod, PlanTerms, UsageUnit, included

DAYS = 30  # of a usual month, over which messages are spread evenly
_MONTHS = Decimal(12)
_FARTHEST = 10**9


@dataclass(frozen=True, slots=True)
class MonthlyUse:
    """What a tenant sends in a usual month; a cost is the ISV's, in the currency of the plans that are compared."""

    messages: Decimal
    segments_per_message: Decimal = Decimal(1)
    cost_per_message: Decimal = Decimal(0)

    def units(self, unit: UsageUnit) -> Decimal:
        """How much of an allowance a message takes."""
        return self.segments_per_message if unit is UsageUnit.SEGMENTS else Decimal(1)


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Messages of a month, up to so many, that each have the same price; the last stretch may be open."""

    up_to: Decimal | None
    price: Decimal


def monthly_fee(terms: PlanTerms) -> Decimal:
    """The fee of a month; of a year's fee the twelfth part."""
    return EXACT.divide(terms.fee, _MONTHS) if terms.period is PlanPeriod.YEAR else terms.fee


def monthly_price(terms: PlanTerms, use: MonthlyUse) -> Decimal:
    """What a usual month comes to, fee and messages; what a plan that stops at its limit refuses costs nothing."""
    return _price(terms, list(_stretches(terms, use)), use.messages)


def most_messages(terms: PlanTerms, use: MonthlyUse) -> Decimal | None:
    """How many messages a usual month may have at most; None: any number."""
    return list(_stretches(terms, use))[-1].up_to


def break_even(current: PlanTerms, target: PlanTerms, use: MonthlyUse) -> int | None:
    """From how many messages a month on the plan that costs more for a few costs no more than the other.

    Both plans have one currency. None where it never does, as far as both let messages leave.
    """
    ours, theirs = list(_stretches(current, use)), list(_stretches(target, use))

    def difference(messages: Decimal | int) -> Decimal:
        more, less = (_price(terms, found, Decimal(messages)) for terms, found in ((target, theirs), (current, ours)))
        return EXACT.subtract(more, less)

    knots = _knots(ours, theirs)
    first = next((found for knot in knots if (found := difference(knot))), Decimal(0))
    if not first:
        return None

    def overtaken(messages: Decimal | int) -> bool:
        found = difference(messages)
        return found <= 0 if first > 0 else found >= 0

    begun = False
    for low, high in pairwise(knots):
        begun = begun or not overtaken(low)
        if begun and overtaken(high):  # the difference is linear in between
            between = range(ceil(low), ceil(high))
            return between.start + bisect_left(between, 1, key=overtaken)
    return None


def _price(terms: PlanTerms, stretches: list[_Stretch], messages: Decimal) -> Decimal:
    amount, place = monthly_fee(terms), Decimal(0)
    for stretch in stretches:
        ends = messages if stretch.up_to is None else min(messages, stretch.up_to)
        if ends > place:
            amount = EXACT.add(amount, EXACT.multiply(EXACT.subtract(ends, place), stretch.price))
            place = ends
    return amount


def _stretches(terms: PlanTerms, use: MonthlyUse) -> Iterator[_Stretch]:
    """The bands of a plan in messages of a month; beyond a limit there is the price of what comes then, or nothing."""
    strategy, units = strategy_of(terms), use.units(terms.unit)
    periods = DAYS if terms.per is AllowancePeriod.DAY else 1
    cost = EXACT.divide(use.cost_per_message, units)
    limit = None if terms.at_limit is AtLimit.OVERAGE else included(terms)
    place = 0
    for band, width in enumerate(widths(strategy.bounds)):
        ends = None if width is None else place + width
        if limit is not None:
            ends = limit if ends is None else min(ends, limit)
        price = strategy.price(BandUsage(band, 1, 1, cost)).amount
        yield _Stretch(_messages(ends, periods, units), EXACT.multiply(price, units))
        if ends is None or ends == limit:
            break
        place = ends
    if limit is not None and terms.at_limit is AtLimit.CREDITS:
        yield _Stretch(None, EXACT.multiply(_cheapest_unit(terms), units))


def _messages(bound: int | None, periods: int, units: Decimal) -> Decimal | None:
    return None if bound is None else EXACT.divide(Decimal(bound * periods), units)


def _cheapest_unit(terms: PlanTerms) -> Decimal:
    return min((EXACT.divide(pack.price, Decimal(pack.units)) for pack in terms.packs), default=Decimal(0))


def _knots(*plans: list[_Stretch]) -> list[Decimal]:
    """Where the price of a message changes in either plan, as far as both let messages leave."""
    limits = [found[-1].up_to for found in plans]
    last = min((limit for limit in limits if limit is not None), default=Decimal(_FARTHEST))
    inner = {one.up_to for found in plans for one in found if one.up_to is not None}
    return sorted({Decimal(0), last, *(knot for knot in inner if knot < last)})
