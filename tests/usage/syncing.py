"""What the tests of syncs do again and again."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import httpx2

from portal.tenants.accounts import ProviderAccounts
from portal.usage.gathering import UsageSync
from portal.usage.periods import Days
from portal.usage.syncing import UsageSyncRow, read_syncs, request_sync
from tests.product import Product, TenantUnderTest

DAY = timedelta(days=1)
Counted = dict[tuple[date, str], tuple[int, Decimal]]


def syncing(product: Product) -> UsageSync:
    """A worker's part, as in a process of its own."""
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    return UsageSync(product.database, product.gateway.usage_records, accounts, product.clock)


async def use(product: Product, tenant: TenantUnderTest, day: date, category: str, count: int, price: str) -> None:
    """Tell the simulator of usage of a day, as much in pieces as in units."""
    line = {"day": day.isoformat(), "category": category, "count": count, "usage": count, "price": price}
    await tell(product, "usage", [{"account_sid": tenant.account_sid, **line}])


async def tell(product: Product, what: str, told: Any) -> None:
    """Tell the simulator something."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(f"{product.settings.simulator_url}/simulator/{what}", json=told)
    assert answer.is_success, answer.text


async def ask(product: Product, tenant_id: UUID, first: date, until: date) -> UUID:
    """Ask for a sync as the portal's own parts do; its key."""
    async with product.database.for_tenant(tenant_id) as tx:
        return await request_sync(tx, tenant_id, Days(first, until), now=product.clock.now())


async def sync(product: Product, tenant: TenantUnderTest, first: date, until: date) -> None:
    """Read these days now, a second after what was asked for before."""
    product.clock.advance(timedelta(seconds=1))
    await ask(product, tenant.id, first, until)
    await syncing(product).work_due()


async def syncs(product: Product, tenant_id: UUID) -> list[UsageSyncRow]:
    """A tenant's syncs, the newest first."""
    async with product.database.for_tenant(tenant_id, read_only=True) as tx:
        return (await read_syncs(tx, [tenant_id]))[tenant_id]


async def kept(product: Product, tenant_id: UUID) -> Counted:
    """What is kept of the provider's count by day and category: how often, and at what price."""
    async with product.database.for_tenant(tenant_id, read_only=True) as tx:
        rows = await tx.rows("SELECT day, category, count, price FROM usage_record WHERE tenant_id = $1", tenant_id)
    return {(row["day"], row["category"]): (int(row["count"]), row["price"]) for row in rows}
