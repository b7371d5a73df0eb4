"""What happens in a tenant arrives at its receiver: signed, under the ids of the API, at least once."""

import asyncio
from typing import Any

import pytest

from portal.webhooks.claiming import LEASE
from portal.webhooks.delivering import AT_ONCE, WebhookDelivery
from portal.webhooks.events import WebhookEvent
from tests.product import Product
from tests.schema.rows import add_alert, add_contact, send
from tests.waiting import until
from tests.webhooks.conftest import Integration, integrate, open_client
from tests.webhooks.receiver import Receiver, hanging, receiving, take

RULE = """mutation ($input: AlertRuleSetInput!) { alertRuleSet(input: $input) { errors { code } } }"""
TEST = """mutation ($id: ID!) {
  webhookEndpointTest(id: $id) { webhookDelivery { id event } errors { code path message } }
}"""
MESSAGE = "query ($id: ID!) { message(id: $id) { id status } }"


async def test_a_message_that_arrives_is_told_of_by_the_id_and_the_status_that_the_api_gives(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url, ["MESSAGE_STATUS_CHANGED"])
    alice = await add_contact(integration.tenant.machine, "+12025550100")
    batch = await send(integration.tenant.machine, [alice], body="Hello")
    (message,) = batch["messages"]["nodes"]
    await product.dispatcher.run_once()

    async def arrived() -> bool:
        await product.apply_callbacks()
        await delivery.run_once()
        return any(one.event["data"]["status"] == "DELIVERED" for one in receiver.requests)

    await until(arrived)
    told = [one.verified(endpoint.secret) for one in receiver.requests]
    assert {one["type"] for one in told} == {"message.status_changed"}
    assert {one["data"]["messageId"] for one in told} == {message["id"]}
    assert (await integration.tenant.machine.run(MESSAGE, id=message["id"]))["message"]["status"] == "DELIVERED"
    assert len({one.id for one in receiver.requests}) == len(receiver.requests)


async def test_the_headers_are_those_of_standard_webhooks_and_the_log_keeps_what_was_sent(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url)
    await integration.happen()
    assert await delivery.run_once() == 1
    (request,) = receiver.requests
    (logged,) = await integration.deliveries()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-timestamp"] == str(int(product.clock.now().timestamp()))
    assert "cookie" not in request.headers
    assert request.id == logged["webhookId"]
    assert request.body.decode() == logged["request"]
    assert set(request.verified(endpoint.secret)) == {"type", "timestamp", "data"}
    assert (logged["attempts"], logged["lastStatus"], logged["problem"], logged["failedAt"]) == (1, 204, None, None)
    assert logged["deliveredAt"] is not None
    assert logged["endpoint"] == {"id": endpoint.id}
    assert await delivery.run_once() == 0


async def test_a_test_goes_the_way_of_every_event_whatever_the_endpoint_asks_for(
    integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url, ["MESSAGE_RECEIVED"])
    made = (await integration.owner.run(TEST, id=endpoint.id))["webhookEndpointTest"]
    assert made["errors"] == []
    await delivery.run_once()
    (request,) = receiver.requests
    told = request.verified(endpoint.secret)
    assert (told["type"], told["data"]) == ("webhook.test", {"endpointId": endpoint.id})


async def test_an_alert_goes_to_webhooks_once_its_rule_says_so(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url)
    await add_alert(product, integration.tenant.id, "no message")
    await delivery.run_once()
    assert receiver.requests == []
    await integration.owner.run(RULE, input={"kind": "PROVIDER_ERROR", "channels": ["WEBHOOK"]})
    alert = await add_alert(product, integration.tenant.id, "no message", "OUTAGE")
    await delivery.run_once()
    (request,) = receiver.requests
    told = request.verified(endpoint.secret)["data"]
    assert (told["alertId"], told["kind"], told["code"]) == (alert, "PROVIDER_ERROR", "OUTAGE")


async def test_the_worker_delivers_by_itself(product: Product, integration: Integration, receiver: Receiver) -> None:
    await integration.create(receiver.url)
    async with product.worker():
        await integration.happen()
        await until(lambda: len(receiver.requests) == 1)


async def test_a_thousand_events_at_once_all_arrive(
    integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url)
    await integration.happen(1000)
    await delivery.run_once()
    assert len(receiver.requests) == 1000
    assert len({one.id for one in receiver.requests}) == 1000
    numbers = [one.verified(endpoint.secret)["data"]["number"] for one in receiver.requests]
    assert sorted(numbers) == list(range(1000))
    assert receiver.most_at_once <= AT_ONCE


async def test_a_receiver_that_hangs_delays_no_other_endpoint_and_no_other_tenant(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    other = await integrate(product, "Freestyle Falcons")
    over = asyncio.Event()
    async with receiving() as slow:
        slow.answer = hanging(over)
        await integration.create(slow.url)
        await integration.create(receiver.url)
        await other.create(receiver.url)
        for one in (integration, other):
            await one.happen(20)
        assert await delivery.start_due() == 3
        await until(lambda: (len(receiver.requests), len(slow.requests)) == (40, AT_ONCE))
        assert slow.most_at_once == AT_ONCE
        over.set()
        await delivery.stop()
    assert [one["deliveredAt"] is None for one in await integration.deliveries()] == [False] * 40


async def test_whoever_dies_between_request_and_record_leaves_the_event_to_another(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    over = asyncio.Event()
    receiver.answer = hanging(over)
    await integration.create(receiver.url)
    await integration.happen()
    async with open_client(product) as client:
        dying = WebhookDelivery(product.database, product.box, client, product.clock)
        await dying.start_due()
        await until(lambda: len(receiver.requests) == 1)
        for task in list(dying._serving.values()):  # noqa: SLF001  as a kill does: nothing is written down
            task.cancel()
        over.set()
    receiver.answer = take
    assert await delivery.run_once() == 0  # its lease goes on
    product.clock.advance(LEASE)
    assert await delivery.run_once() == 1
    assert len({one.id for one in receiver.requests}) == 1
    assert len({one.body for one in receiver.requests}) == 1
    assert [one["attempts"] for one in await integration.deliveries()] == [2]


async def test_what_never_has_an_outcome_is_given_up_in_the_end(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    await integration.create(receiver.url)
    await integration.happen()
    async with product.database.for_tenant(integration.tenant.id) as tx:
        await tx.execute("UPDATE webhook_delivery SET attempts = 20")
    await delivery.run_once()
    assert receiver.requests == []
    assert len(await integration.deliveries(state="FAILED")) == 1


async def test_two_workers_side_by_side_send_each_event_once(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    await integration.create(receiver.url)
    await integration.happen(100)
    async with open_client(product) as client:
        other = WebhookDelivery(product.database, product.box, client, product.clock)
        await asyncio.gather(delivery.run_once(), other.run_once())
    assert len(receiver.requests) == len({one.id for one in receiver.requests}) == 100


@pytest.mark.parametrize("event", WebhookEvent)
async def test_an_event_of_a_tenant_never_reaches_an_endpoint_of_another(
    event: WebhookEvent, product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    other = await integrate(product, "Freestyle Falcons")
    events = [one.value for one in WebhookEvent if one is not WebhookEvent.WEBHOOK_TEST]
    async with receiving() as theirs:
        await other.create(theirs.url, events)
        await integration.create(receiver.url, events)
        await integration.happen(event=event, canary="only Falcon Flights may see this")
        await delivery.run_once()
        assert theirs.requests == []
    log: list[dict[str, Any]] = await other.deliveries()
    assert log == []
    assert len(receiver.requests) == (event is not WebhookEvent.WEBHOOK_TEST)
