"""What usage shows of a day and what economics make of it come to the same, by two ways of adding up."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.economics import rating as economics
from portal.economics.figures import Conversion, Days, Figures
from portal.plans.plans import PlanRow, PlanState, TenantPlanRow
from portal.pricing.terms import PlanTerms
from portal.rates.cards import RateCard
from portal.usage.rating import Charge, DayUsage, Record, Rollup, Tariff, rate_day
from tests.invoices.months import DYNAMIC, FIXED, MEDIUM

DAY, AS_OF = date(2026, 11, 5), datetime(2026, 11, 7, tzinfo=UTC)
TENANT, HOLDING, PLAN = UUID(int=1), UUID(int=2), UUID(int=3)
CARD = RateCard(None, 1, "USD", {})
SINCE = datetime(2026, 10, 1, tzinfo=UTC)
GRAIN = Decimal("1E-15")
amounts = st.decimals(0, 500, places=5)


def holding(terms: PlanTerms) -> TenantPlanRow:
    """A tenant's plan without a fee, so that all that comes in is usage."""
    given_away = PlanTerms(**{name: getattr(terms, name) for name in terms.__slots__} | {"fee": Decimal(0)})
    plan = PlanRow(PLAN, "A plan", 1, PlanState.PUBLISHED, "", given_away, (), Decimal(1), (), SINCE, None)
    return TenantPlanRow(TENANT, HOLDING, plan, SINCE, None)


@pytest.mark.parametrize("terms", [FIXED, DYNAMIC, MEDIUM], ids=["fixed", "dynamic", "overage"])
@example({0: 5}, *[Decimal(0)] * 3, Decimal(1))
@given(st.dictionaries(st.integers(0, 1), st.integers(1, 2_000), min_size=1), amounts, amounts, amounts, amounts)
def test_other_usage_is_what_the_total_has_beside_messages_however_it_is_cut(
    terms: PlanTerms,
    units: dict[int, int],
    messages: Decimal,
    numbers: Decimal,
    fees: Decimal,
    unnamed: Decimal,
) -> None:
    held = holding(terms)
    bands = {band: count for band, count in units.items() if band == 0 or terms is not FIXED} or {0: 1}
    prices = {
        "sms-outbound": messages,
        "phonenumbers": numbers,
        "phonenumbers-local": numbers,  # they lie in each other
        "sms-messages-carrierfees": fees,
        "totalprice": messages + numbers + fees + unnamed,
    }
    if not messages:
        del prices["sms-outbound"]  # left out of a day that was counted whole: nothing there
    count = sum(bands.values())
    charges = [Charge(HOLDING, band, own, own, own * Decimal("0.0079")) for band, own in sorted(bands.items())]
    usage = DayUsage(
        {"sms-outbound": Rollup(count, count, count * Decimal("0.0079"))},
        {name: Record(Decimal(count), Decimal(count), AS_OF, price) for name, price in prices.items()},
        {"sms-outbound": charges},
    )
    lines = list(rate_day(DAY, usage, Tariff({HOLDING: held}, CARD), held.plan.terms))
    shown = [price.amount.amount for line in lines for price in line.prices if price.amount is not None]
    records = economics.Records(
        [held],
        [economics.Charge(TENANT, DAY, HOLDING, "sms-outbound", *one) for one in _columns(charges)],
        [economics.ProviderPrice(TENANT, DAY, name, price, "USD", AS_OF) for name, price in prices.items()],
        [],
    )
    rated = economics.rate(records, Days(DAY, date(2026, 11, 6)), Conversion(CARD))
    whole = sum(rated.values(), Figures())
    assert whole.cost == sum((line.cost or Decimal(0) for line in lines), Decimal(0)) == prices["totalprice"]
    assert abs(whole.revenue - sum(shown, Decimal(0))) < GRAIN


def _columns(charges: list[Charge]) -> list[tuple[int, int, int, Decimal]]:
    return [(one.band, one.count, one.units, one.cost) for one in charges]
