"""The plans that the tenants of a year choose from, on all strategies, and the rate cards of the year."""

from decimal import Decimal

from portal.plans.checking import PlanContent
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import (
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal.rates.provider import ELSEWHERE, Rate
from portal.rates.rules import CardWish, ExchangeRate, RateSource

_DAY, _SEGMENTS = AllowancePeriod.DAY, UsageUnit.SEGMENTS
_OTHER = {"margin_kind": MarginKind.MARGIN, "other_ratio": Decimal("0.2")}
_MARGIN, _MARKUP = MarginKind.MARGIN, MarginKind.MARKUP


def _brackets(*brackets: tuple[int | None, str]) -> tuple[MarginBracket, ...]:
    return tuple(MarginBracket(up_to, Decimal(ratio)) for up_to, ratio in brackets)


def _tier(fee: str, amount: int, currency: str = "USD", **other: object) -> PlanTerms:
    return PlanTerms(PricingStrategy.TIER, currency, Decimal(fee), amount=amount, **other)  # type: ignore[arg-type]  # fields of the terms, by name


def _overage(fee: str, amount: int, price: str, **other: object) -> PlanTerms:
    terms = {"fee": Decimal(fee), "amount": amount, "overage": Decimal(price), **other}
    return PlanTerms(PricingStrategy.TIER_WITH_OVERAGE, "USD", **terms)  # type: ignore[arg-type]  # the same


def _margin(kind: MarginKind, *brackets: tuple[int | None, str], currency: str = "USD", **other: object) -> PlanTerms:
    strategy = PricingStrategy.FIXED_MARGIN if len(brackets) == 1 else PricingStrategy.DYNAMIC_MARGIN
    return PlanTerms(strategy, currency, margin_kind=kind, brackets=_brackets(*brackets), **other)  # type: ignore[arg-type]  # the same


def _credits(unit: UsageUnit, *packs: CreditPack, fee: str = "0") -> PlanTerms:
    return PlanTerms(PricingStrategy.CREDITS, "USD", Decimal(fee), unit=unit, packs=packs)


PLANS = [
    PlanContent("Free", "", _tier("0", 5, per=_DAY), countries=("US", "CA")),
    PlanContent("Bronze", "", _tier("19", 20, per=_DAY)),
    PlanContent("Yearly", "", _tier("500", 80, period=PlanPeriod.YEAR, unit=_SEGMENTS)),
    PlanContent("Nord", "", _tier("39.90", 60, "EUR")),
    PlanContent("Small", "", _overage("49.99", 30, "0.5")),
    PlanContent("Medium", "", _overage("99", 40, "0.0125", unit=_SEGMENTS, **_OTHER)),
    PlanContent("Daily", "", _overage("29", 4, "0.035", per=_DAY)),
    PlanContent("Fixed", "", _margin(_MARGIN, (None, "0.03"))),
    PlanContent("Markup", "", _margin(_MARKUP, (None, "0.25"), fee=Decimal(9), amount=25, per=_DAY, unit=_SEGMENTS)),
    PlanContent("Dynamic", "", _margin(_MARGIN, (10, "0.5"), (40, "0.36"), (None, "0.2"))),
    PlanContent("Dynamik", "", _margin(_MARKUP, (15, "1.5"), (None, "0.07"), currency="EUR", fee=Decimal(5))),
    PlanContent(
        "Prepaid",
        "",
        _credits(_SEGMENTS, CreditPack(100, 90, Decimal(10), 365), CreditPack(50, 60, Decimal("3.33"), 30)),
    ),
    PlanContent("Packs", "", _credits(UsageUnit.MESSAGES, CreditPack(10, 40, Decimal("4.99")), fee="5")),
]
PRICES = (
    {"US": "0.0083", "CA": "0.0083", "GB": "0.0524", "DE": "0.112", ELSEWHERE: "0.15"},
    {"US": "0.0079", "CA": "0.0085", "GB": "0.0547", "DE": "0.109", ELSEWHERE: "0.15"},
)
EUROS = (Decimal("0.9"), Decimal("0.9217"))


def card(version: int) -> CardWish:
    """The year's first or second card."""
    rates = tuple(Rate("sms-outbound", country, Decimal(price)) for country, price in PRICES[version].items())
    return CardWish(RateSource.FILE, "USD", rates, exchange_rates=(ExchangeRate("EUR", EUROS[version]),))
