"""Tenants' past months, charged day by day as messages settle, without a database."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from portal.plans.charging import Prices, Settling, settle
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanRow, PlanState, TenantPlanRow
from portal.pricing.terms import (
    AtLimit,
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from portal.rates.cards import RateCard
from portal.rerating.months import Records
from portal.usage.rating import Charge, DayUsage, Record, Rollup

CARD = RateCard(None, 1, "USD", {("sms-outbound", ""): Decimal("0.0079")}, {"EUR": Decimal("0.90")})
TENANT = UUID(int=1)
Days = Mapping[date, Sequence[int]]
"""The messages of each day: how many segments each has."""


def tier(
    fee: str, amount: int | None, overage: str | None = None, per: AllowancePeriod = AllowancePeriod.MONTH
) -> PlanTerms:
    """A tier, with overage or without."""
    if overage is None:
        return PlanTerms(PricingStrategy.TIER, "USD", Decimal(fee), amount=amount, per=per)
    return PlanTerms(
        PricingStrategy.TIER_WITH_OVERAGE,
        "USD",
        Decimal(fee),
        amount=amount,
        per=per,
        at_limit=AtLimit.OVERAGE,
        overage=Decimal(overage),
    )


SMALL, MEDIUM, LARGE = tier("49.99", 100, "0.50"), tier("59.99", 200, "0.30"), tier("65.99", 300, "0.10")
SMALL_THAT_STOPS = tier("49.99", 100)
BRONZE, SILVER = (tier(fee, amount, per=AllowancePeriod.DAY) for fee, amount in (("19", 50), ("49", 250)))
FIXED = PlanTerms(
    PricingStrategy.FIXED_MARGIN,
    "USD",
    margin_kind=MarginKind.MARGIN,
    brackets=(MarginBracket(None, Decimal("0.03")),),
    other_ratio=Decimal("0.03"),
)
DYNAMIC = PlanTerms(
    PricingStrategy.DYNAMIC_MARGIN,
    "USD",
    margin_kind=MarginKind.MARGIN,
    brackets=(
        MarginBracket(100, Decimal("0.05")),
        MarginBracket(300, Decimal("0.03")),
        MarginBracket(None, Decimal("0.02")),
    ),
    other_ratio=Decimal("0.05"),
)
PACKS = (CreditPack(100, 500, Decimal(10)), CreditPack(200, 1500, Decimal(15), 365))
CREDITS = PlanTerms(PricingStrategy.CREDITS, "USD", unit=UsageUnit.SEGMENTS, at_limit=AtLimit.CREDITS, packs=PACKS)


def plan(terms: PlanTerms, name: str = "Small", number: int = 1, **other: object) -> PlanRow:
    """A version on sale."""
    content = {"countries": (), "throughput": Decimal(1), "features": (), "published_at": None, "retired_at": None}
    return PlanRow(UUID(int=number), name, 1, PlanState.PUBLISHED, "", terms, **(content | other))  # type: ignore[arg-type]  # each is of its field by its name


def records(terms: PlanTerms, days: Days, since: date = date(2026, 1, 1), *, number: int = 1) -> Records:
    """A tenant that holds a plan since then, charged for these days; a segment costs $0.0079."""
    held = TenantPlanRow(TENANT, UUID(int=number), plan(terms), _instant(since), None)
    prices, used, found = Prices(terms, CARD), 0, {}
    before: date | None = None
    for day in sorted(days):
        if before is None or _period(terms, day) != _period(terms, before):
            used = 0
        before, messages = day, days[day]
        counted = [1 if terms.unit is UsageUnit.MESSAGES else long for long in messages]
        settling = [
            Settling(UUID(int=place), units, long * Decimal("0.0079"))
            for place, (units, long) in enumerate(zip(counted, messages, strict=True))
        ]
        bands = settle(prices, used, settling).bands.values()
        used += sum(counted)
        found[day] = DayUsage(
            rollups={"sms-outbound": Rollup(len(messages), sum(messages), sum(messages) * Decimal("0.0079"))},
            charges={"sms-outbound": [Charge(held.id, band.band, band.count, band.units, band.cost) for band in bands]},
        )
    return Records(TENANT, [held], found, {})


def billed_by_provider(usage: DayUsage, day: date, prices: Mapping[str, str]) -> None:
    """Let the provider tell its final prices of a day, by category."""
    as_of = _instant(day + timedelta(days=2))
    for category, price in prices.items():
        usage.records[category] = Record(Decimal(1), Decimal(1), as_of, Decimal(price))


def spread(total: int, month: date, days: int = 10) -> dict[date, list[int]]:
    """So many messages of one segment each, spread over the first days of a month."""
    return {month + timedelta(days=day): [1] * (total // days + (day < total % days)) for day in range(days)}


def _period(terms: PlanTerms, day: date) -> date:
    return day if terms.per is AllowancePeriod.DAY else day.replace(day=1)


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
