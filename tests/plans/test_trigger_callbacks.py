"""What a usage trigger calls back with: told once a percentage and period, read up at the provider, counted nowhere."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from urllib.parse import urlencode

import httpx2
import pytest
from twilio.request_validator import RequestValidator

from api.webhooks.addresses import USAGE_TRIGGER
from auth.permissions import machine_permissions
from portal.database.address import DatabaseAddress
from portal.webhooks.delivering import WebhookDelivery
from tests.alerts.events import call_back, mailed, usage_trigger
from tests.messages.callbacks import Twilio
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.plans.changes import change, offer, tier
from tests.plans.watching import NOON, Scene, administrator_of, watch_also
from tests.plans.watching import scene as staged
from tests.product import Product, TenantUnderTest
from tests.waiting import until
from tests.webhooks.conftest import CREATE, open_client
from tests.webhooks.receiver import receiving

ALERTS = "{ alerts { nodes { code count } } }"
ALLOWANCE = "{ allowance { limit used reserved remaining } }"
RULE = "mutation ($input: AlertRuleSetInput!) { alertRuleSet(input: $input) { errors { code } } }"
UNTOUCHED = {"limit": 250, "used": 0, "reserved": 0, "remaining": 250}


@pytest.fixture
async def scene(address: DatabaseAddress) -> AsyncIterator[Scene]:
    async with staged(address) as scene:
        yield scene


async def alerts(product: Product, tenant: TenantUnderTest) -> dict[str, int]:
    """How often each alert happened, by its code."""
    caller = await product.machine(tenant.id, machine_permissions())
    return {alert["code"]: alert["count"] for alert in (await caller.run(ALERTS))["alerts"]["nodes"]}


async def syncs(product: Product, tenant: TenantUnderTest) -> list[tuple[str, str]]:
    """The days that the provider's records are to be read of, half-open."""
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        rows = await tx.rows("SELECT from_day, until_day FROM usage_sync WHERE tenant_id = $1 ORDER BY id", tenant.id)
    return [(f"{row['from_day']:%m-%d}", f"{row['until_day']:%m-%d}") for row in rows]


async def allowance(product: Product, tenant: TenantUnderTest) -> dict[str, int]:
    """What the tenant reads of its allowance."""
    caller = await product.machine(tenant.id, machine_permissions())
    return dict((await caller.run(ALLOWANCE))["allowance"])


def fired(tenant: TenantUnderTest, value: int, at: datetime = NOON, **fields: str) -> dict[str, str]:
    """The form of a daily trigger that is reached."""
    told = {"TriggerValue": f"{value}", "DateFired": f"{at:%a, %d %b %Y %H:%M:%S} +0000"}
    return usage_trigger(tenant, "sms-outbound", fired=f"{value}-{at:%d}") | told | fields


async def hear(product: Product, tenant: TenantUnderTest, *forms: dict[str, str]) -> None:
    """Post these forms as the provider does, and apply them."""
    await call_back(product, tenant, *forms, webhook=USAGE_TRIGGER)


async def send_to(product: Product, tenant: TenantUnderTest, count: int) -> None:
    """Reserve so much of the tenant's allowance."""
    tenant.machine = await product.machine(tenant.id, machine_permissions())
    contacts = await add_contacts(product, tenant, plain_numbers(count))
    assert (await send(tenant.machine, contacts))["errors"] == []


async def test_what_the_provider_counts_beyond_us_is_told_once_and_read_up_and_changes_no_count(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    await scene.set_all()
    await scene.use(tenant, 130)
    await scene.heard(1)
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1}
    assert await syncs(product, tenant) == [("03-16", "03-17")]
    assert await allowance(product, tenant) == UNTOUCHED
    await scene.use(tenant, 70)
    await scene.heard(2)
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1, "ALLOWANCE_80": 1}
    assert await syncs(product, tenant) == [("03-16", "03-17")]  # it waits still
    product.clock.advance(timedelta(days=1))
    await scene.use(tenant, 125)
    await scene.heard(3)
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 2, "ALLOWANCE_80": 1}
    assert await syncs(product, tenant) == [("03-16", "03-17"), ("03-17", "03-18")]
    assert await allowance(product, tenant) == UNTOUCHED


async def test_by_itself_the_worker_sets_triggers_hears_them_tells_and_reads_what_the_provider_counted(
    scene: Scene,
) -> None:
    product = scene.product
    tenant = await product.tenant()

    async def are_set() -> bool:
        return len(await scene.at_the_provider(tenant)) == 3

    async def is_read() -> bool:
        async with product.database.for_tenant(tenant.id, read_only=True) as tx:
            sql = "SELECT count FROM usage_record WHERE tenant_id = $1 AND category = 'sms-outbound' AND day = $2"
            return bool(await tx.value(sql, tenant.id, NOON.date()) == 130)

    async with product.worker():
        await until(are_set, seconds=30)
        await scene.use(tenant, 130)
        await until(is_read, seconds=60)
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1}


