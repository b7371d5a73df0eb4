"""Whom a send reaches: contacts, numbers, tags and a filter; who is refused, where and why; and from which number."""

from typing import Any

import pytest

from portal.clock import new_id
from portal.contacts.tags import set_tags
from portal.database import DatabaseRole
from portal.messages.addressees import MOST_RECIPIENTS
from portal_schema.nodes import to_global
from tests.messages.traffic import Books, add_contacts, balanced_books, message_key, messages, plain_numbers
from tests.product import Product, TenantUnderTest

SEND = """mutation ($input: MessageSendInput!) { messageSend(input: $input) {
  batch {
    id total accepted counts { status count }
    messages(first: 9) { nodes { recipient { number } body segments encoding } }
    refusals(first: 9) { nodes { code path maskedNumber contact { id } } }
  }
  errors { code path }
} }"""
ESTIMATE = """query ($input: MessageEstimateInput!) { messageEstimate(input: $input) {
  recipients refusals { code count } preview encoding encodingReason segments totalSegments expectedDuration
} }"""
LONG = "\u201cYour bike\u201d \u2013 it\u2019s ready\u2026" + " Come and get it." * 8
PLAIN = '"Your bike" - it\'s ready...' + " Come and get it." * 8


async def _add_number(product: Product, tenant: TenantUnderTest, number: str, *, ready: bool = True) -> str:
    number_id = new_id(product.clock.now())
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO number (tenant_id, id, number, label, provider_reference, ready, created_at) "
            "VALUES ($1, $2, $3, 'Shop', 'PN0', $4, $5)",
            *(tenant.id, number_id, number, ready, product.clock.now()),
        )
    return str(to_global("Number", number_id))


async def _tag(product: Product, tenant: TenantUnderTest, contacts: list[str], name: str) -> str:
    async with product.database.for_tenant(tenant.id) as tx:
        await set_tags(tx, {message_key(contact): [name] for contact in contacts}, now=product.clock.now())
        tag_id = await tx.value("SELECT id FROM contact_tag WHERE tenant_id = $1 AND name = $2", tenant.id, name)
    return str(to_global("ContactTag", tag_id))


async def test_everybody_who_is_named_in_any_way_gets_one_message_and_the_estimate_says_the_same(
    product: Product,
) -> None:
    tenant, other = await product.tenant(allowance=100), await product.tenant()
    alice, bob, carol, dan = await add_contacts(product, tenant, plain_numbers(4))
    (foreign,) = await add_contacts(product, other, plain_numbers(1))
    tag = await _tag(product, tenant, [alice, carol], "Regulars")
    sender = await _add_number(product, tenant, "+12025550199")
    asked: dict[str, Any] = {
        "recipients": {
            "contactIds": [alice, foreign],
            "numbers": ["(213) 555-0001", "+1 213 555 0100", "213.555.0100", "no number", "+44 20"],
            "tagIds": [tag],
            "filter": {"search": "5550003"},
        },
        "senderId": sender,
        "body": LONG,
        "smartEncoding": True,
    }
    worked_out = (await tenant.machine.run(ESTIMATE, input=asked))["messageEstimate"]
    assert worked_out == {
        "recipients": 5,
        "refusals": [
            {"code": "NOT_FOUND", "count": 1},
            {"code": "INVALID_NUMBER", "count": 2},
            {"code": "DUPLICATE", "count": 1},
        ],
        "preview": PLAIN,
        "encoding": "GSM_7",
        "encodingReason": None,
        "segments": 2,
        "totalSegments": 10,
        "expectedDuration": 9,  # a long code's second brings one segment
    }
    given = asked | {"idempotencyKey": "first"}
    answer = (await tenant.machine.run(SEND, input=given))["messageSend"]
    batch = answer["batch"]
    assert (answer["errors"], batch["total"], batch["accepted"]) == ([], 9, 5)
    assert batch["counts"] == [{"status": "QUEUED", "count": 5}]
    own = plain_numbers(4)
    assert [node["recipient"]["number"] for node in batch["messages"]["nodes"]] == [
        own[0],
        own[1],
        "+12135550100",
        own[2],
        own[3],
    ]
    assert {node["body"] for node in batch["messages"]["nodes"]} == {PLAIN}
    assert batch["refusals"]["nodes"] == [
        {"code": code, "path": ["recipients", *path], "maskedNumber": masked, "contact": None}
        for code, path, masked in (
            ("NOT_FOUND", ["contactIds", "1"], None),
            ("DUPLICATE", ["numbers", "2"], "+1••••••••00"),
            ("INVALID_NUMBER", ["numbers", "3"], None),
            ("INVALID_NUMBER", ["numbers", "4"], None),
        )
    ]
    rows = await messages(product, tenant)
    assert {row["sender_number"] for row in rows} == {"+12025550199"}
    keys = [message_key(contact) for contact in (alice, bob, carol, dan)]
    assert [row["contact_id"] for row in rows] == [keys[0], keys[1], None, keys[2], keys[3]]
    assert await balanced_books(product, tenant) == Books(used=0, reserved=5)
    again = {**asked["recipients"], "filter": {"search": "5550002"}}
    conflict = (await tenant.machine.run(SEND, input=given | {"recipients": again}))["messageSend"]
    assert [error["code"] for error in conflict["errors"]] == ["IDEMPOTENCY_CONFLICT"]


