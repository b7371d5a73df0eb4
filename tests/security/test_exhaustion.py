"""One tenant's large request neither fills the memory nor makes the others wait."""

import asyncio
from typing import Any

from portal.global_ids import split_global
from portal.messages.addressees import Recipients
from portal.messages.composing import Composition, compose
from portal.templates.checking import LONGEST_BODY
from tests.messages.traffic import add_contacts, messages, plain_numbers, send
from tests.product import Product

ESTIMATE = "query ($input: MessageEstimateInput!) { messageEstimate(input: $input) { recipients } }"


async def test_a_variable_is_no_longer_than_a_text(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(1))
    too_long: dict[str, Any] = {"body": "{{a}}" * 300, "variables": {"a": "x" * (LONGEST_BODY + 1)}}
    payload = await send(tenant.machine, contacts, **too_long)
    assert payload["errors"] == [{"code": "INVALID", "path": ["input", "variables"]}]
    assert payload["batch"] is None
    assert await messages(product, tenant) == []
    estimate = {"recipients": {"contactIds": contacts}} | too_long
    assert await tenant.machine.codes(ESTIMATE, input=estimate) == ["BAD_USER_INPUT"]
    longest = await send(tenant.machine, contacts, body="{{a}}", variables={"a": "x" * LONGEST_BODY})
    assert (longest["errors"], longest["batch"]["accepted"]) == ([], 1)


async def test_others_get_their_turn_while_thousands_of_texts_are_worked_out(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(2_000))
    keys = tuple(found[1] for found in map(split_global, contacts) if found is not None)
    turns = 0
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        at_the_database = tx._turn.locked  # noqa: SLF001  only turns between statements prove that the loop gives way

        async def others() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0)
                turns += not at_the_database()

        waiting = asyncio.create_task(others())
        composed = await compose(tx, Composition(Recipients(keys), None, "x" * LONGEST_BODY, {}))
        waiting.cancel()
    assert len(composed.recipients) == 2_000
    assert turns >= 20
