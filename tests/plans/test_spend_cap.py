"""The spend cap: who set it, what it refuses, and what each message costs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import TenantRole, machine_permissions
from tests.messages.traffic import add_contacts, cancel, messages, plain_numbers, send
from tests.plans.books import balanced
from tests.plans.changes import turn_to
from tests.plans.given import give_card, give_plan
from tests.product import Caller, Product, TenantUnderTest

SET = """mutation ($input: SpendCapSetInput!) {
  spendCapSet(input: $input) {
    spendCap { amount { amount currency } spent { amount } reserved { amount } reached setBy { kind name } }
    errors { code path }
  }
}"""
CAP = "{ plan { spendCap { amount { amount } spent { amount } reserved { amount } reached } } }"
PRICES = "{ messages(first: 50) { nodes { price { amount currency } priceBasis } } }"


async def _capped(product: Product) -> tuple[TenantUnderTest, Caller]:
    """A tenant with one message free and each further one at 0.0125, and its owner."""
    tenant = await product.tenant()
    overage: dict[str, Any] = {"strategy": "TIER_WITH_OVERAGE", "at_limit": "OVERAGE", "overage": Decimal("0.0125")}
    await give_plan(product, tenant.id, allowance_amount=1, **overage)
    return tenant, await product.member(tenant.id, TenantRole.OWNER)


async def _set(caller: Caller, amount: str | None) -> Any:
    return (await caller.run(SET, input={"amount": amount}))["spendCapSet"]


async def test_what_would_go_over_the_cap_is_refused_and_nothing_of_it_is_accepted(product: Product) -> None:
    tenant, owner = await _capped(product)
    answer = await _set(owner, "0.03")
    assert answer["errors"] == []
    assert answer["spendCap"]["amount"] == {"amount": "0.03", "currency": "USD"}
    assert answer["spendCap"]["setBy"] == {"kind": "MEMBER", "name": "Owner"}
    contacts = await add_contacts(product, tenant, plain_numbers(5))
    sent = await send(tenant.machine, contacts)
    assert sent["batch"]["accepted"] == 3
    assert sent["batch"]["refusals"]["nodes"] == [{"code": "SPEND_CAP_REACHED"}] * 2
    none = await send(tenant.machine, contacts[:2], key="none", onRefusal="SEND_NONE")
    assert (none["batch"], {one["code"] for one in none["errors"]}) == (None, {"RECIPIENTS_REFUSED"})
    assert len(await messages(product, tenant)) == 3
    books = await balanced(product, tenant.id)
    assert (books.units, books.money) == ([(0, 3, 0)], [(Decimal(0), Decimal("0.0250"))])
    await cancel(tenant.machine, sent["batch"]["id"])
    assert (await send(tenant.machine, contacts[:3], key="again"))["batch"]["accepted"] == 3


async def test_a_cap_of_nothing_stops_all_that_costs_and_once_removed_it_holds_nobody(product: Product) -> None:
    tenant, owner = await _capped(product)
    contacts = await add_contacts(product, tenant, plain_numbers(3))
    assert (await _set(owner, "0"))["spendCap"]["reached"] is True
    assert (await send(tenant.machine, contacts))["batch"]["accepted"] == 1  # that the fee covers
    assert await _set(owner, None) == {"spendCap": None, "errors": []}
    assert (await owner.run(CAP))["plan"]["spendCap"] is None
    assert (await send(tenant.machine, contacts, key="freed"))["batch"]["accepted"] == 3
    assert (await balanced(product, tenant.id)).money == [(Decimal(0), Decimal("0.0375"))]


@pytest.mark.parametrize("amount", ["-1", "0.015"])
async def test_a_cap_that_is_no_amount_leaves_the_one_that_is_set(product: Product, amount: str) -> None:
    _, owner = await _capped(product)
    await _set(owner, "5")
    refused = await _set(owner, amount)
    assert (refused["spendCap"], refused["errors"]) == (None, [{"code": "INVALID", "path": ["input", "amount"]}])
    assert (await owner.run(CAP))["plan"]["spendCap"]["amount"] == {"amount": "5"}


async def test_a_message_tells_its_price_the_most_that_it_may_come_to_until_it_has_left(product: Product) -> None:
    await give_card(product, US="0.01", elsewhere="0.01")
    tenant, owner = await _capped(product)
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    await send(tenant.machine, contacts[:1])
    await send(tenant.machine, contacts[1:], key="second")
    assert await _prices(owner) == [("0", "INCLUDED"), ("0.0125", "ESTIMATED")]
    await product.dispatcher.run_once()
    assert await _prices(owner) == [("0", "INCLUDED"), ("0.0125", "FINAL")]
    cap = (await _set(owner, "1"))["spendCap"]
    told = Decimal(cap["spent"]["amount"]), Decimal(cap["reserved"]["amount"]), cap["reached"]
    assert told == (Decimal("0.0125"), Decimal(0), False)


async def test_what_is_accepted_in_a_month_and_leaves_in_the_next_counts_against_the_cap_of_both(
    product: Product,
) -> None:
    await turn_to(product, datetime(2027, 3, 31, 23, 59, tzinfo=UTC))
    tenant, owner = await _capped(product)
    assert (await _set(owner, "0.03"))["errors"] == []
    contacts = await add_contacts(product, tenant, plain_numbers(5))
    assert (await send(tenant.machine, contacts[:3], key="march"))["batch"]["accepted"] == 3
    await turn_to(product, datetime(2027, 4, 1, 0, 1, tzinfo=UTC))
    assert (await send(tenant.machine, contacts, key="april"))["batch"]["accepted"] == 1  # the free one of the day
    (cap,) = [(await owner.run(CAP))["plan"]["spendCap"]]
    assert (Decimal(cap["spent"]["amount"]), Decimal(cap["reserved"]["amount"])) == (Decimal(0), Decimal("0.025"))
    while await product.dispatcher.run_once():
        pass
    assert (await balanced(product, tenant.id, _overage)).money == [(Decimal("0.0250"), Decimal(0))]
    assert (await send(tenant.machine, contacts, key="still april"))["batch"]["accepted"] == 0
    await turn_to(product, datetime(2027, 5, 1, 0, 1, tzinfo=UTC))
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    assert (await send(tenant.machine, contacts, key="may"))["batch"]["accepted"] == 3


def _overage(band: int, units: int, cost: Decimal) -> Decimal:
    del cost
    return units * Decimal("0.0125") if band else Decimal(0)


async def _prices(caller: Caller) -> list[tuple[str, str]]:
    """The prices of all messages, the cheapest first."""
    nodes = (await caller.run(PRICES))["messages"]["nodes"]
    return sorted((str(Decimal(node["price"]["amount"]).normalize()), node["priceBasis"]) for node in nodes)
