"""Tenants of the served product with a plan since New Year's Day 2026, and what they used."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from uuid import UUID

from portal.pricing.terms import PlanTerms
from tests.factories import make_tenant
from tests.invoices.stored_usage import at, charge, hold, make_plan
from tests.plans.changes import turn_to
from tests.product import Product
from tests.turnable_clock import TurnableClock

TODAY = at("2027-04-10T12:00")
JANUARY, FEBRUARY, MARCH, APRIL = (date(2027, month, 1) for month in (1, 2, 3, 4))


async def stage(product: Product) -> None:
    """Turn the clock to April 2027: the last three months have 31, 28 and 31 days."""
    await turn_to(product, TODAY)


async def make_customer(
    product: Product,
    name: str,
    terms: PlanTerms,
    used: Mapping[date, int] | None = None,
    *,
    since: str = "2026-01-01",
) -> UUID:
    """A tenant with a plan of its own; messages of one segment, by day, within the allowance or over it."""
    tenant_id = await make_tenant(product.database, TurnableClock(at(since)), name=f"Tenant with {name}")
    holding = await hold(product.database, tenant_id, await make_plan(product.database, name, terms), since)
    inside = terms.amount
    for day, messages in (used or {}).items():
        over = 0 if inside is None or terms.overage is None else max(0, messages - inside)
        for band, count in enumerate((messages - over, over)):
            if count:
                cost = str(count * Decimal("0.0079"))
                await charge(product.database, tenant_id, holding, day, count=count, cost=cost, band=band)
    return tenant_id


def on_the_third(messages: int) -> dict[date, int]:
    """So many on the third day of each of the three months."""
    return {month.replace(day=3): messages for month in (JANUARY, FEBRUARY, MARCH)}
