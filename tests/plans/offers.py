"""Plans to test with: one of each strategy, as the operator would publish them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.database import DatabaseRole
from portal.plans.catalogue import publish_plan
from portal.plans.checking import PlanContent
from portal.plans.periods import AllowancePeriod
from portal.pricing.terms import (
    CreditPack,
    MarginBracket,
    MarginKind,
    PlanTerms,
    PricingStrategy,
    UsageUnit,
)
from tests.factories import FAST
from tests.product import Product

SMALL = PlanContent(
    "Small", "", PlanTerms(PricingStrategy.TIER, "USD", fee=Decimal("49.99"), amount=100, per=AllowancePeriod.MONTH)
)
SMALL_WITH_OVERAGE = PlanContent(
    "Small with overage",
    "",
    replace(SMALL.terms, strategy=PricingStrategy.TIER_WITH_OVERAGE, overage=Decimal("0.50")),
    countries=("US", "CA"),
    features=("Answers by e-mail",),
)
FIXED = PlanContent(
    "Fixed margin",
    "",
    PlanTerms(
        PricingStrategy.FIXED_MARGIN,
        "USD",
        margin_kind=MarginKind.MARGIN,
        brackets=(MarginBracket(None, Decimal("0.03")),),
    ),
)
DYNAMIC = PlanContent(
    "Dynamic margin",
    "",
    PlanTerms(
        PricingStrategy.DYNAMIC_MARGIN,
        "USD",
        margin_kind=MarginKind.MARGIN,
        brackets=(
            MarginBracket(100, Decimal("0.05")),
            MarginBracket(300, Decimal("0.03")),
            MarginBracket(None, Decimal("0.02")),
        ),
    ),
)
CREDITS = PlanContent(
    "Credits",
    "",
    PlanTerms(
        PricingStrategy.CREDITS,
        "USD",
        unit=UsageUnit.SEGMENTS,
        packs=(CreditPack(100, 500, Decimal(10)), CreditPack(200, 1500, Decimal(15), 365)),
    ),
)
ALL = (SMALL, SMALL_WITH_OVERAGE, FIXED, DYNAMIC, CREDITS)
GIVEN: dict[str, Any] = {
    "name": "Small",
    "strategy": "TIER",
    "currency": "USD",
    "fee": "49.99",
    "allowance": {"amount": 100, "unit": "MESSAGES", "per": "MONTH"},
}
"""SMALL as a client gives it."""


async def publish(product: Product, content: PlanContent = SMALL, **changes: Any) -> UUID:
    """The id of a new version on sale."""
    published = replace(content, **{"throughput": FAST} | changes)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        return (await publish_plan(tx, published, "Otto", now=product.clock.now())).id


async def publish_all(product: Product) -> None:
    """One plan of each strategy on sale, unless they are."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        there = {row["name"] for row in await tx.rows("SELECT name FROM plan WHERE state = 'PUBLISHED'")}
    for content in ALL:
        if content.name not in there:
            await publish(product, content)
