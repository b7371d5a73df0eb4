"""What a plan would have made of an account's months, worked out by hand; and what has to hold whatever was sent."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.margin_report_command import read_offers
from portal.margin_report.costs import TOTAL, AccountCosts, CostKind, account_costs
from portal.margin_report.offers import Offer, play, suggest, unbilled
from portal.margin_report.provider import MonthlyUsage, Subaccount
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import AtLimit, CreditPack, MarginBracket, MarginKind, PlanTerms, PricingStrategy

MONTH = date(2026, 9, 1)
ACCOUNT = Subaccount("AC1", "Falcon Flights", is_active=True)
READY = {offer.name: offer for offer in read_offers(None)}
BRONZE = Offer("Bronze", PlanTerms(PricingStrategy.TIER, "USD", fee=Decimal(15), amount=50, per=AllowancePeriod.DAY))
PACKS = (CreditPack(100, 500, Decimal(10)), CreditPack(200, 1500, Decimal(15)))
CREDITS = Offer("Credits", PlanTerms(PricingStrategy.CREDITS, "USD", amount=0, at_limit=AtLimit.CREDITS, packs=PACKS))


def spent(messages: int, *, other: str = "0", months: int = 1) -> AccountCosts:
    """An account that sent so many messages of a segment each at 0.0079, and spent something else, each month."""
    found, dates = [], [date(2026, 9 - place, 1) for place in range(months)]
    for month in dates:
        cost, count = Decimal("0.0079") * messages, Decimal(messages)
        found += [
            MonthlyUsage(month, "sms", count, count, cost, "USD"),  # it holds the next one
            MonthlyUsage(month, "sms-outbound", count, count, cost, "USD"),
            MonthlyUsage(month, "sms-messages-carrierfees", count, count, Decimal(other), "USD"),
            MonthlyUsage(month, TOTAL, Decimal(0), Decimal(0), cost + Decimal(other), "USD"),
        ]
    return account_costs(ACCOUNT, found, dates)


@pytest.mark.parametrize(
    ("offer", "messages", "revenue", "fits"),
    [
        (READY["Small"], 100, "49.99", True),
        (READY["Small"], 101, "49.99", False),
        (READY["Large with overage"], 310, "66.99", True),  # 65.99 + 10 * 0.10
        (READY["Fixed margin"], 1000, "10.18", True),  # (7.90 + 1.97) / 0.97
        (READY["Dynamic margin"], 300, "4.53", True),  # 0.79 / 0.95 + 1.58 / 0.97 + 1.97 / 0.95
        (BRONZE, 1500, "15.00", True),  # September has 30 days
        (BRONZE, 1501, "15.00", False),
        (CREDITS, 1500, "15.00", True),
        (CREDITS, 1501, "30.00", True),  # a pack is bought as a whole
        (CREDITS, 0, "0.00", True),
    ],
)
def test_a_month_under_a_plan(offer: Offer, messages: int, revenue: str, *, fits: bool) -> None:
    played = play(offer, spent(messages, other="1.97"))
    assert (str(played.figures.rounded("USD").revenue), played.fits) == (revenue, fits)
    assert played.figures.cost == Decimal("0.0079") * messages + Decimal("1.97")


def test_the_cheapest_that_loses_nothing_is_suggested_and_else_what_loses_least() -> None:
    free, small, large = READY["Free"], READY["Small"], READY["Large with overage"]
    assert _suggested(spent(0), [small, free]) == "Free"
    assert _suggested(spent(80), [free, small, large]) == "Small"  # the free one loses 0.63
    assert _suggested(spent(90, other="60"), [free, small]) == "Small"  # both lose
    assert suggest(spent(151), [free, small]) is None  # 5 a day of 30


def _suggested(costs: AccountCosts, offers: list[Offer]) -> str | None:
    found = suggest(costs, offers)
    return None if found is None else found.offer.name


def test_what_has_no_price_of_its_own_is_unbilled() -> None:
    costs = spent(100, other="2.50", months=2)
    assert unbilled(READY["Small"].terms, costs) == Decimal("5.00")
    assert unbilled(READY["Fixed margin"].terms, costs) == 0
    assert costs.cost_of(CostKind.CARRIER_FEES) == Decimal("5.00")


@given(
    messages=st.lists(st.integers(0, 100_000), min_size=1, max_size=6),
    totals=st.lists(st.decimals(0, 1_000, places=4), min_size=6, max_size=6),
)
def test_the_kinds_add_up_to_the_provider_s_total_and_no_plan_changes_the_cost(
    messages: list[int], totals: list[Decimal]
) -> None:
    months = [date(2026, place + 1, 1) for place in range(len(messages))]
    usage = []
    for month, sent, total in zip(months, messages, totals, strict=False):
        usage.append(MonthlyUsage(month, "sms-outbound", Decimal(sent), Decimal(sent), sent * Decimal("0.01"), "USD"))
        usage.append(MonthlyUsage(month, TOTAL, Decimal(0), Decimal(0), sent * Decimal("0.01") + total, "USD"))
    costs = account_costs(ACCOUNT, usage, months)
    whole = sum((one.price for one in usage if one.category == TOTAL), Decimal(0))
    assert costs.cost == sum((costs.cost_of(kind) for kind in CostKind), Decimal(0)) == whole
    for offer in (*READY.values(), BRONZE, CREDITS):
        played = play(offer, costs)
        assert played.figures.cost == whole
        assert played.figures.revenue >= 0


@given(fewer=st.integers(0, 3_000), more=st.integers(0, 3_000))
def test_who_sends_more_never_pays_less(fewer: int, more: int) -> None:
    for offer in (*READY.values(), BRONZE, CREDITS):
        less, greater = (play(offer, spent(messages)).figures for messages in sorted((fewer, more)))
        assert less.revenue <= greater.revenue


def test_a_margin_on_an_allowance_of_a_day_is_that_of_each_day() -> None:
    brackets = (MarginBracket(10, Decimal("0.5")), MarginBracket(None, Decimal("0.2")))
    terms = PlanTerms(
        *(PricingStrategy.DYNAMIC_MARGIN, "USD"),
        per=AllowancePeriod.DAY,
        margin_kind=MarginKind.MARGIN,
        brackets=brackets,
        other_ratio=Decimal(0),
    )
    # 10 of 20 a day at a half, 10 at a fifth: 300 * 0.0079 / 0.5 + 300 * 0.0079 / 0.8
    assert play(Offer("Daily", terms), spent(600)).figures.revenue == Decimal("7.7025")
