"""What a plan would have made of an account's months: its revenue beside the real cost. Pure."""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from portal.economics.figures import Figures
from portal.margin_report.costs import AccountCosts, CostKind, Month
from portal.money.money import EXACT
from portal.plans.periods import AllowancePeriod
from portal.plans.proration import prorated_fee
from portal.pricing.bands import split
from portal.pricing.strategies import BandUsage, at_ratio, other_ratio, strategy_of
from portal.pricing.terms import AtLimit, MarginKind, PlanTerms, UsageUnit


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that could be sold."""

    name: str
    terms: PlanTerms


@dataclass(frozen=True, slots=True)
class Played:
    """An account's months under a plan."""

    offer: Offer
    figures: Figures
    fits: bool  # whether the allowance held all that was sent


def play(offer: Offer, costs: AccountCosts) -> Played:
    """Rate every month again as if the account had held the plan from its start to its end.

    The records are of months: of an allowance a day it is supposed that every day of a month sent the same.
    """
    figures, fits = Figures(), True
    for month in costs.months:
        units = month.segments if offer.terms.unit is UsageUnit.SEGMENTS else month.messages
        figures += Figures(_revenue(offer.terms, month, units), month.cost)
        fits = fits and _fits(offer.terms, month.month, units)
    return Played(offer, figures, fits)


def suggest(costs: AccountCosts, offers: Sequence[Offer]) -> Played | None:
    """The plan that costs the customer least of those that hold its usage and lose nothing; else what loses least.

    None where there is no plan that holds it.
    """
    held = [one for one in (play(offer, costs) for offer in offers) if one.fits]
    earning = [one for one in held if one.figures.gross_margin >= 0]
    if earning:
        return min(earning, key=lambda one: (one.figures.revenue, one.offer.name))
    return max(held, key=lambda one: (one.figures.gross_margin, one.offer.name), default=None)


def unbilled(terms: PlanTerms, costs: AccountCosts) -> Decimal:
    """What is paid for an account that this plan has no price for: all but the messages sent, where the fee covers it.

    Carrier fees, failed messages, what comes in, calls, numbers.
    """
    if other_ratio(terms) is not None:
        return Decimal(0)
    return sum((costs.cost_of(kind) for kind in CostKind if kind is not CostKind.MESSAGES_SENT), Decimal(0))


def _revenue(terms: PlanTerms, month: Month, units: int) -> Decimal:
    days = monthrange(month.month.year, month.month.month)[1]
    revenue = EXACT.add(prorated_fee(terms, month.month, days), _of_messages(terms, month, units, days))
    ratio = other_ratio(terms)
    if ratio is not None:
        price = at_ratio(month.other_cost, ratio, terms.margin_kind or MarginKind.MARGIN)
        revenue = EXACT.add(revenue, price)
    return EXACT.add(revenue, _packs(terms, units, days))


def _of_messages(terms: PlanTerms, month: Month, units: int, days: int) -> Decimal:
    strategy, cost = strategy_of(terms), month.costs[CostKind.MESSAGES_SENT]
    is_daily = terms.per is AllowancePeriod.DAY
    periods = _evenly(units, days) if is_daily else [(units, 1)]
    price = Decimal(0)
    for of_period, times in periods:
        for part in split(strategy.bounds, 0, of_period):
            together = part.units * times
            share = EXACT.divide(EXACT.multiply(cost, Decimal(together)), Decimal(units))
            price = EXACT.add(price, strategy.price(BandUsage(part.band, together, together, share)).amount)
    return price


def _packs(terms: PlanTerms, units: int, days: int) -> Decimal:
    """Whole packs, of the kind whose unit is the cheapest, for what the allowance does not hold."""
    if terms.at_limit is not AtLimit.CREDITS or not terms.packs:
        return Decimal(0)
    pack = min(terms.packs, key=lambda one: EXACT.divide(one.price, Decimal(one.units)))
    over = max(0, units - (_held(terms, days) or 0))
    bought = EXACT.divide(Decimal(over), Decimal(pack.units)).to_integral_value(ROUND_CEILING)
    return EXACT.multiply(bought, pack.price)


def _fits(terms: PlanTerms, month: date, units: int) -> bool:
    held = _held(terms, monthrange(month.year, month.month)[1])
    if terms.at_limit is AtLimit.CREDITS:
        return bool(terms.packs) or (held is not None and units <= held)
    return terms.at_limit is not AtLimit.STOP or held is None or units <= held


def _held(terms: PlanTerms, days: int) -> int | None:
    if terms.amount is None:
        return None
    return terms.amount * days if terms.per is AllowancePeriod.DAY else terms.amount


def _evenly(units: int, days: int) -> list[tuple[int, int]]:
    """The units of a day, and how many days have as many; they differ by one at most."""
    each, more = divmod(units, days)
    return [(of_day, times) for of_day, times in ((each + 1, more), (each, days - more)) if of_day and times]
