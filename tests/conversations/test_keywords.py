"""STOP, START and HELP: what the list says afterwards, what is sent and what is not, in any order of arrival."""

import asyncio
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from auth.permissions import TenantRole
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.contacts.suppressions import SuppressionSource, suppress
from portal.conversations.provider import InboundMessage
from portal.conversations.receiving import receive as take_in
from portal.messages.recording import EventSource
from portal.messages.status import MessageStatus
from tests.conversations.inbound import BEA, conversations, fields_of, receive, write
from tests.messages.traffic import ALLOWANCE, add_contacts, at_the_provider, messages, send
from tests.product import Product, TenantUnderTest
from tests.schema.world import OLGA

SETTINGS = """mutation ($input: SettingsUpdateInput!) {
  settingsUpdate(input: $input) {
    settings { helpText stopText startText callbackRetentionDays } errors { code path message }
  }
}"""
REPLY = """mutation ($id: ID!) {
  conversationReply(input: {conversationId: $id, idempotencyKey: "key", body: "Please stay"}) {
    message { id } errors { code path }
  }
}"""
SUPPRESSIONS = "{ suppressions { nodes { maskedNumber source since } } }"
ADD = """mutation ($number: String!) {
  suppressionAdd(input: {number: $number}) { suppression { maskedNumber source } errors { code path message } }
}"""


async def _dispatch(product: Product) -> None:
    while await product.dispatcher.run_once():
        pass


async def _sent(product: Product, tenant: TenantUnderTest) -> list[str]:
    return [one["body"] for one in await at_the_provider(product, tenant)]


async def _sources(tenant: TenantUnderTest) -> list[str]:
    found = await tenant.machine.run(SUPPRESSIONS)
    return [one["source"] for one in found["suppressions"]["nodes"]]


async def _used(tenant: TenantUnderTest) -> dict[str, Any]:
    return dict((await tenant.machine.run(ALLOWANCE))["allowance"])


async def test_after_stop_the_next_send_refuses_that_recipient_at_no_cost_and_after_start_it_sends_again(
    product: Product,
) -> None:
    tenant = await product.tenant()
    (contact,) = await add_contacts(product, tenant, [BEA])
    await write(product, tenant, " Stop. ")
    assert await _sources(tenant) == ["STOP"]
    await _dispatch(product)
    assert await _sent(product, tenant) == ["You will get no more messages from us. Reply START to get them again."]
    refused = await send(tenant.machine, [contact])
    assert refused["batch"]["refusals"]["nodes"] == [{"code": "OPTED_OUT"}]
    assert (refused["allowance"]["used"], refused["allowance"]["reserved"]) == (1, 0)  # the confirmation's
    (conversation,) = await conversations(tenant)
    answer = (await tenant.machine.run(REPLY, id=conversation["id"]))["conversationReply"]
    assert answer == {"message": None, "errors": [{"code": "OPTED_OUT", "path": ["input", "conversationId"]}]}
    product.clock.advance(timedelta(minutes=1))
    await write(product, tenant, "yes")
    assert await _sources(tenant) == []
    assert (await send(tenant.machine, [contact], key="second"))["batch"]["accepted"] == 1
    await _dispatch(product)
    assert sorted(await _sent(product, tenant))[1:] == [
        "You will get our messages again. Reply HELP for help, STOP to stop them.",
        "Your bike is ready.",
    ]


async def test_help_answers_with_the_tenant_s_own_text_also_somebody_who_left_and_without_any_allowance(
    product: Product,
) -> None:
    tenant = await product.tenant(allowance=1)
    (contact,) = await add_contacts(product, tenant, [BEA])
    assert (await send(tenant.machine, [contact]))["batch"]["accepted"] == 1
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await owner.run(SETTINGS, input={"helpText": "  Call +1 202 555 0100, we are there from 9 to 5. "})
    await receive(product, tenant, fields_of(tenant, "STOP"), fields_of(tenant, "Info"))
    await _dispatch(product)
    answers = [row for row in await messages(product, tenant) if row["direction"] == "OUTBOUND" and row["keyword"]]
    assert {row["keyword"]: row["body"] for row in answers} == {
        "STOP": "You will get no more messages from us. Reply START to get them again.",
        "HELP": "Call +1 202 555 0100, we are there from 9 to 5.",
    }
    assert {row["actor_kind"] for row in answers} == {"SYSTEM"}
    assert await _sources(tenant) == ["STOP"]


