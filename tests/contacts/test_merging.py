"""Two contacts that are one person become one."""

from typing import Any

from portal.contacts.preferences import ContactChannel
from portal.preferences.choosing import Choice, choose
from tests.conversations.inbound import write
from tests.messages.traffic import send
from tests.product import Product

CONTACT = "id name fields tags { name } consent { status source } suppression { source } messages { nodes { body } }"
CREATE = f"""mutation ($input: ContactCreateInput!) {{
  contactCreate(input: $input) {{ contact {{ {CONTACT} }} errors {{ code }} }}
}}"""
MERGE = f"""mutation ($kept: ID!, $merged: ID!) {{
  contactMerge(input: {{keptId: $kept, mergedId: $merged}}) {{ contact {{ {CONTACT} }} errors {{ code path }} }}
}}"""
READ = "query ($id: ID!) { contact(id: $id) { id } }"


async def test_the_kept_contact_takes_over_what_the_other_has_and_whoever_left_has_left_with_both_numbers(
    product: Product,
) -> None:
    tenant = await product.tenant()
    caller = tenant.machine

    async def add(**given: Any) -> str:
        return str((await caller.run(CREATE, input=given))["contactCreate"]["contact"]["id"])

    kept = await add(number="+12135550101", fields={"city": "Rome"}, tags=["A"])
    other = await add(number="+12135550102", name="Eve", fields={"city": "Oslo", "size": "M"}, tags=["a", "B"])
    await send(caller, [other])
    await write(product, tenant, "STOP", sender="+12135550102")
    merged = (await caller.run(MERGE, kept=kept, merged=other))["contactMerge"]
    assert merged["errors"] == []
    contact = merged["contact"]
    assert contact["id"] == kept
    assert (contact["name"], contact["fields"]) == ("Eve", {"city": "Rome", "size": "M"})
    assert [tag["name"] for tag in contact["tags"]] == ["A", "B"]
    assert {message["body"] for message in contact["messages"]["nodes"]} >= {"STOP", "Your bike is ready."}
    left = {"status": "WITHDRAWN", "source": "merged with a contact that wants no messages"}
    assert (contact["consent"], contact["suppression"]) == (left, None)
    assert (await caller.run(READ, id=other))["contact"] is None
    refused = await send(caller, [kept], key="after")
    assert refused["batch"]["refusals"]["nodes"] == [{"code": "OPTED_OUT"}]
    for ids, error in (
        ({"kept": kept, "merged": other}, {"code": "NOT_FOUND", "path": ["input", "mergedId"]}),
        ({"kept": kept, "merged": kept}, {"code": "INVALID", "path": ["input", "mergedId"]}),
    ):
        assert (await caller.run(MERGE, **ids))["contactMerge"] == {"contact": None, "errors": [error]}


async def test_whoever_chose_to_hear_nothing_comes_back_by_start_with_the_kept_number(product: Product) -> None:
    tenant = await product.tenant()
    caller = tenant.machine
    kept, other = [
        (await caller.run(CREATE, input={"number": number}))["contactCreate"]["contact"]["id"]
        for number in ("+12135550101", "+12135550102")
    ]
    async with product.database.for_tenant(tenant.id) as tx:
        nothing = Choice(ContactChannel.NONE, (), None)
        await choose(tx, "+12135550102", nothing, "shown", address=None, now=product.clock.now())
    assert (await caller.run(MERGE, kept=kept, merged=other))["contactMerge"]["errors"] == []
    assert (await send(caller, [kept], key="before"))["batch"]["accepted"] == 0
    await write(product, tenant, "START", sender="+12135550101")
    assert (await send(caller, [kept], key="after"))["batch"]["accepted"] == 1
