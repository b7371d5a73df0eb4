"""Months to rate: plans as they are sold, and what was used under them."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from portal.invoices.snapshot import HeldPlan, Snapshot, UsageRow
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import (
    AtLimit,
    MarginBracket,
    MarginKind,
    PlanPeriod,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal.usage.costing import PriceBasis

OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)
TENANT = UUID(int=7)
FREE = PlanTerms(PricingStrategy.TIER, "USD", amount=50, per=AllowancePeriod.DAY)
SILVER = PlanTerms(PricingStrategy.TIER, "USD", Decimal(49), amount=250, per=AllowancePeriod.DAY)
YEARLY = PlanTerms(PricingStrategy.TIER, "USD", Decimal(500), PlanPeriod.YEAR, amount=1000)
MEDIUM = PlanTerms(
    PricingStrategy.TIER_WITH_OVERAGE,
    "USD",
    Decimal(99),
    amount=10_000,
    unit=UsageUnit.SEGMENTS,
    at_limit=AtLimit.OVERAGE,
    overage=Decimal("0.0125"),
)
FIXED = PlanTerms(
    PricingStrategy.FIXED_MARGIN,
    "USD",
    margin_kind=MarginKind.MARGIN,
    brackets=(MarginBracket(None, Decimal("0.03")),),
)
DYNAMIC = PlanTerms(
    PricingStrategy.DYNAMIC_MARGIN,
    "USD",
    margin_kind=MarginKind.MARKUP,
    brackets=(
        MarginBracket(100, Decimal("0.05")),
        MarginBracket(1000, Decimal("0.04")),
        MarginBracket(None, Decimal("0.03")),
    ),
)
CREDITS = PlanTerms(PricingStrategy.CREDITS, "USD", unit=UsageUnit.SEGMENTS, at_limit=AtLimit.CREDITS)


def held(
    terms: PlanTerms, first: date = OCTOBER, until: date = NOVEMBER, *, name: str = "Silver", number: int = 1
) -> HeldPlan:
    """A plan that pays for these days."""
    return HeldPlan(UUID(int=number), name, 1, terms, first, until)


def used(
    plan: HeldPlan,
    band: int | None,
    count: int,
    cost: str,
    *,
    units: int | None = None,
    category: str = "sms-outbound",
    bounds: tuple[int, int | None] = (0, None),
    basis: PriceBasis = PriceBasis.FINAL,
) -> UsageRow:
    """Usage under a plan."""
    return UsageRow(plan.id, category, band, count, count if units is None else units, *bounds, basis, Decimal(cost))


def snapshot(plans: list[HeldPlan], usage: list[UsageRow], month: date = OCTOBER, **more: object) -> Snapshot:
    """The operator's snapshot of a month in USD."""
    return Snapshot(TENANT, month, "USD", tuple(plans), tuple(usage), **more)  # type: ignore[arg-type]  # fields of a snapshot, by name
