"""Advice on a plan: the cheapest for what was really used, never one that would have refused more, and why."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.money.money import Money
from portal.plans.plans import PlanRow
from portal.pricing.terms import PlanTerms
from portal.rerating.advice import PlanAdvice, PlanAdviceVerdict, advise
from portal.rerating.months import Records, months_of
from portal.usage.periods import Days
from tests.rerating.used import (
    BRONZE,
    CARD,
    CREDITS,
    DYNAMIC,
    FIXED,
    LARGE,
    MEDIUM,
    SILVER,
    SMALL,
    SMALL_THAT_STOPS,
    plan,
    records,
    spread,
    tier,
)

AUGUST, SEPTEMBER, OCTOBER = date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1)
THREE = Days(AUGUST, date(2026, 11, 1))
OVERAGES = [plan(SMALL, "Small", 1), plan(MEDIUM, "Medium", 2), plan(LARGE, "Large", 3)]
ALL = [
    *OVERAGES,
    plan(SMALL_THAT_STOPS, "Small that stops", 4),
    plan(BRONZE, "Bronze", 5),
    plan(SILVER, "Silver", 6),
    plan(FIXED, "Fixed", 7),
    plan(DYNAMIC, "Dynamic", 8),
    plan(CREDITS, "Credits", 9),
    plan(tier("0", 10), "Free", 10),
]


def each_month(messages: int, terms: PlanTerms = SMALL) -> Records:
    return records(terms, spread(messages, AUGUST) | spread(messages, SEPTEMBER) | spread(messages, OCTOBER))


def advised(current: PlanRow, offered: Sequence[PlanRow], used: Records) -> PlanAdvice:
    return advise(current, offered, months_of(used, THREE, CARD), CARD)


def prices(advice: PlanAdvice) -> list[tuple[str, str, int]]:
    return [(one.plan.name, str(one.monthly_price.amount), one.refused) for one in advice.basis]


@pytest.mark.parametrize(
    ("had", "messages", "recommended", "saving", "basis"),
    [
        # 49.99 + 10 * 0.50 = 54.99
        (0, 110, 0, "0.00", [("Small", "54.99", 0), ("Medium", "59.99", 0), ("Large", "65.99", 0)]),
        # where both come to 59.99 there is no reason to change
        (0, 120, 0, "0.00", [("Small", "59.99", 0), ("Medium", "59.99", 0), ("Large", "65.99", 0)]),
        (1, 120, 1, "0.00", [("Medium", "59.99", 0), ("Small", "59.99", 0), ("Large", "65.99", 0)]),
        # 49.99 + 21 * 0.50 = 60.49
        (0, 121, 1, "0.50", [("Medium", "59.99", 0), ("Small", "60.49", 0), ("Large", "65.99", 0)]),
        # 59.99 + 50 * 0.30 = 74.99; 49.99 + 150 * 0.50 = 124.99
        (0, 250, 2, "59.00", [("Large", "65.99", 0), ("Medium", "74.99", 0), ("Small", "124.99", 0)]),
        (2, 50, 0, "16.00", [("Small", "49.99", 0), ("Medium", "59.99", 0), ("Large", "65.99", 0)]),
    ],
)
def test_small_medium_and_large_by_hand(
    had: int, messages: int, recommended: int, saving: str, basis: list[tuple[str, str, int]]
) -> None:
    current = OVERAGES[had]
    advice = advised(current, OVERAGES, each_month(messages, current.terms))
    assert advice.recommended == OVERAGES[recommended]
    assert advice.monthly_saving == Money(Decimal(saving), "USD")
    assert advice.verdict is (PlanAdviceVerdict.KEEP if had == recommended else PlanAdviceVerdict.CHANGE)
    assert prices(advice) == basis
    assert advice.months == (AUGUST, SEPTEMBER, OCTOBER)


def test_the_reason_has_the_numbers_of_a_change() -> None:
    assert advised(OVERAGES[0], OVERAGES, each_month(150)).reason == (
        "At 150 messages a month Medium comes to $59.99 and Small, which you have, to $74.99: $15.00 less. "
        "From 120 messages a month on Medium costs no more than Small."
    )
    assert advised(OVERAGES[2], OVERAGES, each_month(150)).reason == (
        "At 150 messages a month Medium comes to $59.99 and Large, which you have, to $65.99: $6.00 less. "
        "From 220 messages a month on Large costs no more than Medium."
    )


def test_the_reason_has_the_numbers_of_staying() -> None:
    assert advised(OVERAGES[0], OVERAGES, each_month(110)).reason == (
        "At 110 messages a month Small, which you have, is the cheapest: it comes to $54.99. Medium comes to $59.99. "
        "From 120 messages a month on Medium costs no more than Small."
    )
    assert advised(OVERAGES[0], [], each_month(110)).reason == (
        "At 110 messages a month Small, which you have, is the cheapest: it comes to $54.99."
    )


def test_a_plan_that_would_have_refused_is_compared_told_of_and_not_recommended() -> None:
    stops = plan(SMALL_THAT_STOPS, "Small that stops", 4)
    advice = advised(OVERAGES[0], [stops], each_month(110))
    assert advice.recommended == OVERAGES[0]
    assert prices(advice) == [("Small that stops", "49.99", 30), ("Small", "54.99", 0)]
    assert advice.reason.endswith(
        "Small that stops would be cheaper, but it would have refused 30 messages from August to October 2026."
    )


def test_a_plan_that_would_have_refused_no_more_than_the_present_one_is_recommended() -> None:
    """A tenant that sent 60 a day has come down to 50 a day: 40 a day at less than that has no fewer refusals."""
    used, current = each_month(600, SILVER), plan(BRONZE, "Bronze", 5)
    cheaper = [plan(tier("9", 40, per=BRONZE.per), "Wood", 1), plan(tier("15", 50, per=BRONZE.per), "Tin", 2)]
    advice = advised(current, cheaper, used)
    assert prices(advice) == [("Wood", "9.00", 600), ("Tin", "15.00", 300), ("Bronze", "19.00", 300)]
    assert advice.recommended == cheaper[1]


def test_a_plan_that_does_not_reach_all_countries_is_not_recommended() -> None:
    current = plan(MEDIUM, "Medium", 2, countries=("US", "CA"))
    free = tier("0", None)
    narrow, same, wide = (
        plan(replace(free, fee=Decimal(fee)), "Other", fee + 10, countries=countries)
        for fee, countries in ((1, ("US",)), (2, ("CA", "US")), (3, ()))
    )
    assert advised(current, [narrow], each_month(5)).recommended == current
    assert advised(current, [narrow, same, wide], each_month(5)).recommended == same
    assert advised(wide, [narrow, same], each_month(5)).recommended == wide


def test_plans_in_another_currency_are_not_compared() -> None:
    euros = plan(replace(SMALL, currency="EUR", fee=Decimal(1)), "Euro", 2)
    advice = advised(OVERAGES[0], [euros], each_month(5))
    assert (advice.recommended, prices(advice)) == (OVERAGES[0], [("Small", "49.99", 0)])


def test_a_part_of_a_month_counts_by_its_days() -> None:
    """From 17 October on 15 of 31 days: 80 messages come to 165 in a month, fee and all prices alike."""
    used = records(MEDIUM, spread(80, date(2026, 10, 17)), since=date(2026, 10, 17))
    advice = advised(OVERAGES[1], OVERAGES, used)
    # the whole allowance of 100, 200 or 300 holds in the days, so nothing is over it
    assert prices(advice) == [("Small", "49.99", 0), ("Medium", "60.00", 0), ("Large", "65.99", 0)]
    assert advice.reason.startswith("At 165 messages a month Small comes to $49.99")


@pytest.mark.parametrize("since", [date(2026, 1, 1), date(2026, 11, 3)])
def test_without_use_nothing_is_recommended(since: date) -> None:
    advice = advised(OVERAGES[0], OVERAGES, records(SMALL, {}, since))
    assert advice == PlanAdvice(
        PlanAdviceVerdict.NO_USE,
        (AUGUST, SEPTEMBER, OCTOBER),
        None,
        None,
        "No message was sent with a plan from August to October 2026: there is nothing to compare plans by.",
        (),
    )


@settings(max_examples=100, deadline=None)
@given(
    current=st.sampled_from(ALL),
    had=st.sampled_from(ALL),
    days=st.dictionaries(
        st.dates(AUGUST, date(2026, 10, 31)), st.lists(st.integers(1, 3), min_size=1, max_size=60), min_size=1
    ),
)
def test_what_is_recommended_is_never_dearer_and_never_refuses_more(
    current: PlanRow, had: PlanRow, days: dict[date, list[int]]
) -> None:
    advice = advised(current, ALL, records(had.terms, days))
    found = {one.plan.id: one for one in advice.basis}
    assert len(found) == len(ALL)
    ours, best = found[current.id], found[advice.recommended.id if advice.recommended else current.id]
    assert best.monthly_price.amount <= ours.monthly_price.amount
    assert best.refused <= ours.refused
    assert advice.monthly_saving == ours.monthly_price - best.monthly_price
    assert (advice.verdict is PlanAdviceVerdict.KEEP) == (best is ours)
    amounts = [one.monthly_price.amount for one in advice.basis]
    assert amounts == sorted(amounts)
    better = [one for one in advice.basis if one.monthly_price.amount < best.monthly_price.amount]
    assert all(one.refused > ours.refused for one in better)
