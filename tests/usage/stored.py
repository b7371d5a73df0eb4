"""Usage as it is stored, for tests that look at it from outside."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from portal.clock import new_id
from portal.database import DatabaseRole
from tests.product import Product


async def add_plan(product: Product, name: str, **columns: Any) -> UUID:
    """A published plan with a monthly allowance of no limit, but for these columns; one that is there stays."""
    now = product.clock.now()
    row = {
        "id": new_id(now),
        "name": name,
        "version": 1,
        "state": "PUBLISHED",
        "allowance_unit": "MESSAGES",
        "allowance_per": "MONTH",
        "at_limit": "OVERAGE",
        "created_at": now,
        "published_at": now,
        **columns,
    }
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            f"INSERT INTO plan ({', '.join(row)}) VALUES ({places}) ON CONFLICT (name, version) DO NOTHING",  # noqa: S608  names of columns
            *row.values(),
        )
        found: UUID = await tx.value("SELECT id FROM plan WHERE name = $1", name)
    return found


async def hold_before(product: Product, tenant_id: UUID, plan_id: UUID, days: int) -> UUID:
    """Have the tenant held this plan for so many days before the one that it has now; the holding's id."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        since = await tx.value("SELECT min(since) FROM tenant_plan WHERE tenant_id = $1", tenant_id)
        holding = new_id(product.clock.now())
        await tx.execute(
            "INSERT INTO tenant_plan (tenant_id, id, plan_id, since, until) VALUES ($1, $2, $3, $4, $5)",
            *(tenant_id, holding, plan_id, since - timedelta(days=days), since),
        )
    return holding


async def add_charge(
    product: Product, tenant_id: UUID, day: date, holding: UUID, count: int, cost: str, **columns: Any
) -> None:
    """So many messages of one segment that settled on a day, as the ledger writes them down."""
    row = {"category": "sms-outbound", "band": 0, "units": count, **columns}
    now = product.clock.now()
    async with product.database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO charge_day (tenant_id, day, tenant_plan_id, category, band, count, units, cost, updated_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            *(tenant_id, day, holding, row["category"], row["band"], count, row["units"], Decimal(cost), now),
        )
        await tx.execute(
            "INSERT INTO usage_day (tenant_id, day, category, count, usage, cost, updated_at) "
            "VALUES ($1, $2, $3, $4, $4, $5, $6) ON CONFLICT (tenant_id, day, category) DO UPDATE SET "
            "count = usage_day.count + excluded.count, usage = usage_day.usage + excluded.usage, "
            "cost = usage_day.cost + excluded.cost",
            *(tenant_id, day, row["category"], count, Decimal(cost), now),
        )


async def add_record(
    product: Product, tenant_id: UUID, day: date, category: str, count: int, price: str, *, days_later: int = 1
) -> None:
    """The provider's count of a category on a day, as of so many days later at one o'clock."""
    now = product.clock.now()
    as_of = now.replace(year=day.year, month=day.month, day=day.day, hour=1) + timedelta(days=days_later)
    async with product.database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO usage_record (tenant_id, day, category, count, count_unit, usage, usage_unit, price, "
            "price_unit, as_of, synced_at) VALUES ($1, $2, $3, $4, 'pieces', $4, 'pieces', $5, 'USD', $6, $7) "
            "ON CONFLICT (tenant_id, day, category) DO UPDATE SET count = excluded.count, usage = excluded.usage, "
            "price = excluded.price, as_of = excluded.as_of",
            *(tenant_id, day, category, Decimal(count), Decimal(price), as_of, now),
        )


async def add_priced_usage(product: Product, tenant_id: UUID) -> None:
    """A message of today and one of last month over the allowance of a plan that was held before: they have a price."""
    plan = await add_plan(
        product, "with overage", strategy="TIER_WITH_OVERAGE", allowance_amount=1, overage=Decimal("0.01")
    )
    holding = await hold_before(product, tenant_id, plan, 40)
    day = product.clock.now().date()
    for each in (day, day.replace(day=1) - timedelta(days=1)):
        await add_charge(product, tenant_id, each, holding, 1, "0.0079", band=1)
    await add_record(product, tenant_id, day, "lookups", 1, "0.01", days_later=0)
