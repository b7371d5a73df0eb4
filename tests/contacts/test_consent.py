"""Consent that a tenant states of people: it stops what waits, and never speaks for somebody who left themselves."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contacts.test_erasing import EVE
from tests.contacts.test_preferences import FORM, LINKS, open_page
from tests.conversations.inbound import write
from tests.imports.files import bring_in
from tests.messages.traffic import Books, add_contacts, balanced_books, messages, send
from tests.product import Caller, Product

UPDATE = """mutation ($id: ID!, $input: ContactUpdateInput!) {
  contactUpdate(id: $id, input: $input) { contact { name consent { status source } } errors { code path } }
}"""
READ = "query ($id: ID!) { contact(id: $id) { name consent { status source } } }"
A_SECOND = timedelta(seconds=1)
GIVEN = {"name": "Eve", "consent": {"status": "GIVEN", "source": "paper form"}}


async def _update(caller: Caller, contact: str, given: dict[str, Any]) -> Any:
    return (await caller.run(UPDATE, id=contact, input=given))["contactUpdate"]


@pytest.mark.parametrize("by", ["STOP", "preference page"])
async def test_who_left_themselves_has_left_until_they_say_otherwise_whatever_the_tenant_states(
    product: Product, by: str
) -> None:
    tenant = await product.tenant()
    (contact,) = await add_contacts(product, tenant, [EVE])
    link = f"{product.url}/p/{LINKS.token(tenant.id, EVE)}"
    assert (await _update(tenant.machine, contact, GIVEN))["contact"] == GIVEN
    product.clock.advance(A_SECOND)
    if by == "STOP":
        await write(product, tenant, "STOP", sender=EVE)
    else:
        await open_page(link, FORM | {"channel": "NONE"})
    left = {"name": "Eve", "consent": {"status": "WITHDRAWN", "source": by}}
    product.clock.advance(A_SECOND)
    for status in ("GIVEN", "UNKNOWN"):
        stated = {"name": "Adam", "consent": {"status": status, "source": "paper form"}}
        refused = await _update(tenant.machine, contact, stated)
        path = ["input", "consent", "status"]
        assert refused == {"contact": None, "errors": [{"code": "CONSENT_WITHDRAWN", "path": path}]}
    file = f"number,name,consent\n{EVE},Adam,given\n+12025550143,Bea,given\n"
    for dry_run in (True, False):
        done = await bring_in(product, tenant.machine, file, dryRun=dry_run)
        assert (done["created"], done["updated"], done["refused"]) == (1, 0, 1)
        (problem,) = done["problems"]["nodes"]
        assert (problem["row"], problem["column"], problem["code"]) == (2, None, "CONSENT_WITHDRAWN")
    stated = {"consent": {"status": "WITHDRAWN", "source": "they called"}}
    assert (await _update(tenant.machine, contact, stated))["contact"] == left
    assert (await tenant.machine.run(READ, id=contact))["contact"] == left

    product.clock.advance(A_SECOND)
    if by == "STOP":
        await write(product, tenant, "START", sender=EVE)
    else:
        await open_page(link, FORM)
    product.clock.advance(A_SECOND)
    assert (await _update(tenant.machine, contact, GIVEN))["contact"] == GIVEN


async def test_a_withdrawal_that_the_tenant_states_cancels_what_waits_and_it_can_take_that_back(
    product: Product,
) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, [EVE, "+12135550144"])
    assert (await send(tenant.machine, contacts))["batch"]["accepted"] == 2
    stated = {"consent": {"status": "WITHDRAWN", "source": "they called"}}
    assert (await _update(tenant.machine, contacts[0], stated))["errors"] == []
    assert sorted(row["status"] for row in await messages(product, tenant)) == ["CANCELED", "QUEUED"]
    await bring_in(product, tenant.machine, "number,consent\n+12135550144,no\n")
    rows = await messages(product, tenant)
    assert {(row["status"], row["issue"], row["reserved_units"]) for row in rows} == {("CANCELED", "OPTED_OUT", 0)}
    assert await balanced_books(product, tenant) == Books(used=0, reserved=0)
    refused = await send(tenant.machine, contacts, key="after")
    assert refused["batch"]["refusals"]["nodes"] == [{"code": "OPTED_OUT"}] * 2
    product.clock.advance(A_SECOND)
    assert (await _update(tenant.machine, contacts[0], GIVEN))["contact"] == GIVEN
    assert (await send(tenant.machine, contacts[:1], key="again"))["batch"]["accepted"] == 1
