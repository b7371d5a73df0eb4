"""What people write comes in and is answered: through the webhook, the worker's parts and the public schema."""

import asyncio
import secrets
from datetime import timedelta
from typing import Any

from auth.permissions import Permission, StaffRole, TenantRole
from portal.clock import new_id
from portal_schema.nodes import to_global
from tests.conversations.inbound import BEA, conversations, fields_of, post, receive, write
from tests.messages.traffic import add_contacts, at_the_provider, messages, send
from tests.product import Caller, Product, TenantUnderTest
from tests.schema.rows import let_support_see_content, open_session
from tests.waiting import until

READ = """mutation ($id: ID!) {
  conversationRead(id: $id) { conversation { unread readAt } errors { code path message } }
}"""
REPLY = """mutation ($input: ConversationReplyInput!) {
  conversationReply(input: $input) {
    message { id body status direction sender { number } recipient { number } contact { id } batch { accepted } }
    allowance { used reserved } idempotentReplay errors { code path message }
  }
}"""
THREAD = """query ($id: ID!) {
  conversation(id: $id) {
    messages { nodes { direction body status mediaCount channel conversation { id } timeline { status source } } }
  }
}"""
USAGE = "{ usage(input: {period: TODAY}) { categories { category count usage } } }"


async def reply(caller: Caller, conversation: str, body: str | None = "Yes, it is.", **more: Any) -> dict[str, Any]:
    """The payload of an answer."""
    given = {"conversationId": conversation, "idempotencyKey": secrets.token_hex(8), "body": body} | more
    return dict((await caller.run(REPLY, input=given))["conversationReply"])


async def _thread(tenant: TenantUnderTest, conversation: str) -> list[dict[str, Any]]:
    found = await tenant.machine.run(THREAD, id=conversation)
    return list(found["conversation"]["messages"]["nodes"])


async def test_somebody_writes_the_tenant_sees_it_unread_reads_it_answers_and_the_answer_is_delivered(
    product: Product,
) -> None:
    tenant = await product.tenant()
    assert await post(product, tenant, fields_of(tenant, "Is my bike ready?")) == 200
    assert await product.apply_callbacks() == 1
    (conversation,) = await conversations(tenant, unread=True)
    assert (conversation["unread"], conversation["readAt"], conversation["contact"]) == (1, None, None)
    assert conversation["recipient"] == {"number": BEA, "maskedNumber": "+1••••••••71", "country": "US"}
    assert conversation["lastMessage"] == {
        "body": "Is my bike ready?",
        "direction": "INBOUND",
        "status": "RECEIVED",
        "sender": {"number": BEA},
        "recipient": {"number": tenant.number},
    }
    marked = (await tenant.machine.run(READ, id=conversation["id"]))["conversationRead"]
    assert (marked["conversation"]["unread"], marked["errors"]) == (0, [])
    assert marked["conversation"]["readAt"] is not None
    assert await conversations(tenant, unread=True) == []
    product.clock.advance(timedelta(minutes=1))
    answer = await reply(tenant.machine, conversation["id"])
    assert answer["errors"] == []
    assert answer["allowance"] == {"used": 0, "reserved": 1}
    assert answer["message"]["sender"] == {"number": tenant.number}
    assert answer["message"]["recipient"] == {"number": BEA}
    async with product.worker():
        await until(lambda: _is_delivered(tenant, conversation["id"]))
    sent, received = await _thread(tenant, conversation["id"])
    assert (sent["direction"], sent["body"], sent["conversation"]) == (
        "OUTBOUND",
        "Yes, it is.",
        {"id": conversation["id"]},
    )
    assert received["timeline"] == [{"status": "RECEIVED", "source": "CALLBACK"}]
    (at_provider,) = await at_the_provider(product, tenant)
    assert (at_provider["to"], at_provider["from"], at_provider["body"]) == (BEA, tenant.number, "Yes, it is.")
    used = (await tenant.machine.run(USAGE))["usage"]["categories"]
    assert [one for one in used if one["category"] == "sms-inbound"] == [
        {"category": "sms-inbound", "count": 1, "usage": 1}
    ]


async def _is_delivered(tenant: TenantUnderTest, conversation: str) -> bool:
    return bool((await _thread(tenant, conversation))[0]["status"] == "DELIVERED")


