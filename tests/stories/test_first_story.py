"""The first story: a contact, a template, a send, and what becomes of it."""

from datetime import timedelta
from typing import Any

from tests.messages.traffic import at_the_provider
from tests.product import Caller, Product, TenantUnderTest
from tests.waiting import until

CREATE = """mutation ($input: ContactCreateInput!) {
  contactCreate(input: $input) { contact { id } errors { code path } }
}"""
SEND = """mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    batch { id total accepted refusals(first: 10) { nodes { code maskedNumber contact { name } } } }
    allowance { used reserved remaining } idempotentReplay errors { code path message }
  }
}"""
MESSAGES = """query ($batch: ID!) {
  messages(first: 100, filter: { batchId: $batch }, sort: { field: CREATED_AT, direction: ASCENDING }) {
    nodes { status deliveryIssue { code reason advice } timeline { status source } contact { name } }
  }
}"""
PAUSE = timedelta(minutes=1)  # longer than a message waits that was throttled three times
FINAL = {"DELIVERED", "UNDELIVERED", "FAILED", "CANCELED"}


async def contact(caller: Caller, name: str, number: str) -> str:
    """A new contact's id."""
    made = await caller.run(CREATE, input={"name": name, "number": number})
    assert made["contactCreate"]["errors"] == []
    return str(made["contactCreate"]["contact"]["id"])


async def send(caller: Caller, contacts: list[str], *, key: str = "first", body: str = "Ready, {{name}}!") -> Any:
    """The payload of a send."""
    given = {"idempotencyKey": key, "recipients": {"contactIds": contacts}, "body": body}
    return (await caller.run(SEND, input=given))["messageSend"]


async def settled(caller: Caller, batch: str) -> list[dict[str, Any]]:
    """The batch's messages once all are final."""
    found: list[dict[str, Any]] = []

    async def final() -> bool:
        nonlocal found
        found = (await caller.run(MESSAGES, batch=batch))["messages"]["nodes"]
        return all(message["status"] in FINAL for message in found)

    await until(final)
    return found


async def _falcon(product: Product) -> tuple[TenantUnderTest, Caller]:
    tenant = await product.tenant()
    return tenant, tenant.machine


async def test_messages_to_three_numbers_are_delivered_undelivered_and_refused(product: Product) -> None:
    _, caller = await _falcon(product)
    contacts = [
        await contact(caller, "Alice", "+1 202 555 0100"),
        await contact(caller, "Uma", "(202) 555-0103"),
        await contact(caller, "Olga", "202-555-0110"),
    ]
    async with product.worker():
        sent = await send(caller, contacts)
        assert sent["errors"] == []
        assert (sent["batch"]["total"], sent["batch"]["accepted"]) == (3, 3)
        assert sent["allowance"] == {"used": 0, "reserved": 3, "remaining": 247}
        alice, uma, olga = await settled(caller, sent["batch"]["id"])
    assert (alice["status"], alice["deliveryIssue"]) == ("DELIVERED", None)
    assert [event["status"] for event in alice["timeline"]] == ["QUEUED", "SENDING", "SENT", "DELIVERED"]
    assert uma["status"] == "UNDELIVERED"
    assert uma["deliveryIssue"]["code"] == "UNREACHABLE"
    assert uma["deliveryIssue"]["reason"].startswith("The phone could not be reached")
    assert (olga["status"], olga["deliveryIssue"]["code"]) == ("FAILED", "OPTED_OUT")
    # What never left is given back; what left and failed is not.
    data = await caller.run(
        "{ allowance { used reserved remaining } usage(input: {period: TODAY}) { categories { count } } }"
    )
    assert data["allowance"] == {"used": 2, "reserved": 0, "remaining": 248}
    assert data["usage"]["categories"] == [{"count": 2}]


async def test_whoever_opted_out_is_refused_before_the_next_send_costs_anything(product: Product) -> None:
    _, caller = await _falcon(product)
    olga = await contact(caller, "Olga", "+12025550110")
    async with product.worker():
        first = await send(caller, [olga])
        await settled(caller, first["batch"]["id"])
    second = await send(caller, [olga], key="second")
    assert second["batch"]["accepted"] == 0
    assert second["batch"]["refusals"]["nodes"] == [
        {"code": "OPTED_OUT", "maskedNumber": "+1••••••••10", "contact": {"name": "Olga"}}
    ]
    assert second["allowance"] == {"used": 0, "reserved": 0, "remaining": 250}


async def test_a_throttled_message_is_sent_later_and_once(product: Product) -> None:
    _, caller = await _falcon(product)
    tess = await contact(caller, "Tess", "+12025550129")
    sent = await send(caller, [tess])
    for _ in range(3):
        assert await product.dispatcher.run_once() == 1
        product.clock.advance(PAUSE)
    async with product.worker():
        (message,) = await settled(caller, sent["batch"]["id"])
    assert [event["status"] for event in message["timeline"]] == ["QUEUED", "SENDING", "SENT", "DELIVERED"]
    data = await caller.run("{ allowance { used reserved } }")
    assert data["allowance"] == {"used": 1, "reserved": 0}


async def test_a_message_that_nobody_ever_reports_on_is_asked_about_and_delivered(product: Product) -> None:
    tenant, caller = await _falcon(product)
    sent = await send(caller, [await contact(caller, "Norma", "+12025550173")])
    await product.dispatcher.run_once()

    async def delivered() -> bool:
        return [made["status"] for made in await at_the_provider(product, tenant)] == ["delivered"]

    await until(delivered)
    product.clock.advance(timedelta(minutes=2))
    async with product.worker():
        (message,) = await settled(caller, sent["batch"]["id"])
    assert message["status"] == "DELIVERED"
    assert message["timeline"][-1] == {"status": "DELIVERED", "source": "SWEEP"}
    data = await caller.run("{ allowance { used reserved } }")
    assert data["allowance"] == {"used": 1, "reserved": 0}
