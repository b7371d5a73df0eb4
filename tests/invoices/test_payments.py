"""Payments: by the operator's hand, and by what the ISV's own billing signs; each is taken once."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx2
import orjson
import pytest
from standardwebhooks import Webhook

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.global_ids import global_id
from tests.invoices.customers import INVOICE, Customer, add_lot, make_customer
from tests.product import Caller, Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock

SECRET = "whsec_" + "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="
MARK_PAID = """mutation ($id: ID!, $reference: String!) {
  invoiceMarkPaid(id: $id, reference: $reference) {
    invoice { state paidAt amountDue { amount } } errors { code path message }
  }
}"""
VOID = """mutation ($id: ID!, $reason: String!) {
  invoiceVoid(id: $id, reason: $reason) { invoice { state number } errors { code path message } }
}"""
CREDIT = """mutation ($input: CreditNoteIssueInput!) {
  creditNoteIssue(input: $input) {
    invoice { amountDue { amount } creditNotes { number amount { amount } reason } } errors { code path message }
  }
}"""
ISSUE = "mutation ($id: ID!) { invoiceIssue(id: $id) { invoice { number state } errors { code path message } } }"


@pytest.fixture
async def billed(address: DatabaseAddress, clock: TurnableClock, simulator: str) -> AsyncIterator[Product]:
    """The product, which takes payments."""
    async with serve_product(address, clock, simulator, billing_webhook_secret=SECRET) as served:
        yield served


def paid(customer: Customer, **other: Any) -> dict[str, Any]:
    """What is told of an invoice that is paid."""
    told = {
        "number": customer.number,
        "amount": "102.75",
        "currency": "USD",
        "reference": "bank 7",
        "paidAt": "2026-11-09T10:00:00Z",
    }
    return {"type": "invoice.paid", "data": told | other}


async def tell(
    product: Product, event: object, *, id: str = "evt_1", secret: str = SECRET, late: timedelta = timedelta(0)
) -> httpx2.Response:
    """What the portal answers to a signed event."""
    body, sent = orjson.dumps(event).decode(), product.clock.now() - late
    headers = {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": str(int(sent.timestamp())),
        "webhook-signature": Webhook(secret).sign(id, sent, body),
    }
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        return await http.post(f"{product.url}/webhooks/billing", content=body, headers=headers)


async def state(customer: Customer) -> tuple[str, str]:
    """The invoice's state, and what is due."""
    (found,) = (await customer.tenant.machine.run(INVOICE))["invoices"]["nodes"]
    return found["state"], found["amountDue"]["amount"]