async def test_the_estimate_names_the_character_that_makes_the_text_wide(product: Product) -> None:
    tenant = await product.tenant()
    asked = {"recipients": {"numbers": ["+12135550100"]}, "body": "Ready — come"}
    worked_out = (await tenant.machine.run(ESTIMATE, input=asked))["messageEstimate"]
    assert (worked_out["encoding"], worked_out["segments"]) == ("UCS_2", 1)
    assert worked_out["encodingReason"].startswith("The character — (U+2014, EM DASH) is not in the GSM alphabet")


async def test_what_makes_no_sense_is_refused_whole_and_nothing_happens(product: Product) -> None:
    tenant, other = await product.tenant(allowance=100_000), await product.tenant()
    contacts = await add_contacts(product, tenant, plain_numbers(2))
    tag = await _tag(product, tenant, contacts, "Regulars")
    foreign_tag = await _tag(product, other, await add_contacts(product, other, plain_numbers(1)), "Theirs")
    waiting = await _add_number(product, tenant, "+12025550188", ready=False)
    foreign_sender = await _add_number(product, other, "+12025550177")
    number, body = {"numbers": ["+12135550100"]}, {"body": "Hello"}
    too_many = ("TOO_MANY_RECIPIENTS", ["recipients"])
    refused: list[tuple[dict[str, Any], tuple[str, list[str]]]] = [
        ({"recipients": {}}, ("INVALID", ["recipients"])),
        ({"recipients": {"contactIds": [], "numbers": []}}, ("INVALID", ["recipients"])),
        ({"recipients": {"contactIds": contacts[:1] * (MOST_RECIPIENTS + 1)}}, too_many),
        ({"recipients": {"numbers": ["x"] * (MOST_RECIPIENTS - 1), "tagIds": [tag]}}, too_many),
        ({"recipients": {"filter": {}}}, ("INVALID", ["recipients", "filter"])),
        ({"recipients": {"filter": {"search": " "}}}, ("INVALID", ["recipients", "filter"])),
        ({"recipients": {"filter": {"search": "nobody"}}}, ("INVALID", ["recipients"])),
        ({"recipients": {"tagIds": [tag, foreign_tag]}}, ("NOT_FOUND", ["recipients", "tagIds", "1"])),
        ({"recipients": {"tagIds": ["x"]}}, ("NOT_FOUND", ["recipients", "tagIds", "0"])),
        ({"recipients": number, "senderId": foreign_sender}, ("NOT_FOUND", ["senderId"])),
        ({"recipients": number, "senderId": "x"}, ("NOT_FOUND", ["senderId"])),
        ({"recipients": number, "senderId": waiting}, ("SENDER_NOT_READY", ["senderId"])),
        ({"recipients": number, "body": "x" * 1_601}, ("INVALID", ["body"])),
        ({"recipients": number, "body": " "}, ("INVALID", ["body"])),
        (
            {"recipients": {"numbers": ["+12135550100", "x"]}, "onRefusal": "SEND_NONE"},
            ("RECIPIENTS_REFUSED", ["recipients", "numbers", "1"]),
        ),
        (
            {"recipients": number, "body": "Hello {{first}}", "onRefusal": "SEND_NONE"},
            ("RECIPIENTS_REFUSED", ["recipients", "numbers", "0"]),
        ),
    ]
    for asked, (code, path) in refused:
        answer = (await tenant.machine.run(SEND, input={"idempotencyKey": "first"} | body | asked))["messageSend"]
        assert answer == {"batch": None, "errors": [{"code": code, "path": ["input", *path]}]}
        if code not in {"RECIPIENTS_REFUSED", "TOO_MANY_RECIPIENTS"}:
            assert await tenant.machine.codes(ESTIMATE, input=body | asked) == ["BAD_USER_INPUT"]
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        for table in ("message_batch", "message_refusal", "message", "idempotency_key", "allowance_entry"):
            assert await tx.value(f"SELECT count(*) FROM {table}") == 0  # noqa: S608  named above


@pytest.mark.parametrize("ready", [True, False])
async def test_without_a_choice_the_first_number_that_is_ready_is_sent_from(product: Product, *, ready: bool) -> None:
    tenant = await product.tenant()
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE number SET ready = false WHERE tenant_id = $1", tenant.id)
    await _add_number(product, tenant, "+12025550199", ready=ready)
    given = {"idempotencyKey": "first", "recipients": {"numbers": ["+12135550100"]}, "body": "Hello"}
    answer = (await tenant.machine.run(SEND, input=given))["messageSend"]
    rows = await messages(product, tenant)
    assert [error["code"] for error in answer["errors"]] == ([] if ready else ["NO_SENDER"])
    assert [row["sender_number"] for row in rows] == (["+12025550199"] if ready else [])
