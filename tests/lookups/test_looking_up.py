"""A contact is looked up: within the cap, once in thirty days, so that a landline is known before it costs."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any

from auth.permissions import TenantRole
from portal.clock import new_id
from portal.contacts.consent import ConsentStatement, ConsentStatus, record_consent
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.lookups.asking import KNOWN_FOR, MOST_IN_A_MINUTE, look_up_contact
from portal.lookups.working import NumberLookups
from portal.plans.spend import reserve_spend
from portal.tenants.accounts import ProviderAccounts
from portal.usage.usage import LOOKUPS
from tests.calls.voice import cap, give_price, make, spend
from tests.plans.given import give_plan, key_of
from tests.product import Caller, Product, TenantUnderTest
from tests.schema.rows import add_contact
from tests.waiting import until_one_waits
from twilio_gateway.gateway import TwilioGateway

LANDLINE, VOIP, INVALID, FAULT = "+12025550106", "+12025550115", "+12025550111", "+12025550150"
LOOK_UP = """mutation ($id: ID!) {
  contactLookup(id: $id) { contact { id line lookup { state } } errors { code path message } }
}"""
ERASE = "mutation ($id: ID!) { contactErase(id: $id) { errors { code } } }"
READ = "query ($id: ID!) { contact(id: $id) { line lookup { state valid country lookedUpAt } } }"
WAITING = ("WAITING", None, None, None)
SEND = """mutation ($input: MessageSendInput!) { messageSend(input: $input) {
  batch { accepted refusals(first: 9) { nodes { contact { id } code } } } errors { code }
} }"""
ALERTS = "{ alerts(first: 9) { nodes { kind code } } }"


async def look_up(caller: Caller, contact: str) -> Any:
    """The payload of a look-up."""
    return (await caller.run(LOOK_UP, id=contact))["contactLookup"]


async def codes(caller: Caller, contact: str) -> list[str]:
    """The problems of a look-up."""
    return [error["code"] for error in (await look_up(caller, contact))["errors"]]


async def work(product: Product, gateway: TwilioGateway | None = None) -> int:
    """Ask the provider about what is due."""
    accounts = ProviderAccounts(product.database, product.box, product.clock)
    provider = (gateway or product.gateway).lookups
    return await NumberLookups(product.database, provider, accounts, product.clock).work_due()


async def told(caller: Caller, contact: str) -> Any:
    """What is known of a contact's number."""
    found = (await caller.run(READ, id=contact))["contact"]
    lookup = found["lookup"]
    return lookup and (lookup["state"], found["line"], lookup["valid"], lookup["country"])


async def priced(product: Product) -> tuple[TenantUnderTest, Caller]:
    """A tenant whose look-ups cost 0.01 each, and its owner."""
    tenant = await product.tenant()
    await give_price(product, tenant, "0.005", category=LOOKUPS)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await cap(owner, "1")
    return tenant, owner


async def test_a_landline_is_known_before_it_costs_and_a_look_up_costs_once(product: Product) -> None:
    tenant, owner = await priced(product)
    numbers = (LANDLINE, VOIP, INVALID, "+12135550101")
    ids = [await add_contact(owner, number) for number in numbers]
    assert await told(owner, ids[0]) is None
    for contact in (*ids, *ids):  # asked for again while it waits it is the same look-up
        assert await look_up(owner, contact) == {
            "contact": {"id": contact, "line": None, "lookup": {"state": "WAITING"}},
            "errors": [],
        }
    assert await spend(owner) == (0, Decimal("0.04"))
    assert (await work(product), await work(product)) == (1, 0)
    assert [await told(owner, contact) for contact in ids] == [
        ("DONE", "LANDLINE", True, "US"),
        ("DONE", "VOIP", True, "US"),
        ("DONE", "UNKNOWN", False, None),
        ("DONE", "MOBILE", True, "US"),
    ]
    assert await spend(owner) == (Decimal("0.03"), 0)  # nothing was told of the invalid one's line
    used = "SELECT count, usage FROM usage_day WHERE tenant_id = $1 AND category = 'lookups'"
    async with product.database.for_tenant(tenant.id) as tx:
        assert [tuple(row) for row in await tx.rows(used, tenant.id)] == [(3, 3)]

    sent = {"idempotencyKey": "x", "recipients": {"contactIds": ids}, "body": "Ready. Reply STOP to opt out."}
    assert (await owner.run(SEND, input=sent))["messageSend"] == {
        "batch": {
            "accepted": 2,
            "refusals": {
                "nodes": [
                    {"contact": {"id": ids[0]}, "code": "LANDLINE"},
                    {"contact": {"id": ids[2]}, "code": "INVALID_NUMBER"},
                ]
            },
        },
        "errors": [],
    }
    assert (await make(owner, LANDLINE))["errors"] == []  # a landline can be called,
    assert [error["code"] for error in (await make(owner, INVALID, idempotencyKey="2"))["errors"]] == ["INVALID_NUMBER"]

    product.clock.advance(KNOWN_FOR - timedelta(seconds=1))
    owner = await product.member(tenant.id, TenantRole.ADMINISTRATOR)  # sessions have ended
    assert (await look_up(owner, ids[0]))["contact"] == {
        "id": ids[0],
        "line": "LANDLINE",
        "lookup": {"state": "DONE"},
    }
    assert await work(product) == 0
    product.clock.advance(timedelta(seconds=1))
    assert (await look_up(owner, ids[0]))["contact"]["lookup"] == {"state": "WAITING"}
    assert await work(product) == 1
    assert await told(owner, ids[0]) == ("DONE", "LANDLINE", True, "US")