async def test_what_waits_is_canceled_and_given_back_when_its_recipient_stops_and_nobody_else_s(
    product: Product,
) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, [BEA, "+12025550172"])
    await send(tenant.machine, contacts)
    await write(product, tenant, "STOP")
    rows = {
        (row["recipient_number"], row["keyword"]): row
        for row in await messages(product, tenant)
        if row["direction"] == "OUTBOUND"
    }
    assert (rows[BEA, None]["status"], rows[BEA, None]["issue"]) == ("CANCELED", "OPTED_OUT")
    assert rows[BEA, "STOP"]["status"] == rows["+12025550172", None]["status"] == "QUEUED"
    assert (await _used(tenant))["reserved"] == 2
    await _dispatch(product)
    assert {(one["to"], one["body"] == "Your bike is ready.") for one in await at_the_provider(product, tenant)} == {
        (BEA, False),
        ("+12025550172", True),
    }


async def test_what_was_accepted_while_a_stop_came_in_does_not_leave(product: Product) -> None:
    tenant = await product.tenant()
    contacts = await add_contacts(product, tenant, [BEA, "+12025550172"])
    await send(tenant.machine, contacts)
    # A send that read the list before the STOP and wrote its messages after it: the list alone has changed.
    async with product.database.for_tenant(tenant.id) as tx:
        await suppress(tx, BEA, SuppressionSource.STOP, now=product.clock.now())
    await _dispatch(product)
    stands = {row["recipient_number"]: (row["status"], row["issue"]) for row in await messages(product, tenant)}
    assert stands[BEA] == (MessageStatus.CANCELED, "OPTED_OUT")
    assert [one["to"] for one in await at_the_provider(product, tenant)] == ["+12025550172"]
    used = await _used(tenant)
    assert (used["used"], used["reserved"]) == (1, 0)


@pytest.mark.parametrize("words", [("STOP", "START", "Hello"), ("START", "STOP", "Hello"), ("STOP", "START", "STOP")])
async def test_any_order_of_arrival_and_any_repetition_end_in_the_same_list_and_conversation(
    words: tuple[str, ...], product: Product
) -> None:
    begin = product.clock.now()
    ends = set()
    for order in permutations(range(3)):
        tenant = await product.tenant()
        told = [
            InboundMessage(f"SM{n}", BEA, tenant.number, word, 0, 1, None, begin - timedelta(hours=3 - n))
            for n, word in enumerate(words)
        ]
        for index in (*order, *order):
            async with product.database.for_tenant(tenant.id) as tx:
                await take_in(tx, [told[index]], EventSource.SWEEP, now=product.clock.now())
        async with product.database.for_tenant(tenant.id) as tx:
            assert await take_in(tx, told, EventSource.CALLBACK, now=product.clock.now()) == 0
        (conversation,) = await conversations(tenant)
        ends.add((conversation["unread"], conversation["lastMessage"]["body"], *await _sources(tenant)))
    stays = [word for word in words if word != "Hello"][-1] == "STOP"
    assert ends == {(3, words[-1], *(["STOP"] if stays else []))}


async def test_what_the_provider_answered_itself_is_obeyed_and_not_answered_again(product: Product) -> None:
    tenant = await product.tenant()
    await write(product, tenant, "Please no more", OptOutType="STOP")
    assert await _sources(tenant) == ["STOP"]
    await write(product, tenant, "HELP", OptOutType="HELP")
    assert [row["direction"] for row in await messages(product, tenant)] == ["INBOUND", "INBOUND"]


