"""Rating by hand: the lines of months whose amounts were worked out with pencil and paper."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest

from portal.invoices.rating import Rated, for_tenant, rate
from portal.invoices.snapshot import Billed, CreditPurchase, MonthBefore, Snapshot
from portal.pricing.terms import UsageUnit
from portal.usage.costing import PriceBasis
from tests.invoices.months import (
    CREDITS,
    DYNAMIC,
    FIXED,
    MEDIUM,
    NOVEMBER,
    OCTOBER,
    SILVER,
    YEARLY,
    held,
    snapshot,
    used,
)


def amounts(rated: Rated) -> list[tuple[str, str, str, str]]:
    """What each line says: its description, quantity, unit and amount."""
    return [
        (one.line.description, f"{one.line.quantity:f}", one.line.unit, f"{one.line.amount:f}") for one in rated.lines
    ]


def test_a_whole_month_of_a_tier_is_its_fee_and_what_it_covers() -> None:
    silver = held(SILVER)
    month = snapshot([silver], [used(silver, 0, 120, "0.948", bounds=(0, 250), basis=PriceBasis.INCLUDED)])
    rated = rate(month)
    assert amounts(rated) == [
        ("Silver, fee", "31", "days", "49.00"),
        ("Text messages sent, in the plan", "120", "messages", "0.00"),
    ]
    assert (rated.total.amount, rated.cost) == (Decimal("49.00"), Decimal("0.948"))


@pytest.mark.parametrize(
    ("month", "first", "until", "expected"),
    [
        (date(2026, 2, 1), date(2026, 2, 15), date(2026, 3, 1), "24.50"),  # 49 * 14 / 28
        (date(2028, 2, 1), date(2028, 2, 15), date(2028, 3, 1), "25.34"),  # 49 * 15 / 29 = 25.3448…
        (date(2026, 11, 1), date(2026, 11, 30), date(2026, 12, 1), "1.63"),  # 49 / 30 = 1.6333…
        (date(2026, 10, 1), date(2026, 10, 31), date(2026, 11, 1), "1.58"),  # 49 / 31 = 1.5806…
    ],
)
def test_who_signs_up_in_mid_month_pays_from_that_day_on(month: date, first: date, until: date, expected: str) -> None:
    assert rate(snapshot([held(SILVER, first, until)], [], month)).total.amount == Decimal(expected)


def test_a_year_s_fee_is_billed_by_the_days_of_each_month_each_rounded() -> None:
    months = [date(2026, number, 1) for number in range(1, 13)] + [date(2027, 1, 1)]
    totals = [rate(snapshot([held(YEARLY, first, until)], [], first)).total.amount for first, until in pairwise(months)]
    assert totals[:3] == [Decimal("42.47"), Decimal("38.36"), Decimal("42.47")]  # 500 * 31, 28, 31 / 365
    assert sum(totals) == Decimal("500.05")  # 7 * 42.47 + 4 * 41.10 + 38.36


def test_a_change_in_mid_month_bills_each_plan_for_its_days_and_names_whose_usage_it_was() -> None:
    silver = held(SILVER, OCTOBER, date(2026, 10, 11))
    medium = held(MEDIUM, date(2026, 10, 11), NOVEMBER, name="Medium", number=2)
    rows = [
        used(silver, 0, 40, "0.316", bounds=(0, 250), basis=PriceBasis.INCLUDED),
        used(medium, 0, 9_000, "71.10", units=10_000, bounds=(0, 10_000), basis=PriceBasis.INCLUDED),
        used(medium, 1, 300, "2.37", units=333, bounds=(10_000, None)),
    ]
    assert amounts(rate(snapshot([silver, medium], rows))) == [
        ("Silver, fee", "10", "days", "15.81"),  # 49 * 10 / 31 = 15.8064…
        ("Medium, fee", "21", "days", "67.06"),  # 99 * 21 / 31 = 67.0645…
        ("Text messages sent, in the plan (Silver)", "40", "messages", "0.00"),
        ("Text messages sent, in the plan (Medium)", "10000", "segments", "0.00"),
        ("Text messages sent, over the allowance (Medium)", "333", "segments", "4.16"),  # 333 * 0.0125 = 4.1625
    ]


def test_margins_price_the_cost_bracket_by_bracket_and_what_is_no_message_by_the_first() -> None:
    plan = held(DYNAMIC)
    rows = [
        used(plan, 0, 100, "0.79", bounds=(0, 100)),
        used(plan, 1, 900, "7.11", bounds=(100, 1000)),
        used(plan, 2, 500, "3.95", bounds=(1000, None)),
        used(plan, None, 1, "1.15", category="phonenumbers-local"),
    ]
    rated = rate(snapshot([plan], rows))
    assert amounts(rated) == [
        ("Text messages sent, 1 to 100", "100", "messages", "0.83"),  # 0.79 * 1.05 = 0.8295
        ("Text messages sent, 101 to 1,000", "900", "messages", "7.39"),  # 7.11 * 1.04 = 7.3944
        ("Text messages sent, 1,001 and more", "500", "messages", "4.07"),  # 3.95 * 1.03 = 4.0685
        ("Local numbers", "1", "numbers", "1.21"),  # 1.15 * 1.05 = 1.2075
    ]
    assert rated.total.amount == Decimal("13.50")
    assert rated.cost == Decimal("13.00")


def test_a_margin_is_of_the_price() -> None:
    plan = held(FIXED)
    (line,) = rate(snapshot([plan], [used(plan, 0, 10_000, "79")])).lines
    assert line.line.amount == Decimal("81.44")  # 79 / 0.97 = 81.4432…
    assert [(step.label, step.value) for step in line.line.steps] == [
        ("Used", "10,000"),
        ("At your price, before rounding", "$81.443299"),
    ]
    assert ("Margin", "0.03") in [(step.label, step.value) for step in line.operator_steps]


def test_credits_are_billed_when_they_are_bought_and_cover_what_they_are_used_for() -> None:
    plan = held(CREDITS, name="Credits")
    bought = CreditPurchase(
        UUID(int=3), 100, 500, UsageUnit.SEGMENTS, Decimal(10), datetime(2026, 10, 3, 12, tzinfo=UTC)
    )
    rows = [used(plan, 0, 70, "0.553", basis=PriceBasis.INCLUDED)]
    assert amounts(rate(snapshot([plan], rows, credits=(bought,)))) == [
        ("Text messages sent, by credits", "70", "segments", "0.00"),
        ("Credits", "100", "credits", "10.00"),
    ]


def late(now: str, billed: str | None, *, count: int = 120) -> Snapshot:
    """November of a tenant with a margin, whose October is known otherwise now."""
    plan = held(FIXED)
    key = f"usage/{plan.id}/sms-outbound/0"
    said: tuple[Billed, ...] = ()
    if billed is not None:
        said = (Billed(key, "Text messages sent", Decimal(100), "messages", Decimal(billed), None),)
    before = MonthBefore(OCTOBER, (plan,), (used(plan, 0, count, now),) if count else (), said)
    return snapshot([held(FIXED, NOVEMBER, date(2026, 12, 1))], [], NOVEMBER, before=before)


@pytest.mark.parametrize(
    ("now", "billed", "count", "expected"),
    [
        ("0.948", "0.81", 120, [("20", "0.17")]),  # 0.948 / 0.97 = 0.9773… is 0.98 now
        ("0.70", "0.81", 100, [("0", "-0.09")]),  # the provider asked for less: 0.7216… is 0.72
        ("0", "0.81", 0, [("-100", "-0.81")]),  # it was not used at all
        ("0.79", None, 100, [("100", "0.81")]),  # nobody had billed it
        ("0.79", "0.81", 100, []),
    ],
)
def test_what_is_late_is_in_the_next_invoice_up_or_down(
    now: str, billed: str | None, count: int, expected: list[tuple[str, str]]
) -> None:
    lines = rate(late(now, billed, count=count)).lines
    assert [(f"{one.line.quantity:f}", f"{one.line.amount:f}") for one in lines] == expected
    assert all(one.line.description == "October 2026, adjusted: Text messages sent" for one in lines)


def test_a_tenant_s_snapshot_tells_no_cost_and_no_margin() -> None:
    plan = held(DYNAMIC)
    month = snapshot([plan], [used(plan, 1, 900, "7.11", bounds=(100, 1000))])
    text = str(for_tenant(month).written())
    assert "7.11" in str(month.written())
    assert "7.11" not in text
    assert [one for one in ("0.05", "0.04", "0.03", "MARKUP") if one in text] == []