async def test_at_once_our_count_and_the_providers_tell_a_percentage_once(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant(allowance=10)
    contacts = await add_contacts(product, tenant, plain_numbers(10))
    sends = [send(tenant.machine, [contact], key=contact) for contact in contacts]
    forms = [fired(tenant, value) for value in (5, 8, 10)]
    await asyncio.gather(*sends, *(hear(product, tenant, form) for form in forms))
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1, "ALLOWANCE_80": 1, "ALLOWANCE_100": 1}
    assert (await allowance(product, tenant))["reserved"] == 10


async def test_a_threshold_goes_to_page_mail_and_webhook_once_whoever_counts_it(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant(allowance=10)
    administrator = await administrator_of(product, tenant)
    rule = {"kind": "USAGE_THRESHOLD", "channels": ["PAGE", "EMAIL", "WEBHOOK"]}
    assert (await administrator.run(RULE, input=rule))["alertRuleSet"]["errors"] == []
    async with receiving() as receiver, open_client(product) as client:
        given = {"url": receiver.url, "events": ["ALLOWANCE_THRESHOLD", "ALERT_RAISED"]}
        assert (await administrator.run(CREATE, input=given))["webhookEndpointCreate"]["errors"] == []
        await hear(product, tenant, fired(tenant, 5), fired(tenant, 5))
        await hear(product, tenant, fired(tenant, 5))
        await send_to(product, tenant, 8)  # half of it is told of already
        await hear(product, tenant, fired(tenant, 8))
        await WebhookDelivery(product.database, product.box, client, product.clock).run_once()
        told = [(one.event["type"], one.event["data"].get("percent")) for one in receiver.requests]
        raised = sorted(one.event["data"]["code"] for one in receiver.requests if one.event["type"] == "alert.raised")
    assert sorted(percent for kind, percent in told if kind == "allowance.threshold") == [50, 80]
    assert raised == ["ALLOWANCE_50", "ALLOWANCE_80"]
    (mail,) = await mailed(product)
    assert ("Half of your allowance is used. It happened once." in mail[2], "80 percent" in mail[2]) == (True, True)
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1, "ALLOWANCE_80": 1}


async def test_the_highest_percentage_tells_of_those_below_it_whichever_comes_first(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    await watch_also(await administrator_of(product, tenant), 90)
    await hear(product, tenant, fired(tenant, 225), fired(tenant, 125))
    await hear(product, tenant, fired(tenant, 200))
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1, "ALLOWANCE_80": 1, "ALLOWANCE_90": 1}
    await hear(product, tenant, fired(tenant, 250))
    assert (await alerts(product, tenant))["ALLOWANCE_100"] == 1


async def test_what_was_reached_before_the_period_began_is_read_up_and_told_no_more(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    product.clock.turn_to(NOON.replace(day=17, hour=0, minute=1))
    await hear(product, tenant, fired(tenant, 250, NOON.replace(hour=23, minute=59)))
    assert await alerts(product, tenant) == {}
    assert await syncs(product, tenant) == [("03-16", "03-18")]
    await hear(product, tenant, fired(tenant, 125, product.clock.now()))
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1}


async def test_a_trigger_of_an_earlier_plan_tells_nothing_and_one_that_others_set_tells_of_itself(
    scene: Scene,
) -> None:
    product = scene.product
    tenant = await product.tenant()
    await scene.set_all()
    old = {one["trigger_value"]: one["sid"] for one in await scene.at_the_provider(tenant)}
    product.clock.advance(timedelta(minutes=1))
    large = await offer(product, "Large", tier("49.99", 1_000))
    assert (await change(await administrator_of(product, tenant), large, "up"))["errors"] == []
    for _ in range(2):  # before it is removed, and when it is
        await hear(product, tenant, fired(tenant, 200, UsageTriggerSid=old["200"]))
        assert await alerts(product, tenant) == {}
        assert await syncs(product, tenant) == []
        await scene.set_all()
    await hear(product, tenant, fired(tenant, 200, UsageTriggerSid="UT" + "f" * 32))
    assert await alerts(product, tenant) == {"MESSAGES": 1}
    assert await syncs(product, tenant) == []


async def test_a_trigger_that_fires_before_it_is_written_down_is_known(scene: Scene) -> None:
    product = scene.product
    tenant = await product.tenant()
    await scene.use(tenant, 300)
    await scene.set_all()  # it calls back as soon as each is made
    await scene.heard(3)
    assert await alerts(product, tenant) == {"ALLOWANCE_50": 1, "ALLOWANCE_80": 1, "ALLOWANCE_100": 1}


async def test_a_trigger_tells_its_own_tenant_alone(scene: Scene) -> None:
    product = scene.product
    tenant, other = [await product.tenant(name) for name in ("Falcon Flights", "Freestyle Falcons")]
    await scene.set_all()
    await scene.use(tenant, 125)
    await scene.heard(1)
    assert (await alerts(product, tenant), await alerts(product, other)) == ({"ALLOWANCE_50": 1}, {})
    assert (await syncs(product, tenant), await syncs(product, other)) == ([("03-16", "03-17")], [])
    url, form = USAGE_TRIGGER.url(product.url, other.id), fired(other, 125)
    forged = RequestValidator(tenant.auth_token).compute_signature(url, form)
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        for signature in (forged, None):
            assert await Twilio(product, http).post(url, signature, urlencode(form).encode()) == 403
    assert await product.apply_callbacks() == 0
    assert await alerts(product, other) == {}