async def payments(product: Product) -> int:
    """How many payments were taken."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        return int(await tx.value("SELECT count(*) FROM payment"))


async def test_a_signed_payment_pays_an_invoice_once_however_often_it_is_told(billed: Product) -> None:
    customer = await make_customer(billed)
    for _ in range(3):
        assert (await tell(billed, paid(customer))).status_code == 204
    assert await state(customer) == ("PAID", "0.00")
    assert await payments(billed) == 1
    other = await tell(billed, paid(customer, reference="bank 8"))
    assert (other.status_code, other.text) == (409, "Another payment was told of with this webhook-id.\n")
    again = await tell(billed, paid(customer), id="evt_2")
    assert (again.status_code, again.text) == (409, "The invoice is paid already.\n")
    assert await payments(billed) == 1


@pytest.mark.parametrize(
    ("other", "status", "said"),
    [
        ({"amount": "102.74"}, 422, "$102.75 (USD) is due, and $102.74 (USD) was told of.\n"),
        ({"currency": "EUR"}, 422, "$102.75 (USD) is due, and €102.75 (EUR) was told of.\n"),
        ({"number": "INV-999999"}, 404, "There is no invoice of this number.\n"),
        ({"amount": "-1"}, 400, "invoice.paid.data.amount: String should match pattern"),
        ({"amount": "1e400"}, 400, "invoice.paid.data.amount: String should match pattern"),
        ({"amount": 102.75}, 400, "invoice.paid.data.amount: Input should be a valid string\n"),
        ({"paidAt": "2026-11-31"}, 400, "invoice.paid.data.paidAt: "),
        ({"reference": ""}, 400, "invoice.paid.data.reference: String should have at least 1 character\n"),
        ({"reference": "a\nb"}, 400, "invoice.paid.data.reference: "),
    ],
)
async def test_a_payment_that_does_not_fit_is_refused_and_changes_nothing(
    other: dict[str, Any], status: int, said: str, billed: Product
) -> None:
    customer = await make_customer(billed)
    answer = await tell(billed, paid(customer, **other))
    assert answer.status_code == status
    assert answer.text.startswith(said)
    assert await state(customer) == ("ISSUED", "102.75")
    assert await payments(billed) == 0


async def test_who_does_not_sign_with_the_secret_just_now_is_refused(billed: Product) -> None:
    customer = await make_customer(billed)
    event = paid(customer)
    for forged in (
        {"secret": "whsec_" + "YQ" * 16},
        {"late": timedelta(minutes=6)},
        {"late": timedelta(minutes=-6)},
        {"id": ""},
        {"id": "x" * 300},
    ):
        assert (await tell(billed, event, **forged)).status_code == 401, forged
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        url = f"{billed.url}/webhooks/billing"
        assert (await http.post(url, json=event)).status_code == 401
        assert (
            await http.post(url, json=event, headers={"webhook-timestamp": "1e9", "webhook-id": "x"})
        ).status_code == 401
        assert (await http.post(url, content=b"{}")).status_code == 415
        large = await http.post(url, content=b"x" * 100_000, headers={"content-type": "application/json"})
        assert large.status_code == 413
    assert (await tell(billed, {"type": "invoice.lost", "data": {}})).status_code == 400
    assert (await tell(billed, [])).status_code == 400
    assert await state(customer) == ("ISSUED", "102.75")
    assert await payments(billed) == 0


async def test_without_a_secret_there_is_no_door(product: Product) -> None:
    customer = await make_customer(product)
    assert (await tell(product, paid(customer))).status_code == 404
    assert await state(customer) == ("ISSUED", "102.75")


async def usable(product: Product) -> list[tuple[bool, bool]]:
    """Of each lot whether it is usable, and whether it is paid."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        rows = await tx.rows("SELECT usable_at, paid_at FROM credit_lot ORDER BY purchased_at")
    return [(row["usable_at"] is not None, row["paid_at"] is not None) for row in rows]


async def test_credits_are_usable_once_their_own_payment_is_told_of(billed: Product) -> None:
    customer = await make_customer(billed)
    lot = await add_lot(billed, customer.tenant.id, "2026-11-03T12:00")
    told = {"lotId": lot, "amount": "10.00", "currency": "USD", "reference": "card 1", "paidAt": "2026-11-03T12:01:00Z"}
    wrong = await tell(billed, {"type": "credits.paid", "data": told | {"amount": "9.99"}})
    assert (wrong.status_code, await usable(billed)) == (422, [(False, False)])
    unknown = await tell(billed, {"type": "credits.paid", "data": told | {"lotId": customer.invoice}})
    assert (unknown.status_code, unknown.text) == (404, "There is no lot of credits of this id.\n")
    for _ in range(2):
        assert (await tell(billed, {"type": "credits.paid", "data": told})).status_code == 204
    assert await usable(billed) == [(True, True)]
    assert await payments(billed) == 1


async def test_who_pays_an_invoice_pays_the_credits_on_it(billed: Product) -> None:
    customer = await make_customer(billed, bought_at="2026-10-03T12:00")
    await add_lot(billed, customer.tenant.id, "2026-11-03T12:00")  # which the next one bills
    assert (await tell(billed, paid(customer, amount="112.75"))).status_code == 204
    assert await usable(billed) == [(True, True), (False, False)]


async def test_credits_that_were_paid_apart_stand_on_the_invoice_and_are_not_due_again(billed: Product) -> None:
    customer = await make_customer(billed, bought_at="2026-10-03T12:00")
    assert await state(customer) == ("ISSUED", "112.75")
    async with billed.database.as_role(DatabaseRole.OPERATOR) as tx:
        lot = global_id("CreditLot", await tx.value("SELECT id FROM credit_lot"))
    told = {"lotId": lot, "amount": "10", "currency": "USD", "reference": "card 1", "paidAt": "2026-11-03T12:01:00Z"}
    assert (await tell(billed, {"type": "credits.paid", "data": told}, id="evt_credits")).status_code == 204
    assert await state(customer) == ("ISSUED", "102.75")
    assert (await tell(billed, paid(customer))).status_code == 204
    assert await state(customer) == ("PAID", "0.00")
    assert await payments(billed) == 2


