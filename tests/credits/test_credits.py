"""Credits: bought, usable once they are paid or within the limit, drawn on, explained, and gone when they lapse."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from auth.permissions import StaffRole, TenantRole, machine_permissions
from portal.credits.expiring import expire_credits
from portal.credits.paying import mark_paid
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal_schema.nodes import to_global
from tests.invoices.test_payments import SECRET, tell
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.plans.books import balanced
from tests.plans.given import LIMIT, PACK, add_lot, buy, give_plan, key_of, let_use
from tests.product import Caller, Product, TenantUnderTest
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock

ACCOUNT = """{ credits { units balance lots { id usableAt paidAt expiresAt remainingUnits }
  statement(first: 50) { nodes { kind units change messages lotId batchId } } } }"""


@pytest.fixture
async def product(address: DatabaseAddress, clock: TurnableClock, simulator: str) -> AsyncIterator[Product]:
    """The product, which takes payments."""
    async with serve_product(address, clock, simulator, billing_webhook_secret=SECRET) as served:
        yield served


async def _buyer(product: Product, **terms: Any) -> tuple[TenantUnderTest, Caller]:
    tenant = await product.tenant()
    given = {"strategy": "CREDITS", "at_limit": "CREDITS", "allowance_amount": None}
    await give_plan(product, tenant.id, **given | terms)
    return tenant, await product.member(tenant.id, TenantRole.OWNER)


async def _account(caller: Caller) -> Any:
    return (await caller.run(ACCOUNT))["credits"]


async def _lot(caller: Caller) -> Any:
    (lot,) = (await _account(caller))["lots"]
    return lot


async def test_unpaid_credits_wait_and_nothing_is_sent_on_them(product: Product) -> None:
    tenant, owner = await _buyer(product)
    made = await buy(owner)
    assert (made["errors"], made["idempotentReplay"]) == ([], False)
    lot = made["creditLot"]
    assert (lot["credits"], lot["units"], lot["remainingUnits"]) == (100, 500, 500)
    assert (lot["usableAt"], lot["paidAt"], lot["expiresAt"]) == (None, None, None)
    assert (await _account(owner))["units"] == 0
    answer = await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(1)))
    assert answer["batch"]["accepted"] == 0
    assert answer["batch"]["refusals"]["nodes"] == [{"code": "CREDITS_EXHAUSTED"}]
    assert (await balanced(product, tenant.id)).lots == [(0, 0, 0)]


async def test_within_the_credit_limit_credits_are_usable_at_once_and_beyond_it_they_wait(product: Product) -> None:
    tenant, owner = await _buyer(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    given = {"tenantId": to_global("Tenant", tenant.id), "amount": "15"}
    answer = (await operator.run(LIMIT, input=given))["creditLimitSet"]
    assert answer == {"creditLimit": {"amount": "15", "currency": "USD"}, "errors": []}
    first, second = (await buy(owner, "first"))["creditLot"], (await buy(owner, "second"))["creditLot"]
    assert (first["usableAt"] is not None, first["paidAt"]) == (True, None)
    assert second["usableAt"] is None
    assert (await _account(owner))["units"] == 500
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        assert await mark_paid(tx, key_of(first["id"]), "bank 1", now=product.clock.now())
    assert (await _account(owner))["units"] == 1000  # the limit has room for the second now


async def test_the_billing_s_payment_makes_credits_usable_once_and_they_expire_from_then_on(product: Product) -> None:
    _, owner = await _buyer(product)
    lot_id = await add_lot(owner)
    product.clock.advance(timedelta(minutes=5))
    data = {"amount": "10.00", "currency": "USD", "reference": "bank 7", "paidAt": "2026-11-09T10:00:00Z"}
    event = {"type": "credits.paid", "data": {"lotId": lot_id, **data}}
    for _ in range(2):
        told = await tell(product, event)
        assert told.status_code == 204, told.text
    lot = await _lot(owner)
    now = product.clock.now()
    assert lot["usableAt"] == lot["paidAt"]
    assert lot["usableAt"][:19] == now.isoformat()[:19]
    assert lot["expiresAt"][:19] == (now + timedelta(days=365)).isoformat()[:19]
    assert (await _account(owner))["units"] == 500


async def test_the_same_key_buys_one_lot_and_another_pack_under_it_is_refused(product: Product) -> None:
    _, owner = await _buyer(product, credit_packs=[PACK, PACK | {"credits": 200}])
    first, again = await buy(owner), await buy(owner)
    assert again["creditLot"] == first["creditLot"]
    assert (first["idempotentReplay"], again["idempotentReplay"]) == (False, True)
    other = await buy(owner, pack=200)
    assert (other["creditLot"], [one["code"] for one in other["errors"]]) == (None, ["IDEMPOTENCY_CONFLICT"])
    assert (await _lot(owner))["id"] == first["creditLot"]["id"]


async def test_a_pack_that_the_plan_does_not_have_changes_nothing(product: Product) -> None:
    _, owner = await _buyer(product)
    made = await buy(owner, pack=101)
    assert made["creditLot"] is None
    assert made["errors"] == [{"code": "NO_SUCH_PACK", "path": ["input", "credits"]}]
    account = await _account(owner)
    assert (account["lots"], account["statement"]["nodes"]) == ([], [])
    assert (await buy(owner))["idempotentReplay"] is False  # the key is free


async def test_the_statement_explains_each_debit_and_comes_to_what_is_left(product: Product) -> None:
    tenant, owner = await _buyer(product, allowance_amount=1)
    await let_use(product, tenant.id)
    lot = await add_lot(owner)
    product.clock.advance(timedelta(seconds=1))
    contacts = await add_contacts(product, tenant, plain_numbers(4))
    sent = (await send(tenant.machine, contacts))["batch"]["id"]
    account = await _account(owner)
    reserved, bought = account["statement"]["nodes"]
    about = {"lotId": lot, "batchId": sent}
    assert reserved == {"kind": "RESERVE", "units": 3, "change": -3, "messages": 3, **about}
    assert bought == {"kind": "PURCHASE", "units": 500, "change": 500, "messages": None, "lotId": lot, "batchId": None}
    product.clock.advance(timedelta(seconds=1))
    await product.dispatcher.run_once()
    account = await _account(owner)
    settled = [
        entry for entry in account["statement"]["nodes"] if entry["kind"] == "SETTLE"
    ]  # those that came together
    assert sum(entry["units"] for entry in settled) == 3
    assert settled == [
        {"kind": "SETTLE", "units": entry["units"], "change": 0, "messages": entry["units"], **about}
        for entry in settled
    ]
    assert sum(entry["change"] for entry in account["statement"]["nodes"]) == 497
    assert account["units"] == account["lots"][0]["remainingUnits"] == 497
    assert (await balanced(product, tenant.id)).lots == [(3, 0, 0)]


async def test_what_has_lapsed_is_not_drawn_on_and_gets_its_entry_once(product: Product) -> None:
    tenant, owner = await _buyer(product, credit_packs=[PACK | {"valid_days": 1}])
    await let_use(product, tenant.id)
    lot = await add_lot(owner)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    assert (await send(tenant.machine, contacts))["batch"]["accepted"] == 2
    product.clock.advance(timedelta(days=1))
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    owner = await product.member(tenant.id, TenantRole.BILLING_MANAGER)
    late = await send(tenant.machine, contacts, key="late")
    assert late["batch"]["refusals"]["nodes"] == [{"code": "CREDITS_EXHAUSTED"}] * 2
    assert (await _account(owner))["units"] == 0
    assert [await expire_credits(product.database, product.clock) for _ in range(2)] == [1, 0]
    entry = (await _account(owner))["statement"]["nodes"][0]
    about = {"messages": None, "lotId": lot, "batchId": None}
    assert entry == {"kind": "EXPIRE", "units": 498, "change": -498, **about}
    assert (await balanced(product, tenant.id)).lots == [(0, 2, 498)]  # what was held stays so
