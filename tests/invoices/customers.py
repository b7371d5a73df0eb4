"""Tenants with an issued invoice for October 2026, for tests of what becomes of it."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from portal.clock import new_id
from portal.database import DatabaseRole
from portal.global_ids import global_id
from portal.invoices.making import make_invoices
from tests.invoices.months import MEDIUM
from tests.invoices.stored_usage import at, charge, hold, make_plan
from tests.product import Product, TenantUnderTest

OCTOBER = date(2026, 10, 1)
INVOICE = "{ invoices { nodes { id number state total { amount } amountDue { amount } pdfUrl csvUrl billUrl } } }"


@dataclass(frozen=True, slots=True)
class Customer:
    """A tenant and its invoice: $99.00 for the month, and 300 segments over the allowance at $0.0125."""

    tenant: TenantUnderTest
    invoice: str  # its id
    number: str
    pdf: str  # addresses
    csv: str
    bill: str


async def add_lot(product: Product, tenant_id: UUID, purchased_at: str) -> str:
    """The id of a lot of credits for $10, which waits for its payment."""
    lot_id = new_id(at(purchased_at))
    async with product.database.for_tenant(tenant_id) as tx:
        plan = await tx.value("SELECT plan_id FROM tenant_plan WHERE tenant_id = $1", tenant_id)
        await tx.execute(
            "INSERT INTO credit_lot (tenant_id, id, plan_id, credits, units, unit, price, currency, bought_by_kind, "
            "bought_by_name, purchased_at) VALUES ($1, $2, $3, 100, 500, 'MESSAGES', 10, 'USD', 'MEMBER', 'Olga', $4)",
            *(tenant_id, lot_id, plan, at(purchased_at)),
        )
    return global_id("CreditLot", lot_id)


async def make_customer(product: Product, name: str = "Falcon Flights", *, bought_at: str | None = None) -> Customer:
    """A new one; with `bought_at` it bought credits then."""
    tenant = await product.tenant(name)
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute("DELETE FROM tenant_plan WHERE tenant_id = $1", tenant.id)
    holding = await hold(product.database, tenant.id, await make_plan(product.database, name, MEDIUM), "2026-09-01")
    await charge(product.database, tenant.id, holding, date(2026, 10, 12), count=300, cost="2.37", band=1)
    if bought_at is not None:
        await add_lot(product, tenant.id, bought_at)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await make_invoices(tx, tenant.id, OCTOBER, now=at("2026-11-01T00:05"))
    (found,) = (await tenant.machine.run(INVOICE))["invoices"]["nodes"]
    addresses = (found["pdfUrl"], found["csvUrl"], found["billUrl"])
    return Customer(tenant, found["id"], found["number"], *addresses)