async def test_two_machines_that_answer_each_other_come_to_an_end(product: Product) -> None:
    tenant = await product.tenant()
    for _ in range(10):
        await write(product, tenant, "HELP")
        product.clock.advance(timedelta(seconds=20))
    assert len([row for row in await messages(product, tenant) if row["direction"] == "OUTBOUND"]) == 1
    product.clock.advance(timedelta(minutes=5))
    await write(product, tenant, "HELP")
    assert len([row for row in await messages(product, tenant) if row["direction"] == "OUTBOUND"]) == 2


async def test_a_number_put_on_the_list_by_hand_stays_as_it_first_came_and_leaves_by_its_own_start(
    product: Product,
) -> None:
    tenant = await product.tenant()
    for given in ("(202) 555-0171", BEA):
        added = (await tenant.machine.run(ADD, number=given))["suppressionAdd"]
        assert added == {"suppression": {"maskedNumber": "+1••••••••71", "source": "MANUAL"}, "errors": []}
    await write(product, tenant, "STOP")
    assert await _sources(tenant) == ["MANUAL"]
    await write(product, tenant, "START")
    assert await _sources(tenant) == []
    wrong = (await tenant.machine.run(ADD, number="nobody"))["suppressionAdd"]
    assert wrong["suppression"] is None
    assert [(error["code"], error["path"]) for error in wrong["errors"]] == [("INVALID_NUMBER", ["input", "number"])]


async def test_settings_change_alone_go_back_by_null_and_refuse_what_is_too_long(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    read = "{ settings { helpText stopText startText callbackRetentionDays } }"
    default = (await owner.run(read))["settings"]
    changed = (await owner.run(SETTINGS, input={"helpText": " Call us. ", "callbackRetentionDays": 7}))[
        "settingsUpdate"
    ]
    expected = default | {"helpText": "Call us.", "callbackRetentionDays": 7}
    assert changed == {"settings": expected, "errors": []}
    wrong = {"stopText": "x" * 321, "startText": "  ", "callbackRetentionDays": 401}
    refused = (await owner.run(SETTINGS, input=wrong))["settingsUpdate"]
    assert refused["settings"] is None
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("INVALID", ["input", name]) for name in wrong
    ]
    assert (await owner.run(read))["settings"] == expected
    back = (await owner.run(SETTINGS, input={"helpText": None}))["settingsUpdate"]
    assert back["settings"] == default | {"callbackRetentionDays": 7}


async def test_a_confirmation_that_the_provider_blocks_is_no_alarm_and_the_wish_holds(product: Product) -> None:
    tenant = await product.tenant()
    await write(product, tenant, "STOP", sender=OLGA)
    await _dispatch(product)
    (answer,) = [row for row in await messages(product, tenant) if row["direction"] == "OUTBOUND"]
    assert (answer["status"], answer["issue"]) == (MessageStatus.FAILED, "OPTED_OUT")
    assert await _sources(tenant) == ["STOP"]
    assert (await tenant.machine.run("{ alerts { nodes { title } } }"))["alerts"]["nodes"] == []


async def test_sends_and_a_stop_at_once_leave_nothing_on_its_way_but_the_confirmation(product: Product) -> None:
    tenant = await product.tenant()
    (contact,) = await add_contacts(product, tenant, [BEA])
    inbox = CallbackInbox(product.database, product.clock)
    await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_RECEIVED, fields_of(tenant, "STOP")))
    await asyncio.gather(
        *(send(tenant.machine, [contact], key=str(number)) for number in range(10)), product.apply_callbacks()
    )
    await _dispatch(product)
    assert {row["status"] for row in await messages(product, tenant) if row["keyword"] is None} <= {"CANCELED"}
    assert [one["body"][:11] for one in await at_the_provider(product, tenant)] == ["You will ge"]
    used = await _used(tenant)
    assert (used["used"], used["reserved"]) == (1, 0)