async def test_what_brings_no_answer_is_asked_again_and_given_back_at_last(product: Product) -> None:
    _, owner = await priced(product)
    contact = await add_contact(owner, FAULT)
    await look_up(owner, contact)
    assert await work(product) == 1
    assert (await told(owner, contact), await spend(owner)) == (WAITING, (0, Decimal("0.01")))
    assert await work(product) == 0
    product.clock.advance(timedelta(seconds=4))
    await work(product)
    assert (await told(owner, contact))[:2] == ("DONE", "MOBILE")
    assert await spend(owner) == (Decimal("0.01"), 0)

    other = await add_contact(owner, VOIP)
    await look_up(owner, other)
    async with TwilioGateway.open("http://127.0.0.1:9") as nowhere:
        for _ in range(7):
            await work(product, nowhere)
            product.clock.advance(timedelta(minutes=2))
    assert (await told(owner, other), await spend(owner)) == (("FAILED", None, None, None), (Decimal("0.01"), 0))
    assert (await look_up(owner, other))["contact"]["lookup"] == {"state": "WAITING"}
    erased = await owner.run(ERASE, id=other)
    assert erased["contactErase"]["errors"] == []
    assert await spend(owner) == (Decimal("0.01"), 0)
    assert await work(product) == 0


async def test_who_is_erased_while_a_look_up_begins_is_not_asked_about(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant, owner = await priced(product)
    contact = await add_contact(owner, LANDLINE)
    async with product.database.for_tenant(tenant.id) as tx:
        await look_up_contact(tx, key_of(contact), now=product.clock.now())
        erasing = asyncio.create_task(owner.run(ERASE, id=contact))
        await until_one_waits(superuser, address)
    assert (await erasing)["contactErase"]["errors"] == []
    assert await spend(owner) == (0, 0)
    assert await work(product) == 0


async def test_what_is_told_of_a_number_waits_for_its_consent_and_holds_no_balance_meanwhile(
    product: Product, superuser: DatabaseAddress, address: DatabaseAddress
) -> None:
    tenant, owner = await priced(product)
    contact = await add_contact(owner, LANDLINE)
    await look_up(owner, contact)
    async with product.database.for_tenant(tenant.id) as tx:
        agreed = ConsentStatement(ConsentStatus.GIVEN, "form")
        await record_consent(tx, [LANDLINE], agreed, None, now=product.clock.now())
        working = asyncio.create_task(work(product))
        await until_one_waits(superuser, address)
        await reserve_spend(tx, "USD", Decimal(0), now=product.clock.now())  # as who takes back what was on its way
    assert await working == 1
    assert (await told(owner, contact))[:2] == ("DONE", "LANDLINE")
    assert await spend(owner) == (Decimal("0.01"), 0)


async def test_what_is_refused_costs_nothing_and_is_not_asked(product: Product) -> None:
    tenant, owner = await priced(product)
    contact = await add_contact(owner, VOIP)
    await cap(owner, "0.01")
    assert await codes(owner, await add_contact(owner, LANDLINE)) == []
    assert await codes(owner, contact) == ["SPEND_CAP_REACHED"]
    assert (await owner.run(ALERTS))["alerts"]["nodes"] == [{"kind": "SPEND_CAP", "code": "CAP_REACHED"}]
    assert await spend(owner) == (0, Decimal("0.01"))
    assert await codes(owner, "nobody") == ["NOT_FOUND"]
    await give_plan(product, tenant.id, countries=("CA",))
    assert await codes(owner, contact) == ["COUNTRY_NOT_IN_PLAN"]
    await give_plan(product, tenant.id)  # the fee covers them, and there is a limit all the same
    now = product.clock.now()
    others = [(tenant.id, new_id(now), f"+1213555{place:04d}") for place in range(1, MOST_IN_A_MINUTE)]
    async with product.database.for_tenant(tenant.id) as tx:
        for one in others:
            sql = "INSERT INTO number_lookup (tenant_id, id, number, state, price) VALUES ($1, $2, $3, 'DONE', 0)"
            await tx.execute(sql, *one)
    assert await codes(owner, contact) == ["TOO_MANY_LOOKUPS"]
    product.clock.advance(timedelta(minutes=1))
    assert await codes(owner, contact) == []
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", tenant.id)
    assert await codes(owner, contact) == []  # it waits already
    assert await codes(owner, await add_contact(owner, "+12135550199")) == ["TENANT_NOT_ACTIVE"]
