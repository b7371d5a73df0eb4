"""The allowance's border in a send: who comes first is served first, and nobody is forgotten."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from portal.messages.addressees import Addressee
from portal.messages.composing import Composed, Recipient, limit_to
from portal.messages.refusals import Refusal, RefusalCode
from portal.messages.screening import Screening
from portal.messages.segments import Encoding, SegmentCount
from portal.plans.charging import Budget, Position, Prices
from portal.plans.plans import PlanRow, PlanState
from portal.pricing.terms import AtLimit, PlanTerms, PricingStrategy, UsageUnit
from portal.rates.cards import RateCard
from portal.shield.areas import TrafficKind
from portal.shield.pauses import Standing
from portal.shield.screening import Shield

UNITS = st.sampled_from(UsageUnit)


def addressee(index: int) -> Addressee:
    return Addressee(f"+1202555{index:04d}", "US", UUID(int=index + 1), "", {})


def composed(asked: list[int]) -> Composed:
    """One recipient for each number of segments; 0 stands for somebody who is refused already."""
    recipients = [
        (index, Recipient(addressee(index), "x", SegmentCount(Encoding.GSM_7, segments, None)))
        for index, segments in enumerate(asked)
        if segments
    ]
    refusals = [
        Refusal(index, UUID(int=index + 1), None, RefusalCode.NOT_FOUND, "x")
        for index, segments in enumerate(asked)
        if not segments
    ]
    return Composed(None, tuple(recipients), tuple(refusals))


CARD = RateCard(UUID(int=1), 1, "USD", {("sms-outbound", ""): Decimal("0.008")})

OPEN = Screening(Shield(TrafficKind.SMS, CARD, Standing({}, frozenset())), {"x": frozenset()}, (), (), {})


def limited_to(
    asked: Composed, plan: PlanRow, bought: int = 0, spend: Decimal | None = None
) -> tuple[Composed, Budget]:
    budget = Budget(Prices(plan.terms, CARD), Position(0, 0, 0), bought=bought, spend=spend)
    limited, charges = limit_to(asked, plan, CARD, budget, OPEN)
    assert len(charges) == len(limited.recipients)
    assert sum(charge.units for charge in charges) == budget.units
    return limited, budget


def plan_of(amount: int | None, unit: UsageUnit, *, countries: tuple[str, ...] = (), **terms: Any) -> PlanRow:
    given = PlanTerms(PricingStrategy.TIER_WITH_OVERAGE, "USD", amount=amount, unit=unit, **terms)
    return PlanRow(UUID(int=1), "Plan", 1, PlanState.PUBLISHED, "", given, countries, Decimal(1), (), None, None)


ASKED = st.lists(st.integers(0, 11), max_size=40)


@given(ASKED, st.none() | st.integers(0, 200), UNITS)
def test_everybody_asked_for_is_on_one_side_and_the_order_is_kept(
    asked: list[int], available: int | None, unit: UsageUnit
) -> None:
    limited, _ = limited_to(composed(asked), plan_of(available, unit))
    kept, refused = [index for index, _ in limited.recipients], [refusal.index for refusal in limited.refusals]
    assert sorted([*kept, *refused]) == list(range(len(asked)))
    assert kept == sorted(kept)
    assert refused == sorted(refused)


@given(ASKED, st.integers(0, 200), UNITS)
def test_the_units_taken_are_the_sum_of_who_is_kept_and_never_more_than_there_are(
    asked: list[int], available: int, unit: UsageUnit
) -> None:
    limited, budget = limited_to(composed(asked), plan_of(available, unit))
    assert budget.units == sum(recipient.units(unit) for _, recipient in limited.recipients) <= available
    for refusal in limited.refusals:
        if refusal.code is RefusalCode.ALLOWANCE_EXHAUSTED:
            # Whoever is refused would not have fitted after those who came before.
            before = sum(recipient.units(unit) for index, recipient in limited.recipients if index < refusal.index)
            assert before + (1 if unit is UsageUnit.MESSAGES else asked[refusal.index]) > available


@given(ASKED, UNITS)
def test_without_a_limit_nobody_is_refused(asked: list[int], unit: UsageUnit) -> None:
    before = composed(asked)
    limited, budget = limited_to(before, plan_of(None, unit))
    assert limited == before
    assert budget.units == (sum(asked) if unit is UsageUnit.SEGMENTS else sum(1 for segments in asked if segments))


@given(ASKED, st.integers(0, 60))
def test_counted_in_messages_the_first_ones_get_theirs(asked: list[int], available: int) -> None:
    limited, _ = limited_to(composed(asked), plan_of(available, UsageUnit.MESSAGES))
    sendable = [index for index, segments in enumerate(asked) if segments]
    assert [index for index, _ in limited.recipients] == sendable[:available]


@given(ASKED, st.integers(0, 30), st.integers(0, 30), UNITS)
def test_credits_pay_for_what_is_over_the_allowance_and_not_for_more_than_there_is(
    asked: list[int], amount: int, bought: int, unit: UsageUnit
) -> None:
    limited, budget = limited_to(composed(asked), plan_of(amount, unit, at_limit=AtLimit.CREDITS), bought)
    assert budget.from_credits == max(0, budget.units - amount) <= bought
    codes = {refusal.code for refusal in limited.refusals}
    assert codes <= {RefusalCode.NOT_FOUND, RefusalCode.CREDITS_EXHAUSTED}


@given(ASKED, st.integers(0, 30), st.integers(0, 300), UNITS)
def test_a_spend_cap_is_never_exceeded_and_stops_nobody_who_costs_nothing(
    asked: list[int], amount: int, cents: int, unit: UsageUnit
) -> None:
    plan = plan_of(amount, unit, at_limit=AtLimit.OVERAGE, overage=Decimal("0.10"))
    limited, budget = limited_to(composed(asked), plan, spend=Decimal(cents) / 100)
    assert budget.price == Decimal("0.10") * max(0, budget.units - amount) <= Decimal(cents) / 100
    for refusal in limited.refusals:
        if refusal.code is RefusalCode.SPEND_CAP_REACHED:
            before = sum(recipient.units(unit) for index, recipient in limited.recipients if index < refusal.index)
            assert before + (1 if unit is UsageUnit.MESSAGES else asked[refusal.index]) > amount


@given(ASKED)
def test_whom_the_plan_does_not_reach_is_refused_for_that(asked: list[int]) -> None:
    limited, budget = limited_to(composed(asked), plan_of(None, UsageUnit.MESSAGES, countries=("CA",)))
    assert (limited.recipients, budget.units) == ((), 0)
    codes = [refusal.code for refusal in limited.refusals]
    assert codes.count(RefusalCode.COUNTRY_NOT_IN_PLAN) == sum(1 for segments in asked if segments)
