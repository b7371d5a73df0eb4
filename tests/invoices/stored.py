"""Invoices as they stand in the database, for tests that only read them."""

from datetime import date
from decimal import Decimal
from uuid import UUID

import orjson

from portal.actor import Actor, ActorKind
from portal.audit.entries import Origin
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.global_ids import global_id
from portal.invoices.issuing import CreditNoteWish, issue, issue_credit_note, mark_paid, void
from portal.invoices.lines import InvoiceLine
from portal.invoices.runs import start_run
from portal.money.money import Money
from portal.pricing.strategies import Step
from portal.usage.costing import PriceBasis
from tests.product import Product

ORIGIN = Origin(Actor(ActorKind.ISV_OPERATOR, UUID(int=1), "Olive"), "a request")
OCTOBER = date(2026, 10, 1)


async def add_draft(product: Product, tenant_id: UUID, month: date = OCTOBER, *, total: str = "49") -> UUID:
    """The key of a draft with one line."""
    steps = (Step("Fee of a month", "$49.00"),)
    line = InvoiceLine("fee", "Silver", Decimal(1), "month", Decimal(total), PriceBasis.FINAL, steps)
    invoice_id, now = new_id(product.clock.now()), product.clock.now()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO invoice (tenant_id, id, month, state, currency, total, lines, snapshot, digest, held_for, "
            "generated_at) VALUES ($1, $2, $3, 'DRAFT', 'USD', $4, $5, '{}', '', 'DISCREPANCY', $6)",
            *(tenant_id, invoice_id, month, Decimal(total), orjson.dumps([line.written()]).decode(), now),
        )
        cost = orjson.dumps([{"key": "fee", "cost": "7", "steps": [["Cost", "$7.00"]]}]).decode()
        await tx.execute(
            "INSERT INTO invoice_cost (tenant_id, id, cost, currency, lines, snapshot, digest) "
            "VALUES ($1, $2, 7, 'USD', $3, '{}', '')",
            *(tenant_id, invoice_id, cost),
        )
    return invoice_id


async def add_invoice(product: Product, tenant_id: UUID, month: date = OCTOBER, *, total: str = "49") -> str:
    """The id of an issued invoice with one line."""
    invoice_id = await add_draft(product, tenant_id, month, total=total)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await issue(tx, invoice_id, ORIGIN, now=product.clock.now())
    return global_id("Invoice", invoice_id)


async def add_one_of_each(product: Product, tenant_id: UUID) -> str:
    """The id of a paid invoice with a credit note; beside it there is a void one and a draft."""
    now = product.clock.now()
    paid, voided = [await add_draft(product, tenant_id, date(2026, month, 1)) for month in (8, 9)]
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        for invoice_id in (paid, voided):
            await issue(tx, invoice_id, ORIGIN, now=now)
        await void(tx, voided, "It was wrong.", ORIGIN, now=now)
    await mark_paid(product.database, paid, "bank 1", ORIGIN, now=now)
    wish = CreditNoteWish(paid, Money(Decimal("1.50"), "USD"), "A gesture", f"{paid}")
    await issue_credit_note(product.database, wish, ORIGIN, now=now)
    await add_draft(product, tenant_id)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await start_run(tx, OCTOBER, now=now)
    return global_id("Invoice", paid)
