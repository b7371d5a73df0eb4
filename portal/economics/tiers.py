"""A plan at its worst: used to the full, at the provider's price; and what is wrong with its figures. Pure."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from portal.economics.figures import Conversion, Figures
from portal.money.money import EXACT, Money, shown
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanRow
from portal.pricing.bands import split
from portal.pricing.strategies import BandUsage, strategy_of
from portal.pricing.terms import CreditPack, PlanPeriod, PlanTerms, PricingStrategy
from portal.rates.cards import RateCard
from portal.rates.provider import ELSEWHERE

DAYS = 31  # of the longest month
HOME = "US"
_YEAR = 365
_SENT = "sms-outbound"


class TierWarningCode(StrEnum):
    """What is wrong with a plan's figures."""

    NEGATIVE_MARGIN = "NEGATIVE_MARGIN"
    OVERAGE_BELOW_UNIT_PRICE = "OVERAGE_BELOW_UNIT_PRICE"
    OVERAGE_BELOW_COST = "OVERAGE_BELOW_COST"
    NO_RATE = "NO_RATE"
    NO_EXCHANGE_RATE = "NO_EXCHANGE_RATE"


@dataclass(frozen=True, slots=True)
class TierWarning:
    """One thing that is wrong, for machines and for people."""

    code: TierWarningCode
    message: str


def home_country(plan: PlanRow) -> str:
    """The country whose rate the worst case goes by: the first that the plan names, else the United States."""
    return plan.countries[0] if plan.countries else HOME


def rate_of(plan: PlanRow, card: RateCard) -> Decimal | None:
    """What a segment to the plan's home country costs, or None where the card does not say."""
    found = card.prices.get((_SENT, home_country(plan)))
    return card.prices.get((_SENT, ELSEWHERE)) if found is None else found


def full_use(terms: PlanTerms) -> int | None:
    """The units of a month of 31 days in which the whole allowance is used; None: there is no limit."""
    if terms.amount is None:
        return None
    return terms.amount * DAYS if terms.per is AllowancePeriod.DAY else terms.amount


def worst_case(plan: PlanRow, conversion: Conversion) -> Figures | None:
    """A month of 31 days at full use, each unit at the home country's rate; None where there is no limit or no rate.

    With credits it is the pack whose unit is the cheapest, used up.
    """
    terms, each = plan.terms, rate_of(plan, conversion.card)
    if each is None:
        return None
    if terms.strategy is PricingStrategy.CREDITS and terms.packs:
        pack = min(terms.packs, key=_unit_price_of)
        revenue = conversion.into_card(pack.price, terms.currency)
        return Figures(revenue, EXACT.multiply(each, Decimal(pack.units)))
    units = full_use(terms)
    if units is None:
        return None
    times = DAYS if terms.per is AllowancePeriod.DAY else 1
    price = _fee(terms)
    strategy = strategy_of(terms)
    for part in split(strategy.bounds, 0, terms.amount or 0):
        cost = conversion.from_card(EXACT.multiply(each, Decimal(part.units * times)), terms.currency)
        price = EXACT.add(
            price, strategy.price(BandUsage(part.band, part.units * times, part.units * times, cost)).amount
        )
    return Figures(conversion.into_card(price, terms.currency), EXACT.multiply(each, Decimal(units)))


def warnings(plan: PlanRow, worst: Figures | None, last_month: Figures, conversion: Conversion) -> list[TierWarning]:
    """All that is wrong with a plan's figures."""
    card, terms, found = conversion.card, plan.terms, []
    each = rate_of(plan, card)
    if each is None:
        message = f"The rate card has no price of a message to {home_country(plan)}: nothing can be said of full use."
        found.append(TierWarning(TierWarningCode.NO_RATE, message))
    if terms.currency != card.currency and terms.currency not in card.exchange_rates:
        message = f"The rate card has no exchange rate for {terms.currency}: what is in it is left out."
        found.append(TierWarning(TierWarningCode.NO_EXCHANGE_RATE, message))
        return found
    for when, figures in (("At full use", worst), ("Last month", last_month)):
        if figures is not None and figures.gross_margin < 0:
            lost = shown(Money(-figures.gross_margin, card.currency).rounded())
            found.append(
                TierWarning(TierWarningCode.NEGATIVE_MARGIN, f"{when} it costs {lost} more than it brings in.")
            )
    return found + _of_overage(terms, each, conversion)


def _of_overage(terms: PlanTerms, each: Decimal | None, conversion: Conversion) -> list[TierWarning]:
    units = full_use(terms)
    if terms.overage is None or not units:
        return []
    found, inside = [], EXACT.divide(_fee(terms), Decimal(units))
    overage = shown(Money(terms.overage, terms.currency), exact=True)
    if terms.overage < inside:
        price = shown(Money(inside, terms.currency).rounded())
        message = f"A message over the allowance brings {overage}, one inside it {price}."
        found.append(TierWarning(TierWarningCode.OVERAGE_BELOW_UNIT_PRICE, message))
    cost = None if each is None else conversion.from_card(each, terms.currency)
    if cost is not None and terms.overage < cost:
        price = shown(Money(cost, terms.currency), exact=True)
        message = f"A message over the allowance brings {overage} and costs {price}: each one loses, without an end."
        found.append(TierWarning(TierWarningCode.OVERAGE_BELOW_COST, message))
    return found


def _fee(terms: PlanTerms) -> Decimal:
    """Of a month of 31 days."""
    if terms.period is PlanPeriod.MONTH:
        return terms.fee
    return EXACT.divide(EXACT.multiply(terms.fee, Decimal(DAYS)), Decimal(_YEAR))


def _unit_price_of(pack: CreditPack) -> Decimal:
    return EXACT.divide(pack.price, Decimal(pack.units))
