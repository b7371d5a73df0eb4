"""Receivers that fail, and what becomes of what they did not take."""

import asyncio
import contextlib
from datetime import datetime, timedelta

import pytest

from auth.permissions import TenantRole
from portal.alerts.catalogue import AlertKind
from portal.alerts.mailing import AlertMails
from portal.mail.queue import MailQueue
from portal.webhooks.claiming import LEASE
from portal.webhooks.delivering import WebhookDelivery
from portal.webhooks.schedule import LONGEST_WISH, PAUSES, pause_after
from tests.mailbox import mails
from tests.product import Product
from tests.webhooks.conftest import DEADLINE, Integration
from tests.webhooks.receiver import Receiver, answering, hanging, receiving, take

UPDATE = """mutation ($id: ID!, $input: WebhookEndpointUpdateInput!) {
  webhookEndpointUpdate(id: $id, input: $input) { webhookEndpoint { disabledAt } errors { code path message } }
}"""
ALERTS = "{ alerts { nodes { kind code count actor } } }"


def _at(given: str) -> datetime:
    return datetime.fromisoformat(given)


@pytest.mark.parametrize("status", [300, 301, 307, 400, 401, 404, 429, 500, 503])
async def test_what_is_no_2xx_is_tried_again_later(
    status: int, product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(status, "Not now", Location="/elsewhere")
    await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    (logged,) = await integration.deliveries()
    assert [one.path for one in receiver.requests] == ["/events"]  # a redirection is not followed
    assert (logged["attempts"], logged["lastStatus"], logged["response"]) == (1, status, "Not now")
    assert (logged["problem"] is not None) == (300 <= status < 400)
    assert logged["deliveredAt"] is logged["failedAt"] is None
    pause = _at(logged["nextAttemptAt"]) - product.clock.now()
    assert PAUSES[0] - timedelta(milliseconds=1) <= pause <= PAUSES[0] * 1.2
    receiver.answer = take
    product.clock.advance(PAUSES[0] * 1.2)
    await delivery.run_once()
    assert len({one.id for one in receiver.requests}) == 1
    assert (await integration.deliveries())[0]["deliveredAt"] is not None


async def test_what_is_never_taken_is_tried_for_more_than_a_day_then_given_up_and_the_endpoint_disabled(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(500)
    endpoint = await integration.create(receiver.url)
    await integration.happen()
    begun = product.clock.now()
    for attempt in range(1, len(PAUSES) + 1):
        assert await delivery.run_once() == 1
        assert len(receiver.requests) == attempt
        integration.owner = await product.member(integration.tenant.id, TenantRole.ADMINISTRATOR)  # sessions end
        (logged,) = await integration.deliveries()
        assert (await integration.endpoint(endpoint))["disabledAt"] is None
        product.clock.turn_to(_at(logged["nextAttemptAt"]) + timedelta(milliseconds=1))
    await delivery.run_once()
    integration.owner = await product.member(integration.tenant.id, TenantRole.ADMINISTRATOR)
    (logged,) = await integration.deliveries(state="FAILED")
    assert (logged["attempts"], logged["nextAttemptAt"]) == (len(PAUSES) + 1, None)
    assert timedelta(hours=31) < product.clock.now() - begun < timedelta(hours=38)
    found = await integration.endpoint(endpoint)
    assert (found["disabledReason"], found["effectiveEvents"]) == ("FAILING", [])
    alerts = (await integration.owner.run(ALERTS))["alerts"]["nodes"]
    assert alerts == [{"kind": AlertKind.WEBHOOK_FAILING, "code": endpoint.id, "count": 1, "actor": "TENANT"}]
    async with product.database.for_tenant(integration.tenant.id) as tx:
        assert await tx.value("SELECT count(*) FROM alert WHERE mail_due_at IS NOT NULL") == 1
    await integration.happen()
    assert await delivery.run_once() == 0  # nothing more goes there


async def test_the_owner_and_administrators_get_one_mail_of_it(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(410)
    await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    alert_mails = AlertMails(product.database, MailQueue(product.box), product.url, product.clock)
    for _ in range(2):
        await alert_mails.queue_due()
        told = [mail.subject for mail in await mails(product.database, product.box)]
        assert len([subject for subject in told if "webhook" in subject]) == 1


async def test_one_that_is_gone_is_disabled_at_once_and_may_be_enabled_again(
    integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(410)
    endpoint = await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    assert (await integration.endpoint(endpoint))["disabledReason"] == "GONE"
    (logged,) = await integration.deliveries()
    assert (logged["nextAttemptAt"], logged["lastStatus"]) == (None, 410)
    assert logged["failedAt"] is not None
    receiver.answer = take
    done = (await integration.owner.run(UPDATE, id=endpoint.id, input={"enabled": True}))["webhookEndpointUpdate"]
    assert done == {"webhookEndpoint": {"disabledAt": None}, "errors": []}
    await integration.happen()
    await delivery.run_once()
    assert len(receiver.requests) == 2


async def test_what_waits_for_a_disabled_endpoint_is_given_up_when_its_turn_comes(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(500)
    endpoint = await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    await integration.owner.run(UPDATE, id=endpoint.id, input={"enabled": False})
    product.clock.advance(timedelta(minutes=1))
    await delivery.run_once()
    assert len(receiver.requests) == 1
    (logged,) = await integration.deliveries(state="FAILED")
    assert logged["problem"] == "The endpoint is disabled."


async def test_a_success_between_failures_keeps_an_endpoint(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    receiver.answer = answering(500)
    endpoint = await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    failing_since = (await integration.endpoint(endpoint))["failingSince"]
    assert _at(failing_since) <= product.clock.now()
    receiver.answer = take
    product.clock.advance(timedelta(minutes=1))
    await delivery.run_once()
    assert (await integration.endpoint(endpoint))["failingSince"] is None


@pytest.mark.parametrize(
    ("given", "least"),
    [
        ("7200", timedelta(hours=2)),
        ("999999999", LONGEST_WISH),
        ("1", PAUSES[0]),
        ("soon", PAUSES[0]),
        ("1 Jan 99999999999 1:1:1", PAUSES[0]),
    ],
)
async def test_retry_after_is_honoured_within_bounds(
    given: str,
    least: timedelta,
    product: Product,
    integration: Integration,
    receiver: Receiver,
    delivery: WebhookDelivery,
) -> None:
    receiver.answer = answering(503, Retry_After=given)
    await integration.create(receiver.url)
    await integration.happen()
    await delivery.run_once()
    (logged,) = await integration.deliveries()
    pause = _at(logged["nextAttemptAt"]) - product.clock.now()
    assert least - timedelta(milliseconds=1) <= pause <= max(least, PAUSES[0] * 1.2)


async def test_a_receiver_that_never_answers_costs_the_deadline_and_is_tried_again(
    integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    over = asyncio.Event()
    receiver.answer = hanging(over)
    await integration.create(receiver.url)
    await integration.happen()
    async with asyncio.timeout(DEADLINE.total_seconds() * 5):
        await delivery.run_once()
    over.set()
    (logged,) = await integration.deliveries()
    assert (logged["lastStatus"], logged["deliveredAt"]) == (None, None)
    assert logged["problem"].startswith("No answer within")


async def test_of_an_endless_answer_the_beginning_is_read_and_no_more(
    integration: Integration, delivery: WebhookDelivery
) -> None:
    sent, ended = 0, asyncio.Event()

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"10000\r\n" + b"0123456789abcdef" * 4096 + b"\r\n")
                sent += 1
                await writer.drain()
        ended.set()

    async with await asyncio.start_server(endless, "127.0.0.1", 0) as server:
        await integration.create(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
        await integration.happen()
        await delivery.run_once()
        await asyncio.wait_for(ended.wait(), DEADLINE.total_seconds())
    (logged,) = await integration.deliveries()
    assert logged["deliveredAt"] is not None
    assert logged["response"] == "0123456789abcdef" * 128
    assert sent < 500  # what the buffers of two sockets hold, and no more


async def test_where_nobody_listens_it_is_said_without_a_word_of_the_portal_s_network(
    integration: Integration, delivery: WebhookDelivery
) -> None:
    async with receiving() as gone:
        await integration.create(gone.url)
    await integration.happen()
    await delivery.run_once()
    (logged,) = await integration.deliveries()
    assert logged["problem"] == "No connection could be made."


def test_the_pauses_grow_for_a_bit_more_than_a_day_and_then_it_is_given_up() -> None:
    pauses = [pause_after(attempts) for attempts in range(1, len(PAUSES) + 1)]
    assert all(low <= pause <= low * 1.2 for low, pause in zip(PAUSES, pauses, strict=True) if pause is not None)
    assert None not in pauses
    assert pause_after(len(PAUSES) + 1) is None
    assert timedelta(hours=24) < sum(PAUSES, timedelta()) < timedelta(hours=36)
    assert len({pause_after(7) for _ in range(20)}) > 1


async def test_an_endpoint_whose_deliveries_cannot_be_claimed_is_left_alone_for_a_while(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    await integration.create(receiver.url)
    await integration.happen()
    change = "UPDATE webhook_secret SET secret = $2 WHERE tenant_id = $1"
    async with product.database.for_tenant(integration.tenant.id) as tx:
        secret = await tx.value("SELECT secret FROM webhook_secret WHERE tenant_id = $1", integration.tenant.id)
        await tx.execute(change, integration.tenant.id, b"of another key")
    assert [await delivery.run_once() for _ in range(2)] == [1, 0]
    (logged,) = await integration.deliveries()
    assert logged["attempts"] == 0
    assert LEASE - timedelta(milliseconds=1) <= _at(logged["nextAttemptAt"]) - product.clock.now() <= LEASE
    async with product.database.for_tenant(integration.tenant.id) as tx:
        await tx.execute(change, integration.tenant.id, secret)
    product.clock.advance(LEASE)
    assert await delivery.run_once() == 1
    assert len(receiver.requests) == 1
