"""Past months under other terms: by hand, by law, and to the cent what invoices come to."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.invoices.snapshot import CreditPurchase
from portal.money.money import Money
from portal.pricing.terms import CreditPack, PlanTerms, UsageUnit
from portal.rerating.months import Records, UsedMonth, months_of, whole_months
from portal.rerating.packs import packs_bought
from portal.rerating.rerating import Rerated, rerate
from portal.usage.periods import Days
from tests.rerating.used import (
    BRONZE,
    CARD,
    CREDITS,
    DYNAMIC,
    FIXED,
    LARGE,
    MEDIUM,
    PACKS,
    SILVER,
    SMALL,
    SMALL_THAT_STOPS,
    billed_by_provider,
    records,
    spread,
    tier,
)

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
ONE = Days(SEPTEMBER, OCTOBER)
THREE = Days(AUGUST, date(2026, 11, 1))
UNLIMITED = tier("0", None)
ALL = [SMALL, MEDIUM, LARGE, SMALL_THAT_STOPS, BRONZE, SILVER, FIXED, DYNAMIC, CREDITS]


def dollars(text: str) -> Money:
    return Money(Decimal(text), "USD")


def under(terms: PlanTerms, of: Records, span: Days = ONE) -> list[Rerated]:
    return rerate(months_of(of, span, CARD), terms, CARD)


def billed(month: UsedMonth) -> tuple[Money, Decimal]:
    (rated,) = month.billed().values()
    return rated.total, rated.cost


@pytest.mark.parametrize(
    ("terms", "messages", "total", "refused"),
    [
        (SMALL, 120, "59.99", 0),  # 49.99 + 20 * 0.50
        (MEDIUM, 120, "59.99", 0),  # where small and medium meet
        (MEDIUM, 220, "65.99", 0),  # 59.99 + 20 * 0.30
        (LARGE, 220, "65.99", 0),  # where medium and large meet
        (LARGE, 350, "70.99", 0),  # 65.99 + 50 * 0.10
        (SMALL_THAT_STOPS, 150, "49.99", 50),
        (FIXED, 150, "1.22", 0),  # 150 * 0.0079 = 1.185; 1.185 / 0.97 = 1.2216...
        (DYNAMIC, 300, "2.46", 0),  # 0.79 / 0.95 = 0.8315..., 1.58 / 0.97 = 1.6288...: 0.83 + 1.63
        (DYNAMIC, 400, "3.27", 0),  # and 0.79 / 0.98 = 0.8061...
        (CREDITS, 150, "10", 0),  # one pack of 500
        (CREDITS, 1100, "15", 0),  # three packs of 500 are 30, one of 1,500 is 15
        (BRONZE, 600, "19", 100),  # 60 a day on ten days, of which 50 leave
        (SILVER, 600, "49", 0),
    ],
)
def test_a_month_of_a_plan_without_limit_under_each_other_by_hand(
    terms: PlanTerms, messages: int, total: str, refused: int
) -> None:
    (month,) = under(terms, records(UNLIMITED, spread(messages, SEPTEMBER)))
    assert month == Rerated(SEPTEMBER, dollars(total), (messages - refused) * Decimal("0.0079"), refused)


def test_an_allowance_of_segments_is_cut_by_the_length_of_the_messages() -> None:
    """30 messages of 3 segments on two days: 180 segments, 80 over 100 at 0.50; that stops refuses 26 2/3 messages."""
    used = records(UNLIMITED, {SEPTEMBER: [3] * 30, date(2026, 9, 2): [3] * 30})
    (overage,) = under(replace(SMALL, unit=UsageUnit.SEGMENTS), used)
    (stopping,) = under(replace(SMALL_THAT_STOPS, unit=UsageUnit.SEGMENTS), used)
    assert (overage.total, overage.refused) == (dollars("89.99"), 0)
    assert (stopping.total, stopping.refused, stopping.cost) == (dollars("49.99"), 27, Decimal("0.79"))


def test_an_allowance_begins_anew_each_day_or_each_month() -> None:
    days = spread(60, AUGUST, 1) | spread(60, SEPTEMBER, 1) | spread(60, date(2026, 9, 2), 1)
    by_day = under(BRONZE, records(UNLIMITED, days), Days(AUGUST, OCTOBER))
    by_month = under(SMALL, records(UNLIMITED, days), Days(AUGUST, OCTOBER))
    assert [month.refused for month in by_day] == [10, 20]
    assert [month.total for month in by_month] == [dollars("49.99"), dollars("59.99")]  # 60, and 120


def test_who_came_in_mid_month_pays_the_days_under_other_terms_too() -> None:
    used = records(UNLIMITED, {date(2026, 9, 20): [1]}, since=date(2026, 9, 16))
    (month,) = under(MEDIUM, used)
    assert month.total == dollars("30.00")  # 59.99 * 15 / 30 = 29.995


def test_what_the_provider_asks_in_the_end_is_what_a_margin_goes_by_and_what_usage_costs() -> None:
    used = records(UNLIMITED, spread(100, SEPTEMBER, 1))
    billed_by_provider(used.days[SEPTEMBER], SEPTEMBER, {"sms-outbound": "0.83", "phonenumbers": "1.15"})
    (fixed,), (small,) = under(FIXED, used), under(SMALL, used)
    assert (fixed.total, fixed.cost) == (dollars("2.05"), Decimal("1.98"))  # 0.83 / 0.97 + 1.15 / 0.97 = 0.86 + 1.19
    assert (small.total, small.cost) == (dollars("49.99"), Decimal("1.98"))


def test_prices_in_another_currency_have_costs_at_the_card_s_rate() -> None:
    used = records(UNLIMITED, spread(1000, SEPTEMBER))
    (month,) = rerate(months_of(used, ONE, CARD), replace(FIXED, currency="EUR"), CARD)
    assert (month.total, month.cost) == (Money(Decimal("7.33"), "EUR"), Decimal("7.11"))  # 7.90 * 0.90; / 0.97


def test_packs_are_bought_whole_as_units_run_out_and_lapse() -> None:
    days = [(date(2026, 9, day), 300) for day in (1, 2, 3)]
    five_hundred, short = CreditPack(100, 500, Decimal(10)), CreditPack(100, 500, Decimal(10), valid_days=1)
    assert packs_bought((five_hundred,), days) == {days[0][0]: (five_hundred, 1), days[1][0]: (five_hundred, 1)}
    assert packs_bought((short,), days) == {day: (short, 1) for day, _ in days}
    assert packs_bought((five_hundred,), [(SEPTEMBER, 1_001)]) == {SEPTEMBER: (five_hundred, 3)}
    assert packs_bought(PACKS, days) == {SEPTEMBER: (PACKS[1], 1)}  # 15 in place of 20
    assert packs_bought(PACKS, []) == packs_bought((), days) == {}


def test_what_is_left_of_a_pack_is_used_in_the_next_month() -> None:
    used = records(UNLIMITED, spread(150, AUGUST) | spread(150, SEPTEMBER) | spread(250, OCTOBER))
    totals = [month.total for month in under(CREDITS, used, THREE)]
    assert totals == [dollars("15"), dollars("0"), dollars("0")]  # 550 of a pack of 1,500; two of 500 would be 20


def test_credits_that_were_bought_are_what_the_same_credits_come_to() -> None:
    bought = CreditPurchase(
        UUID(int=9), 200, 1500, UsageUnit.SEGMENTS, Decimal(15), datetime(2026, 9, 30, 23, tzinfo=UTC)
    )
    used = replace(records(CREDITS, spread(150, AUGUST)), bought={"USD": [bought]})
    months = months_of(used, Days(AUGUST, OCTOBER), CARD)
    (august, september) = rerate(months, CREDITS, CARD, credits_as_bought=True)
    assert (august.total, september.total) == (dollars("0"), dollars("15"))
    assert [billed(month)[0] for month in months] == [august.total, september.total]
    assert [month.total for month in rerate(months, SMALL, CARD, credits_as_bought=True)] == [
        dollars("74.99"),  # 49.99 + 50 * 0.50, and no credits
        dollars("49.99"),
    ]


@pytest.mark.parametrize(
    ("today", "number", "first", "until"),
    [
        (date(2026, 11, 27), 1, OCTOBER, date(2026, 11, 1)),
        (date(2026, 3, 1), 3, date(2025, 12, 1), date(2026, 3, 1)),
        (date(2028, 3, 31), 24, date(2026, 3, 1), date(2028, 3, 1)),
    ],
)
def test_months_that_are_looked_at_are_over(today: date, number: int, first: date, until: date) -> None:
    assert whole_months(today, number) == Days(first, until)


_days = st.dictionaries(
    st.dates(AUGUST, date(2026, 10, 31)), st.lists(st.integers(1, 4), min_size=1, max_size=40), max_size=12
)


@settings(max_examples=60, deadline=None)
@given(terms=st.sampled_from(ALL), days=_days, since=st.dates(AUGUST, OCTOBER))
def test_the_terms_that_a_tenant_had_come_to_its_invoices_to_the_cent(
    terms: PlanTerms, days: dict[date, list[int]], since: date
) -> None:
    months = months_of(records(terms, days, since), THREE, CARD)
    again = rerate(months, terms, CARD, credits_as_bought=True)
    held = [(month, one) for month, one in zip(months, again, strict=True) if month.is_of_customer]
    assert [(one.total, one.cost, one.refused) for _, one in held] == [(*billed(month), 0) for month, _ in held]


@settings(max_examples=60, deadline=None)
@given(
    terms=st.sampled_from([SMALL, MEDIUM, LARGE, replace(SMALL, unit=UsageUnit.SEGMENTS), FIXED]),
    had=st.sampled_from([UNLIMITED, SILVER, DYNAMIC, replace(UNLIMITED, unit=UsageUnit.SEGMENTS)]),
    days=_days,
)
def test_units_that_are_cut_anew_come_to_what_they_would_have_been_charged(
    terms: PlanTerms, had: PlanTerms, days: dict[date, list[int]]
) -> None:
    cut_anew = under(terms, records(had, days), THREE)
    charged = [billed(month) for month in months_of(records(terms, days), THREE, CARD)]
    assert [(one.total, one.cost) for one in cut_anew] == charged


@settings(max_examples=60, deadline=None)
@given(terms=st.sampled_from([SMALL_THAT_STOPS, BRONZE, SILVER]), days=_days)
def test_what_leaves_and_what_is_refused_is_all_that_was_sent(terms: PlanTerms, days: dict[date, list[int]]) -> None:
    days = {day: [1] * (5 * len(messages)) for day, messages in days.items()}
    months = under(terms, records(UNLIMITED, days), THREE)
    left = sum(month.cost for month in months) / Decimal("0.0079")
    assert left + sum(month.refused for month in months) == sum(len(messages) for messages in days.values())
