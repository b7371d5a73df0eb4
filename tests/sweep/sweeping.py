"""What the tests of the sweep do again and again."""

from datetime import datetime
from uuid import UUID

from portal.database import Database
from portal.sweep.sweeper import Sweeper
from portal.tenants.accounts import ProviderAccounts
from tests.messages.traffic import add_contacts, at_the_provider, deaf_dispatcher, messages, send
from tests.product import Product, TenantUnderTest
from tests.waiting import until

_FINAL = {"delivered", "undelivered", "failed", "canceled"}


def sweeper(product: Product, database: Database | None = None) -> Sweeper:
    """A sweeper on the product's database, or on another pool to it."""
    pool = database or product.database
    accounts = ProviderAccounts(pool, product.box, product.clock)
    return Sweeper(pool, product.gateway.messages, product.gateway.inbound_log, accounts, product.clock)


async def unheard(product: Product, tenant: TenantUnderTest, numbers: list[str]) -> None:
    """Messages that are handed over and never called back about, and that are final at the provider."""
    await send(tenant.machine, await add_contacts(product, tenant, numbers))
    dispatcher = deaf_dispatcher(product)
    while await dispatcher.run_once():
        pass
    await final_at_the_provider(product, tenant)


async def final_at_the_provider(product: Product, tenant: TenantUnderTest) -> None:
    """Wait until nothing more happens at the provider."""

    async def final() -> bool:
        return {one["status"] for one in await at_the_provider(product, tenant)} <= _FINAL

    await until(final)


async def asked(product: Product, tenant: TenantUnderTest) -> list[tuple[int, datetime | None]]:
    """How often each of the tenant's messages was asked about, and when it will be again."""
    return [(row["asked"], row["ask_at"]) for row in await messages(product, tenant)]


async def last_sweep(product: Product, tenant_id: UUID) -> tuple[datetime, int, int]:
    """When a tenant was swept last, and how many messages that repaired and received."""
    async with product.database.for_tenant(tenant_id, read_only=True) as tx:
        row = await tx.row("SELECT swept_at, repaired, received FROM sweep WHERE tenant_id = $1", tenant_id)
    assert row is not None
    return row["swept_at"], row["repaired"], row["received"]