@pytest.fixture
async def operator(product: Product) -> Caller:
    return await product.member(None, StaffRole.ISV_OPERATOR)


async def test_the_operator_marks_an_invoice_paid_once(product: Product, operator: Caller) -> None:
    customer = await make_customer(product)
    for _ in range(2):
        done = (await operator.run(MARK_PAID, id=customer.invoice, reference="on account"))["invoiceMarkPaid"]
        assert (done["invoice"]["state"], done["invoice"]["amountDue"]["amount"], done["errors"]) == (
            "PAID",
            "0.00",
            [],
        )
    other = (await operator.run(MARK_PAID, id=customer.invoice, reference="another"))["invoiceMarkPaid"]
    assert [(one["code"], one["path"]) for one in other["errors"]] == [("WRONG_STATE", ["id"])]
    empty = (await operator.run(MARK_PAID, id=customer.invoice, reference=" \n"))["invoiceMarkPaid"]
    assert [(one["code"], one["path"]) for one in empty["errors"]] == [("INVALID", ["reference"])]
    voided = (await operator.run(VOID, id=customer.invoice, reason="Wrong"))["invoiceVoid"]
    assert [(one["code"], one["path"]) for one in voided["errors"]] == [("WRONG_STATE", ["id"])]
    owner = await product.member(customer.tenant.id, TenantRole.OWNER)
    log = (await owner.run("{ auditLog(first: 5) { nodes { action actor { kind } } } }"))["auditLog"]["nodes"]
    assert [one for one in log if one["action"] == "invoiceMarkPaid"] == [
        {"action": "invoiceMarkPaid", "actor": {"kind": "ISV_OPERATOR"}}
    ]


async def test_a_void_invoice_keeps_its_number_and_is_neither_issued_nor_paid(
    product: Product, operator: Caller
) -> None:
    customer = await make_customer(product)
    for _ in range(2):
        done = (await operator.run(VOID, id=customer.invoice, reason="Wrong plan"))["invoiceVoid"]
        assert done == {"invoice": {"state": "VOID", "number": "INV-000001"}, "errors": []}
    for text, more in ((MARK_PAID, {"reference": "x"}), (ISSUE, {})):
        (answer,) = (await operator.run(text, id=customer.invoice, **more)).values()
        assert [(one["code"], one["path"]) for one in answer["errors"]] == [("WRONG_STATE", ["id"])]
    assert await state(customer) == ("VOID", "0.00")


async def test_credit_notes_give_back_at_most_what_an_invoice_comes_to_and_each_key_once(
    product: Product, operator: Caller
) -> None:
    customer = await make_customer(product)

    async def credit(amount: str, key: str, currency: str = "USD") -> dict[str, Any]:
        money = {"amount": amount, "currency": currency}
        given = {"invoiceId": customer.invoice, "amount": money, "reason": "A gesture", "idempotencyKey": key}
        return dict((await operator.run(CREDIT, input=given))["creditNoteIssue"])

    for _ in range(2):
        done = await credit("2.75", "one")
        assert done["errors"] == []
        assert done["invoice"]["amountDue"]["amount"] == "100.00"
        assert done["invoice"]["creditNotes"] == [
            {"number": "CN-000001", "amount": {"amount": "2.75"}, "reason": "A gesture"}
        ]
    for amount, key, currency, code, path in (
        ("100.01", "two", "USD", "TOO_MUCH", ["input", "amount", "amount"]),
        ("0", "two", "USD", "INVALID", ["input", "amount", "amount"]),
        ("-1", "two", "USD", "INVALID", ["input", "amount", "amount"]),
        ("0.001", "two", "USD", "INVALID", ["input", "amount", "amount"]),
        ("1", "two", "EUR", "INVALID", ["input", "amount", "currency"]),
        ("1", "one", "USD", "IDEMPOTENCY_CONFLICT", ["input", "idempotencyKey"]),
        ("1", "", "USD", "INVALID", ["input", "idempotencyKey"]),
    ):
        refused = await credit(amount, key, currency)
        assert [(one["code"], one["path"]) for one in refused["errors"]] == [(code, path)], (amount, key, currency)
    assert await state(customer) == ("ISSUED", "100.00")
    assert (await credit("100", "rest"))["invoice"]["creditNotes"][1]["number"] == "CN-000002"  # no gap for a refusal
    assert await state(customer) == ("ISSUED", "0.00")