async def test_a_known_number_is_its_contact_s_also_when_the_contact_comes_later(product: Product) -> None:
    tenant = await product.tenant()
    await write(product, tenant, "Hello")
    (conversation,) = await conversations(tenant)
    assert conversation["contact"] is None
    (contact,) = await add_contacts(product, tenant, [BEA])
    (conversation,) = await conversations(tenant)
    assert conversation["contact"] == {"name": None}
    await write(product, tenant, "Hello again")
    product.clock.advance(timedelta(minutes=1))
    answer = await reply(tenant.machine, conversation["id"])
    assert answer["message"]["contact"] == {"id": contact}
    of_contact = await tenant.machine.run(
        "query ($id: ID!) { contact(id: $id) { messages { nodes { direction } } } }", id=contact
    )
    assert [one["direction"] for one in of_contact["contact"]["messages"]["nodes"]] == ["OUTBOUND", "INBOUND"]


async def test_the_same_callback_five_times_is_one_message_and_one_keyword_gets_one_answer(product: Product) -> None:
    tenant = await product.tenant()
    form = fields_of(tenant, "HELP")
    assert [await post(product, tenant, form) for _ in range(5)] == [200] * 5
    while await product.apply_callbacks():
        pass
    await receive(product, tenant, form)
    (conversation,) = await conversations(tenant)
    assert conversation["unread"] == 1
    directions = [one["direction"] for one in await _thread(tenant, conversation["id"])]
    assert sorted(directions) == ["INBOUND", "OUTBOUND"]


async def test_fifty_messages_of_one_number_at_once_are_fifty_in_one_conversation(product: Product) -> None:
    tenant = await product.tenant()
    forms = [fields_of(tenant, f"Message {number}") for number in range(50)]
    answers = await asyncio.gather(
        *(post(product, tenant, form) for form in [*forms, *forms[:10]]), *(product.apply_callbacks() for _ in range(4))
    )
    assert answers[:60] == [200] * 60
    while await product.apply_callbacks():
        pass
    (conversation,) = await conversations(tenant)
    assert conversation["unread"] == 50
    rows = await messages(product, tenant)
    assert sorted(row["body"] for row in rows) == sorted(form["Body"] for form in forms)


async def test_two_tenants_that_the_same_person_writes_to_never_see_each_other_s(product: Product) -> None:
    tenants = [await product.tenant("Falcon Flights"), await product.tenant("Freestyle Falcons")]
    for tenant, text in zip(tenants, ("To the first", "STOP"), strict=True):
        await write(product, tenant, text)
    (first,), (second,) = [await conversations(tenant) for tenant in tenants]
    assert (first["lastMessage"]["body"], first["suppression"]) == ("To the first", None)
    assert (second["lastMessage"]["body"], second["suppression"]) == ("STOP", {"source": "STOP"})
    before = await messages(product, tenants[1])
    absent = to_global("Conversation", new_id(product.clock.now()))
    for given in (second["id"], absent):
        refused = await reply(tenants[0].machine, given)
        assert (refused["message"], refused["allowance"]) == (None, None)
        assert refused["errors"] == [
            {"code": "NOT_FOUND", "path": ["input", "conversationId"], "message": "There is no such conversation."}
        ]
        marked = (await tenants[0].machine.run(READ, id=given))["conversationRead"]
        assert marked == {
            "conversation": None,
            "errors": [{"code": "NOT_FOUND", "path": ["id"], "message": "There is no such conversation."}],
        }
        assert await tenants[0].machine.run(THREAD, id=given) == {"conversation": None}
    assert await messages(product, tenants[1]) == before
    assert (await conversations(tenants[1]))[0]["unread"] == 1


