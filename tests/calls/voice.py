"""Calls that are made and answered, as the tests of them ask for them."""

from decimal import Decimal
from typing import Any

import httpx2

from portal.clock import new_id
from portal.database import DatabaseRole
from portal.usage.usage import CALLS_OUTBOUND
from tests.plans.given import give_plan
from tests.product import Caller, Product, TenantUnderTest
from tests.waiting import until

MAKE = """mutation ($input: CallMakeInput!) {
  callMake(input: $input) {
    call { id status announcement sender { number } recipient { number country } }
    idempotentReplay errors { code path message }
  }
}"""
UPDATE = """mutation ($id: ID!, $input: NumberUpdateInput!) {
  numberUpdate(id: $id, input: $input) {
    number { label voice { action forwardTo announcement language } } errors { code path }
  }
}"""
CALLS = """{ calls(first: 50) { nodes {
  direction status issue durationSeconds minutes sender { number } recipient { number }
} } }"""
CAP = "{ plan { spendCap { spent { amount } reserved { amount } } } }"
SET_CAP = "mutation ($amount: Decimal) { spendCapSet(input: {amount: $amount}) { errors { code } } }"


async def make(caller: Caller, number: str | None = "+12025550100", **what: Any) -> Any:
    """The payload of a call that is to be made."""
    given = {"idempotencyKey": "key", "number": number, "announcement": "Your bicycle is ready."} | what
    return (await caller.run(MAKE, input=given))["callMake"]


async def number_of(tenant: TenantUnderTest) -> str:
    """The id of the tenant's number."""
    (number,) = (await tenant.machine.run("{ numbers { nodes { id } } }"))["numbers"]["nodes"]
    return str(number["id"])


async def calls(tenant: TenantUnderTest) -> list[dict[str, Any]]:
    """The tenant's calls, the newest first."""
    found: list[dict[str, Any]] = (await tenant.machine.run(CALLS))["calls"]["nodes"]
    return found


async def all_ended(product: Product, tenant: TenantUnderTest, statuses: set[str]) -> None:
    """Wait until every call stands in one of these."""

    async def ended() -> bool:
        await product.apply_callbacks()
        return {call["status"] for call in await calls(tenant)} <= statuses

    await until(ended)


async def at_the_provider(product: Product, tenant: TenantUnderTest) -> list[dict[str, Any]]:
    """The calls that the provider has of the tenant."""
    path = f"{product.settings.simulator_url}/api/2010-04-01/Accounts/{tenant.account_sid}/Calls.json"
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.get(path, auth=(tenant.account_sid, tenant.auth_token))
    found: list[dict[str, Any]] = answer.json()["calls"]
    return found


async def call_by_hand(product: Product, tenant: TenantUnderTest, number: str) -> None:
    """A call that the tenant makes at the provider itself."""
    path = f"{product.settings.simulator_url}/api/2010-04-01/Accounts/{tenant.account_sid}/Calls.json"
    form = {"To": number, "From": tenant.number, "Twiml": "<Response><Say>Hello</Say></Response>"}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        await http.post(path, data=form, auth=(tenant.account_sid, tenant.auth_token))


async def somebody_calls(product: Product, tenant: TenantUnderTest, sender: str = "+12025550143") -> None:
    """Let somebody call the tenant's number at the provider."""
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        told = {"from": sender, "to": tenant.number}
        answer = await http.post(f"{product.settings.simulator_url}/simulator/calls", json=told)
    assert answer.status_code == 201, answer.text


async def give_price(
    product: Product,
    tenant: TenantUnderTest,
    one: str = "0.01",
    countries: tuple[str, ...] = (),
    category: str = CALLS_OUTBOUND,
) -> None:
    """A plan that asks for twice the cost of what is no message, and a card with this cost of a minute, or a piece."""
    now = product.clock.now()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        card_id = new_id(now)
        await tx.execute(
            "INSERT INTO rate_card (id, version, currency, source, published_by_name, published_at) "
            "SELECT $1, coalesce(max(version), 0) + 1, 'USD', 'FILE', 'Otto', $2 FROM rate_card",
            *(card_id, now),
        )
        await tx.execute(
            "INSERT INTO rate (rate_card_id, category, country, price) VALUES ($1, $2, 'US', $3)",
            *(card_id, category, Decimal(one)),
        )
    await give_plan(product, tenant.id, other_ratio=Decimal("0.5"), countries=countries)


async def cap(caller: Caller, amount: str) -> None:
    """Set the spend cap."""
    assert (await caller.run(SET_CAP, amount=amount))["spendCapSet"]["errors"] == []


async def spend(caller: Caller) -> tuple[Decimal | int, Decimal | int]:
    """What is spent and what is reserved under the cap."""
    found = (await caller.run(CAP))["plan"]["spendCap"]
    return Decimal(found["spent"]["amount"]), Decimal(found["reserved"]["amount"])
