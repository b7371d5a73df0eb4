"""Endpoints and their secrets: shown once, good together for a day, and never more than their setter may see."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from standardwebhooks import WebhookVerificationError

from auth.permissions import TenantRole
from portal.actor import Actor, ActorKind
from portal.clock import new_id
from portal.problems import RefusedError
from portal.webhooks.delivering import WebhookDelivery
from portal.webhooks.endpoints import (
    MOST_ENDPOINTS,
    MOST_SECRETS,
    EndpointChange,
    EndpointSetup,
    Setter,
    create_endpoint,
    update_endpoint,
)
from portal.webhooks.events import WebhookEvent
from portal_schema.nodes import from_global
from tests.product import Product
from tests.webhooks.conftest import CREATE, Integration, open_client
from tests.webhooks.receiver import Receiver

ROTATE = """mutation ($id: ID!, $key: String!) {
  webhookEndpointRotate(id: $id, idempotencyKey: $key) {
    webhookEndpoint { secrets { expiresAt } } secret idempotentReplay errors { code path message }
  }
}"""
DELETE = "mutation ($id: ID!) { webhookEndpointDelete(id: $id) { deletedId errors { code } } }"
SEND_AGAIN = """mutation ($input: WebhookReplayInput!) {
  webhookReplay(input: $input) { replayed idempotentReplay errors { code path message } }
}"""


async def test_while_one_secret_replaces_the_other_both_verify_and_then_the_new_one_alone(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url)
    rotated = (await integration.owner.run(ROTATE, id=endpoint.id, key="once"))["webhookEndpointRotate"]
    assert rotated["errors"] == []
    assert rotated["secret"] != endpoint.secret
    assert [one["expiresAt"] is None for one in rotated["webhookEndpoint"]["secrets"]] == [False, True]
    await integration.happen()
    await delivery.run_once()
    assert receiver.requests[0].verified(endpoint.secret) == receiver.requests[0].verified(rotated["secret"])
    assert len(receiver.requests[0].headers["webhook-signature"].split(" ")) == 2
    async with product.database.for_tenant(integration.tenant.id) as tx:  # as after a day
        await tx.execute("UPDATE webhook_secret SET expires_at = $1 WHERE expires_at IS NOT NULL", product.clock.now())
    await integration.happen()
    await delivery.run_once()
    assert receiver.requests[1].verified(rotated["secret"])["data"] == {"number": 0}
    with pytest.raises(WebhookVerificationError):
        receiver.requests[1].verified(endpoint.secret)


async def test_the_same_rotation_twice_makes_one_secret_and_shows_it_once(integration: Integration) -> None:
    endpoint = await integration.create("https://9.9.9.9/")
    first = (await integration.owner.run(ROTATE, id=endpoint.id, key="once"))["webhookEndpointRotate"]
    again = (await integration.owner.run(ROTATE, id=endpoint.id, key="once"))["webhookEndpointRotate"]
    assert first["secret"].startswith("whsec_")
    assert (again["secret"], again["idempotentReplay"], again["errors"]) == (None, True, [])
    assert len(again["webhookEndpoint"]["secrets"]) == 2
    for number in range(MOST_SECRETS - 2):
        await integration.owner.run(ROTATE, id=endpoint.id, key=f"more {number}")
    refused = (await integration.owner.run(ROTATE, id=endpoint.id, key="too many"))["webhookEndpointRotate"]
    assert [error["code"] for error in refused["errors"]] == ["TOO_MANY_SECRETS"]


async def test_a_secret_is_encrypted_and_stands_in_no_log(
    product: Product, integration: Integration, receiver: Receiver, capsys: pytest.CaptureFixture[str]
) -> None:
    endpoint = await integration.create(receiver.url)
    rotated = (await integration.owner.run(ROTATE, id=endpoint.id, key="once"))["webhookEndpointRotate"]["secret"]
    log = str(await integration.owner.run("{ auditLog(first: 100) { nodes { action changes } } }"))
    async with product.database.for_tenant(integration.tenant.id) as tx:
        kept = [bytes(row["secret"]) for row in await tx.rows("SELECT secret FROM webhook_secret")]
    told = "".join(capsys.readouterr())
    assert "webhookEndpointRotate" in log
    for secret in (endpoint.secret, rotated):
        assert secret not in log + told
        assert secret.encode() not in b"".join(kept)
        assert secret in [product.box.decrypt(one).decode() for one in kept]


async def test_a_tenant_has_at_most_ten_endpoints_however_many_are_made_at_once(integration: Integration) -> None:
    given = {"url": "https://9.9.9.9/", "events": ["ALERT_RAISED"]}
    made = await asyncio.gather(*(integration.owner.run(CREATE, input=given) for _ in range(MOST_ENDPOINTS + 3)))
    codes = [error["code"] for one in made for error in one["webhookEndpointCreate"]["errors"]]
    assert codes == ["TOO_MANY_ENDPOINTS"] * 3
    assert len((await integration.owner.run("{ webhookEndpoints { id } }"))["webhookEndpoints"]) == MOST_ENDPOINTS


async def test_nobody_has_more_sent_than_they_may_see(product: Product, integration: Integration) -> None:
    actor = Actor(ActorKind.MEMBER, new_id(product.clock.now()), "Somebody through an application")
    narrow = Setter(actor, frozenset({WebhookEvent.ALERT_RAISED}))
    endpoint = await integration.create("https://9.9.9.9/", ["MESSAGE_RECEIVED"])
    key = from_global("WebhookEndpoint", endpoint.id)
    assert isinstance(key, UUID)
    asked = EndpointChange("https://9.9.9.9/", [WebhookEvent.ALERT_RAISED, WebhookEvent.MESSAGE_RECEIVED])
    async with open_client(product) as client, product.database.for_tenant(integration.tenant.id) as tx:
        setup = EndpointSetup(product.box, client)
        with pytest.raises(RefusedError, match="EVENT_NOT_ALLOWED"):
            await create_endpoint(tx, asked, narrow, setup, now=product.clock.now())
        with pytest.raises(RefusedError, match="EVENT_NOT_ALLOWED"):  # its content would go where they say
            await update_endpoint(
                tx, key, EndpointChange(url="https://8.8.8.8/"), narrow, setup, now=product.clock.now()
            )
    assert (await integration.endpoint(endpoint))["url"] == "https://9.9.9.9/"


async def test_events_go_out_only_while_whoever_set_the_endpoint_may_see_them(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    developer = Integration(
        product, integration.tenant, await product.member(integration.tenant.id, TenantRole.DEVELOPER)
    )
    endpoint = await developer.create(receiver.url, ["MESSAGE_RECEIVED", "ALERT_RAISED"])
    await integration.happen(event=WebhookEvent.MESSAGE_RECEIVED)
    async with product.database.for_tenant(integration.tenant.id) as tx:
        await tx.execute("UPDATE membership SET role = 'SUPPORT' WHERE role = 'DEVELOPER'")
    assert (await integration.endpoint(endpoint))["effectiveEvents"] == ["ALERT_RAISED"]
    await integration.happen(event=WebhookEvent.MESSAGE_RECEIVED)
    await integration.happen()
    await delivery.run_once()
    assert [one.event["type"] for one in receiver.requests] == ["alert.raised"]
    (held_back,) = await integration.deliveries(state="FAILED")  # written before, due after
    assert held_back["event"] == "MESSAGE_RECEIVED"
    async with product.database.for_tenant(integration.tenant.id) as tx:
        await tx.execute("DELETE FROM membership WHERE role = 'SUPPORT'")
    assert (await integration.endpoint(endpoint))["effectiveEvents"] == []
    await integration.happen()
    await delivery.run_once()
    assert len(receiver.requests) == 1


async def test_a_deleted_endpoint_gets_nothing_and_its_log_stays(
    integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url)
    await integration.happen()
    assert (await integration.owner.run(DELETE, id=endpoint.id))["webhookEndpointDelete"]["errors"] == []
    await delivery.run_once()
    assert receiver.requests == []
    (logged,) = await integration.deliveries()
    assert (logged["problem"], logged["endpoint"]) == ("The endpoint was deleted.", None)


async def test_one_event_and_all_that_failed_in_a_range_are_sent_again_under_the_ids_that_they_had(
    product: Product, integration: Integration, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    endpoint = await integration.create(receiver.url)
    await integration.happen(3)
    await delivery.run_once()
    before = {one.id for one in receiver.requests}
    first = (await integration.deliveries())[0]
    given = {"deliveryId": first["id"], "idempotencyKey": "once"}
    answers = [(await integration.owner.run(SEND_AGAIN, input=given))["webhookReplay"] for _ in range(2)]
    assert [(one["replayed"], one["idempotentReplay"]) for one in answers] == [(1, False), (None, True)]
    await delivery.run_once()
    assert [one.id for one in receiver.requests[3:]] == [first["webhookId"]]
    now = product.clock.now()
    day = {"from": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(hours=1)).isoformat()}
    ranged = {"endpointId": endpoint.id, "range": day}
    assert (await integration.owner.run(SEND_AGAIN, input=ranged))["webhookReplay"]["replayed"] == 0  # none failed
    async with product.database.for_tenant(integration.tenant.id) as tx:
        await tx.execute("UPDATE webhook_delivery SET delivered_at = NULL, failed_at = $1", now)
    assert (await integration.owner.run(SEND_AGAIN, input=ranged))["webhookReplay"]["replayed"] == 3
    assert (await integration.owner.run(SEND_AGAIN, input=ranged))["webhookReplay"]["replayed"] == 0  # they wait
    await delivery.run_once()
    assert {one.id for one in receiver.requests[4:]} == before
    await integration.happen(1001)
    refused = (await integration.owner.run(SEND_AGAIN, input=ranged | {"failedOnly": False}))["webhookReplay"]
    assert [error["code"] for error in refused["errors"]] == ["TOO_MANY_DELIVERIES"]