async def test_the_same_answer_with_the_same_key_is_one_and_another_is_refused(product: Product) -> None:
    tenant = await product.tenant()
    await write(product, tenant, "Is it ready?")
    (conversation,) = await conversations(tenant)
    first, again, other = [
        await reply(tenant.machine, conversation["id"], body, idempotencyKey="the same")
        for body in ("Yes.", "Yes.", "No.")
    ]
    assert (first["idempotentReplay"], again["idempotentReplay"]) == (False, True)
    assert again["message"] == first["message"]
    assert [error["code"] for error in other["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert len(await messages(product, tenant)) == 2


async def test_an_answer_that_the_allowance_does_not_reach_is_refused_and_costs_nothing(product: Product) -> None:
    tenant = await product.tenant(allowance=1)
    await write(product, tenant, "Is it ready?")
    (conversation,) = await conversations(tenant)
    assert (await reply(tenant.machine, conversation["id"]))["errors"] == []
    refused = await reply(tenant.machine, conversation["id"])
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("ALLOWANCE_EXHAUSTED", ["input", "conversationId"])
    ]
    assert len(await messages(product, tenant)) == 2


async def test_conversations_are_found_by_digits_and_by_name_for_who_may_see_contacts(product: Product) -> None:
    tenant = await product.tenant()
    made = await tenant.machine.run(
        'mutation { contactCreate(input: {name: "Bea", number: "+12025550171"}) { errors { code } } }'
    )
    assert made["contactCreate"]["errors"] == []
    await write(product, tenant, "From Bea")
    await write(product, tenant, "From nobody", sender="+12025550172")
    found = {search: await conversations(tenant, search=search) for search in ("bea", "0171", "555 017", "%", "x")}
    assert {search: len(some) for search, some in found.items()} == {"bea": 1, "0171": 1, "555 017": 2, "%": 0, "x": 0}
    machine = await product.machine(tenant.id, [Permission.MESSAGES_READ])
    names = 'query { conversations(filter: {search: "bea"}) { nodes { unread } } }'
    assert await machine.run(names) == {"conversations": {"nodes": []}}


async def test_a_message_with_media_is_counted_apart_and_tells_how_many(product: Product) -> None:
    tenant = await product.tenant()
    media = {"NumMedia": "2", "MediaUrl0": "https://example.com/a", "MediaContentType0": "image/png"}
    await write(product, tenant, "", **media)
    (conversation,) = await conversations(tenant)
    (message,) = await _thread(tenant, conversation["id"])
    assert (message["channel"], message["mediaCount"], message["body"]) == ("MMS", 2, "")
    used = (await tenant.machine.run(USAGE))["usage"]["categories"]
    assert used == [{"category": "mms-inbound", "count": 1, "usage": 1}]


async def test_what_is_no_text_message_or_cannot_be_read_stops_no_other(product: Product) -> None:
    tenant = await product.tenant()
    strange = [
        {},
        {"MessageSid": "SM1"},
        fields_of(tenant, "From elsewhere", sender="whatsapp:+12025550171"),
        fields_of(tenant, "Odd numbers", sender="+12025550173", NumMedia="many", NumSegments="0"),
        fields_of(tenant, "From a name", sender="BANK"),
    ]
    await receive(product, tenant, *strange, fields_of(tenant, "Good"))
    assert {one["lastMessage"]["body"] for one in await conversations(tenant)} == {"Odd numbers", "Good"}
    assert {row["body"] for row in await messages(product, tenant)} == {"Odd numbers", "From a name", "Good"}


async def test_isv_support_reads_conversations_while_content_is_granted_and_not_without(product: Product) -> None:
    tenant = await product.tenant()
    await write(product, tenant, "Something private")
    (conversation,) = await conversations(tenant)
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    text = "query ($id: ID!) { conversation(id: $id) { unread messages { nodes { body } } } }"
    await open_session(support, to_global("Tenant", tenant.id))
    assert await support.codes(text, id=conversation["id"]) == ["FORBIDDEN"]
    assert await support.codes("{ conversations { nodes { unread } } }") == ["FORBIDDEN"]
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await let_support_see_content(owner)
    found = await support.run(text, id=conversation["id"])
    assert found["conversation"] == {"unread": 1, "messages": {"nodes": [{"body": "Something private"}]}}
    assert await support.codes(READ, id=conversation["id"]) == ["FORBIDDEN"]
    assert (await conversations(tenant))[0]["unread"] == 1


async def test_a_template_answers_with_the_contact_s_own_words(product: Product) -> None:
    tenant = await product.tenant()
    made = await tenant.machine.run(
        """mutation ($input: TemplateCreateInput!) { templateCreate(input: $input) { template { id } } }""",
        input={"name": "Ready", "category": "NOTIFICATION", "body": "Ready, {{name}}, at {{time}}!"},
    )
    template = made["templateCreate"]["template"]["id"]
    await write(product, tenant, "Is it ready?")
    (conversation,) = await conversations(tenant)
    without = await reply(tenant.machine, conversation["id"], body=None, templateId=template)
    assert [error["code"] for error in without["errors"]] == ["MISSING_VARIABLE"]
    given = {"name": "Bea", "time": "10:30"}
    answer = await reply(tenant.machine, conversation["id"], body=None, templateId=template, variables=given)
    assert answer["message"]["body"] == "Ready, Bea, at 10:30!"


async def test_a_send_and_an_answer_to_the_same_person_stand_in_one_thread(product: Product) -> None:
    tenant = await product.tenant()
    (contact,) = await add_contacts(product, tenant, [BEA])
    assert (await send(tenant.machine, [contact]))["errors"] == []
    await write(product, tenant, "Thanks")
    (conversation,) = await conversations(tenant)
    assert {one["body"] for one in await _thread(tenant, conversation["id"])} == {"Your bike is ready.", "Thanks"}
