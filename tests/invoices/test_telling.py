"""Telling of issued invoices: by mail those who may see them, by an event the systems that ask for it, each once."""

import orjson
import pytest

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.invoices.telling import InvoiceTelling
from portal.mail.queue import MailQueue
from tests.invoices.customers import Customer, make_customer
from tests.invoices.stored import add_draft
from tests.mailbox import mails
from tests.product import Caller, Product
from tests.schema.rows import add_endpoint

ISSUE = "mutation ($id: ID!) { invoiceIssue(id: $id) { invoice { number } errors { code } } }"


@pytest.fixture
def telling(product: Product) -> InvoiceTelling:
    return InvoiceTelling(product.database, MailQueue(product.box), product.url, product.clock)


async def _addresses(product: Product, customer: Customer) -> dict[str, str]:
    """The e-mail address of a new member in each role."""
    found = {}
    for role in TenantRole:
        email = f"{role.value.lower()}@example.com"
        await product.person(email, customer.tenant.id, role)
        found[role.value] = email
    return found


async def events(product: Product, customer: Customer) -> list[dict[str, object]]:
    """The data of the events that were written."""
    async with product.database.for_tenant(customer.tenant.id) as tx:
        sql = "SELECT data FROM webhook_event WHERE tenant_id = $1 AND type = 'INVOICE_ISSUED' ORDER BY id"
        return [orjson.loads(row["data"]) for row in await tx.rows(sql, customer.tenant.id)]


async def test_an_issued_invoice_is_mailed_once_to_those_who_may_see_it(
    product: Product, telling: InvoiceTelling
) -> None:
    customer = await make_customer(product)
    await _addresses(product, customer)
    assert await telling.tell_due() == 1
    assert await telling.tell_due() == 0
    sent = await mails(product.database, product.box)
    assert [one.to for one in sent] == [
        "administrator@example.com",
        "billing_manager@example.com",
        "owner@example.com",
    ]
    assert {one.subject for one in sent} == {"Falcon Flights: invoice INV-000001"}
    assert "comes to $102.75. It is to be paid until 15 November 2026." in sent[0].text
    assert f"\n{product.url}/billing/invoices\n" in sent[0].text


async def test_an_endpoint_that_asks_for_it_hears_of_it_while_who_set_it_up_may_see_invoices(
    product: Product, telling: InvoiceTelling
) -> None:
    customer = await make_customer(product)
    administrator = await product.member(customer.tenant.id, TenantRole.ADMINISTRATOR)
    await add_endpoint(administrator, events=["INVOICE_ISSUED"])
    await telling.tell_due()
    assert await events(product, customer) == [
        {
            "invoiceId": customer.invoice,
            "number": "INV-000001",
            "month": "2026-10",
            "total": {"amount": "102.75", "currency": "USD"},
            "dueOn": "2026-11-15",
        }
    ]


async def test_a_draft_is_told_to_nobody_until_the_operator_issues_it(
    product: Product, telling: InvoiceTelling
) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    key = await add_draft(product, tenant.id)
    assert await telling.tell_due() == 0
    assert (await owner.run("{ invoices { nodes { id } } }"))["invoices"]["nodes"] == []
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    held = "{ invoicesHeld { nodes { heldFor invoice { id number state } tenant { name } } } }"
    (draft,) = (await operator.run(held))["invoicesHeld"]["nodes"]
    assert draft["tenant"]["name"] == "Falcon Flights"
    assert (draft["heldFor"], draft["invoice"]["number"]) == ("DISCREPANCY", None)
    given = draft["invoice"]["id"]
    assert await _invoice(owner, given) is None
    for _ in range(2):
        done = (await operator.run(ISSUE, id=given))["invoiceIssue"]
        assert done == {"invoice": {"number": "INV-000001"}, "errors": []}
    assert await telling.tell_due() == 1
    assert (await _invoice(owner, given)) == {"number": "INV-000001"}
    assert [one.to for one in await mails(product.database, product.box)] != []
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        assert await tx.value("SELECT told_at FROM invoice WHERE id = $1", key) == product.clock.now()


async def _invoice(caller: Caller, given: str) -> object:
    text = "query ($id: ID!) { invoice(id: $id) { number } }"
    return (await caller.run(text, id=given))["invoice"]
