"""The files of an invoice: who gets them, and that the same invoice gives the same bytes."""

import csv
import io
from datetime import timedelta

import httpx2
import orjson
import pytest

from auth.permissions import Permission, StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.invoices.bill import verify
from tests.invoices.customers import make_customer
from tests.product import Caller, Product


async def get(url: str, caller: Caller | None, **headers: str) -> httpx2.Response:
    """What an address answers to somebody."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        return await http.get(url, headers=(caller.headers if caller else {}) | headers)


async def test_a_member_and_a_machine_get_pdf_csv_and_a_bill_that_agrees(product: Product) -> None:
    customer = await make_customer(product)
    owner = await product.member(customer.tenant.id, TenantRole.BILLING_MANAGER)
    for caller in (owner, customer.tenant.machine):
        pdf = await get(customer.pdf, caller)
        assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
        assert pdf.headers["content-disposition"] == 'attachment; filename="INV-000001.pdf"'
        assert pdf.headers["cache-control"] == "no-store"
        assert pdf.content.startswith(b"%PDF-1.7")
        rows = list(csv.DictReader(io.StringIO((await get(customer.csv, caller)).text)))
        assert [(row["description"], row["quantity"], row["amount"]) for row in rows] == [
            ("Falcon Flights, fee", "31", "99.00"),
            ("Text messages sent, over the allowance", "300", "3.75"),
            ("Total", "", "102.75"),
        ]
        bill = (await get(customer.bill, caller)).content
        verdict = verify(bill)
        assert (verdict.number, verdict.total, verdict.differences) == ("INV-000001", "USD 102.75", ())
        assert b"2.37" not in bill  # what it cost the ISV


async def test_the_operator_s_bill_has_the_cost_of_each_line_and_agrees_too(product: Product) -> None:
    customer = await make_customer(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    bill = (await get(customer.bill, operator)).content
    assert verify(bill).differences == ()
    assert [line["operator"]["cost"] for line in orjson.loads(bill)["lines"]] == ["0", "2.37"]


async def test_the_same_invoice_gives_the_same_bytes_whenever_it_is_asked_for(product: Product) -> None:
    customer = await make_customer(product)
    before = [await get(url, customer.tenant.machine) for url in (customer.pdf, customer.csv, customer.bill)]
    product.clock.advance(timedelta(seconds=30))
    after = [await get(url, customer.tenant.machine) for url in (customer.pdf, customer.csv, customer.bill)]
    assert [one.content for one in before] == [one.content for one in after]


async def test_who_may_not_see_an_invoice_gets_none_of_its_files(product: Product) -> None:
    customer, other = await make_customer(product), await product.tenant("Quiet Quails")
    developer = await product.member(customer.tenant.id, TenantRole.DEVELOPER)
    narrow = await product.machine(customer.tenant.id, [Permission.USAGE_READ])
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    for url in (customer.pdf, customer.csv, customer.bill):
        for caller in (developer, narrow, support):
            assert (await get(url, caller)).status_code == 403
        assert (await get(url, None, **{"Sec-Fetch-Site": "none"})).status_code == 401
        assert (await get(url, Caller("", {"Authorization": "Bearer x"}))).status_code == 401
        foreign, absent = await get(url, other.machine), await get(url.replace("SW52", "SW53"), other.machine)
        assert (
            (foreign.status_code, foreign.text)
            == (absent.status_code, absent.text)
            == (404, "There is no such invoice.\n")
        )
        for site in ("cross-site", "same-site"):
            owner = await product.member(customer.tenant.id, TenantRole.ADMINISTRATOR)
            assert (await get(url, owner, **{"Sec-Fetch-Site": site})).status_code == 403
    assert (await get(f"{customer.pdf[:-3]}exe", customer.tenant.machine)).status_code == 404


NAMES = [
    "株式会社ファルコン",
    "صقر",
    "Falke & Söhne <b>",
    "#strong[x] $x$ \\ @cite",
    "🦅 Ltd",
    "=HYPERLINK(1)",
    "x" * 200,
]


@pytest.mark.parametrize("name", NAMES)
async def test_a_tenant_may_be_called_anything(name: str, product: Product) -> None:
    customer = await make_customer(product)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET name = $1", name)
    pdf = await get(customer.pdf, customer.tenant.machine)
    assert pdf.status_code == 200
    assert pdf.content.startswith(b"%PDF-1.7")
