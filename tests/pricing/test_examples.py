"""The examples by which the plans are sold, each worked out by hand in the comment beside it."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

import pytest

from portal.money.money import Money, round_to_minor
from portal.plans.proration import prorated_fee, segments
from portal.pricing.bands import split
from portal.pricing.comparing import MonthlyUse, break_even, monthly_price
from portal.pricing.strategies import BandUsage, at_ratio, strategy_of
from portal.pricing.terms import (
    AtLimit,
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)


def dollars(text: str) -> Decimal:
    return Decimal(text)


def tier(fee: str, amount: int, overage: str) -> PlanTerms:
    return PlanTerms(
        PricingStrategy.TIER_WITH_OVERAGE,
        "USD",
        fee=dollars(fee),
        amount=amount,
        at_limit=AtLimit.OVERAGE,
        overage=dollars(overage),
    )


SMALL, MEDIUM, LARGE = tier("49.99", 100, "0.50"), tier("59.99", 200, "0.30"), tier("65.99", 300, "0.10")
DYNAMIC = PlanTerms(
    PricingStrategy.DYNAMIC_MARGIN,
    "USD",
    margin_kind=MarginKind.MARGIN,
    brackets=(
        MarginBracket(100, dollars("0.05")),
        MarginBracket(300, dollars("0.03")),
        MarginBracket(None, dollars("0.02")),
    ),
)


def bill(terms: PlanTerms, messages: int, unit_cost: str) -> list[Decimal]:
    """The rounded lines of so many messages of one cost, a line for each band."""
    strategy = strategy_of(terms)
    return [
        round_to_minor(
            strategy.price(BandUsage(part.band, part.units, part.units, dollars(unit_cost) * part.units)).amount, "USD"
        )
        for part in split(strategy.bounds, 0, messages)
    ]


@pytest.mark.parametrize(
    ("kind", "price"),
    [
        (MarginKind.MARGIN, "103.09"),  # 100 / (1 - 0.03) = 100 / 0.97 = 103.0927...
        (MarginKind.MARKUP, "103.00"),  # 100 * (1 + 0.03)
    ],
)
def test_three_percent_on_a_hundred(kind: MarginKind, price: str) -> None:
    assert round_to_minor(at_ratio(dollars("100"), dollars("0.03"), kind), "USD") == dollars(price)


@pytest.mark.parametrize(
    ("messages", "lines"),
    [
        (1, ["0.01"]),  # 0.0079 / 0.95 = 0.00831...
        (100, ["0.83"]),  # 0.79 / 0.95 = 0.83157...
        (101, ["0.83", "0.01"]),  # the 101st: 0.0079 / 0.97 = 0.00814...
        (300, ["0.83", "1.63"]),  # 200 * 0.0079 = 1.58; 1.58 / 0.97 = 1.62886...
        (1000, ["0.83", "1.63", "5.64"]),  # 700 * 0.0079 = 5.53; 5.53 / 0.98 = 5.64285...
    ],
)
def test_dynamic_margins_go_by_the_ordinal_of_the_message(messages: int, lines: list[str]) -> None:
    assert bill(DYNAMIC, messages, "0.0079") == [dollars(line) for line in lines]


@pytest.mark.parametrize(
    ("plan", "messages", "lines"),
    [
        (SMALL, 100, ["0.00"]),  # the fee of 49.99 covers them
        (SMALL, 101, ["0.00", "0.50"]),
        (SMALL, 120, ["0.00", "10.00"]),  # 20 * 0.50: with the fee 59.99, as much as medium
        (MEDIUM, 220, ["0.00", "6.00"]),  # 20 * 0.30: with the fee 65.99, as much as large
        (LARGE, 310, ["0.00", "1.00"]),  # 10 * 0.10, less than the 0.21996... of a message inside the plan
    ],
)
def test_tiers_with_overage(plan: PlanTerms, messages: int, lines: list[str]) -> None:
    assert bill(plan, messages, "0.0079") == [dollars(line) for line in lines]


@pytest.mark.parametrize(
    ("one", "other", "messages"),
    [
        (SMALL, MEDIUM, 120),  # 49.99 + 0.50 * (n - 100) = 59.99
        (MEDIUM, LARGE, 220),  # 59.99 + 0.30 * (n - 200) = 65.99
        (LARGE, MEDIUM, 220),  # whichever is asked for first
        (SMALL, LARGE, 132),  # 0.50 * (n - 100) = 16.00
    ],
)
def test_where_the_tiers_meet(one: PlanTerms, other: PlanTerms, messages: int) -> None:
    assert break_even(one, other, MonthlyUse(Decimal(150))) == messages


def test_credits_come_to_what_the_cheapest_unit_costs() -> None:
    packs = (CreditPack(100, 500, dollars("10")), CreditPack(200, 1500, dollars("15")))
    prepaid = PlanTerms(PricingStrategy.CREDITS, "USD", unit=UsageUnit.SEGMENTS, at_limit=AtLimit.CREDITS, packs=packs)
    use = MonthlyUse(Decimal(150), segments_per_message=Decimal(2))
    assert monthly_price(prepaid, use) == dollars("3")  # 300 segments * 0.01


def test_a_plan_that_is_dearer_at_any_use_never_breaks_even() -> None:
    assert break_even(tier("10", 100, "1"), tier("20", 100, "1"), MonthlyUse(Decimal(1))) is None
    assert break_even(SMALL, SMALL, MonthlyUse(Decimal(1))) is None


@pytest.mark.parametrize(
    ("pack", "units_per_credit", "cents_per_unit"),
    [
        (CreditPack(100, 500, dollars("10")), "5", "2"),  # 500 / 100; 1,000 cents / 500
        (CreditPack(200, 1500, dollars("15")), "7.5", "1"),  # 1,500 / 200; 1,500 cents / 1,500
    ],
)
def test_a_credit_has_no_value_but_its_pack_s(pack: CreditPack, units_per_credit: str, cents_per_unit: str) -> None:
    assert Decimal(pack.units) / pack.credits == dollars(units_per_credit)
    assert pack.price * 100 / pack.units == dollars(cents_per_unit)


def test_what_is_sent_from_credits_is_paid_already() -> None:
    plan = PlanTerms(PricingStrategy.CREDITS, "USD", unit=UsageUnit.SEGMENTS, amount=0, at_limit=AtLimit.CREDITS)
    assert bill(plan, 7, "0.0079") == [Decimal(0)]


def test_bronze_at_its_worst_is_fifty_messages_on_each_of_thirty_one_days() -> None:
    assert 50 * 31 == 1_550
    assert round_to_minor(dollars("0.0079") * 1_550, "USD") == dollars("12.25")  # 12.245, away from zero


@pytest.mark.parametrize(
    ("month", "days", "fee"),
    [
        # 49.99 for the days from the 15th on: 49.99 * days / days of the month
        (date(2026, 2, 1), 28, "25.00"),  # 14 of 28: 24.995
        (date(2028, 2, 1), 29, "25.86"),  # 15 of 29: 25.8568...
        (date(2026, 4, 1), 30, "26.66"),  # 16 of 30: 26.6613...
        (date(2026, 3, 1), 31, "27.41"),  # 17 of 31: 27.4138...
    ],
)
def test_who_signs_up_on_the_fifteenth_pays_from_that_day_on(month: date, days: int, fee: str) -> None:
    assert monthrange(month.year, month.month)[1] == days
    held = holding(1, date(month.year, month.month, 15), None)
    (segment,) = segments([held], month, next_of(month))
    assert (segment.first, segment.until) == (date(month.year, month.month, 15), next_of(month))
    assert round_to_minor(prorated_fee(SMALL, month, segment.days), "USD") == dollars(fee)


def test_the_month_before_a_sign_up_has_no_days_to_pay() -> None:
    held = holding(1, date(2026, 3, 15), None)
    assert segments([held], date(2026, 2, 1), date(2026, 3, 1)) == []


def test_a_change_inside_a_month_shares_its_days_and_none_pays_twice() -> None:
    held = [holding(1, date(2026, 1, 1), date(2026, 4, 11)), holding(2, date(2026, 4, 11), None)]
    april = segments(held, date(2026, 4, 1), date(2026, 5, 1))
    assert [(one.first.day, one.days) for one in april] == [(1, 10), (11, 20)]
    fees = [
        round_to_minor(prorated_fee(plan, date(2026, 4, 1), one.days), "USD")
        for plan, one in zip((SMALL, LARGE), april, strict=True)
    ]
    # 49.99 * 10 / 30 = 16.6633...; 65.99 * 20 / 30 = 43.9933...
    assert fees == [dollars("16.66"), dollars("43.99")]


@pytest.mark.parametrize(
    ("month", "fee"),
    [
        # 1,200 for a year: 1,200 * days / days of that year
        (date(2027, 2, 1), "92.05"),  # 28 of 365: 92.0547...
        (date(2028, 2, 1), "95.08"),  # 29 of 366: 95.0819...
        (date(2028, 1, 1), "101.64"),  # 31 of 366: 101.6393...
    ],
)
def test_a_year_s_fee_goes_by_the_days_of_that_year(month: date, fee: str) -> None:
    yearly = PlanTerms(PricingStrategy.TIER, "USD", fee=dollars("1200"), period=PlanPeriod.YEAR)
    whole = monthrange(month.year, month.month)[1]
    assert round_to_minor(prorated_fee(yearly, month, whole), "USD") == dollars(fee)


@pytest.mark.parametrize("year", [2027, 2028])
def test_the_months_of_a_year_s_fee_are_the_fee(year: int) -> None:
    yearly = PlanTerms(PricingStrategy.TIER, "USD", fee=dollars("1200"), period=PlanPeriod.YEAR)
    months = [date(year, number, 1) for number in range(1, 13)]
    parts = [prorated_fee(yearly, month, monthrange(year, month.month)[1]) for month in months]
    assert abs(sum(parts, Decimal(0)) - 1200) < Decimal("1E-40")


@pytest.mark.parametrize(
    ("amount", "currency", "owed"),
    [("0.005", "USD", "0.01"), ("-0.005", "USD", "-0.01"), ("0.5", "JPY", "1"), ("0.0005", "KWD", "0.001")],
)
def test_half_a_unit_goes_away_from_zero(amount: str, currency: str, owed: str) -> None:
    assert Money(dollars(amount), currency).rounded() == Money(dollars(owed), currency)


def test_two_currencies_are_never_added() -> None:
    with pytest.raises(ValueError, match="EUR cannot be added to USD"):
        Money(Decimal(1), "USD") + Money(Decimal(1), "EUR")


def next_of(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


@dataclass(frozen=True, slots=True)
class Holding:
    """A plan that a tenant holds."""

    id: UUID
    since: datetime
    until: datetime | None


def holding(number: int, since: date, until: date | None) -> Holding:
    """A plan that is held from ten in the morning of a day until ten in the morning of another."""
    ends = None if until is None else datetime.combine(until, time(10), UTC)
    return Holding(UUID(int=number), datetime.combine(since, time(10), UTC), ends)
