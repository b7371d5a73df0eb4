"""Where a new alert goes: to the page, by mail, to webhook endpoints; and nowhere while it is muted."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from auth.permissions import TenantRole
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.live.changes import Change, ChangeKind
from portal_schema.nodes import from_global
from tests.alerts.events import ACKNOWLEDGE, MUTE, RULE, alerts, call_back, debugger_event, mailed, told
from tests.live.sockets import looking
from tests.product import Caller, Product, TenantUnderTest
from tests.waiting import until

RULES = "{ alertRules { kind channels } }"


async def route(owner: Caller, *channels: str, kind: str = "PROVIDER_ERROR") -> None:
    """Send new alerts of a kind there."""
    done = await owner.run(RULE, input={"kind": kind, "channels": list(channels)})
    assert done["alertRuleSet"] == {"alertRule": {"kind": kind, "channels": list(channels)}, "errors": []}


async def fault(product: Product, tenant: TenantUnderTest, code: str = "11200", times: int = 1) -> None:
    """The provider's log tells of this error."""
    await call_back(product, tenant, *(debugger_event(tenant, code, product.clock.now()) for _ in range(times)))


async def address_of(caller: Caller) -> str:
    """Somebody's own mail address."""
    found = await caller.run("{ viewer { principal { ... on Person { email } } } }")
    return str(found["viewer"]["principal"]["email"])


async def endpoint(product: Product, tenant: TenantUnderTest, owner: Caller, *events: str) -> None:
    """A webhook endpoint that asks for these events, as the table has it."""
    async with product.database.as_role(DatabaseRole.AUTH) as auth:
        person = await auth.value("SELECT id FROM person WHERE email = $1", await address_of(owner))
    async with product.database.for_tenant(tenant.id) as tx:
        await tx.execute(
            "INSERT INTO webhook_endpoint (tenant_id, id, url, events, set_by, set_by_name, created_at, updated_at) "
            "VALUES ($1, $2, 'https://shop.test/', $3, $4, 'Owner', $5, $5)",
            tenant.id,
            new_id(product.clock.now()),
            list(events),
            person,
            product.clock.now(),
        )


async def emitted(product: Product, tenant: TenantUnderTest) -> list[dict[str, Any]]:
    """The data of the events for integrators about alerts."""
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        sql = "SELECT data FROM webhook_event WHERE tenant_id = $1 AND type = 'ALERT_RAISED' ORDER BY id"
        return [orjson.loads(row["data"]) for row in await tx.rows(sql, tenant.id)]


async def test_alerts_go_to_the_page_alone_unless_a_rule_says_otherwise(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await endpoint(product, tenant, owner, "ALERT_RAISED")
    heard: list[Change] = []
    product.database.on_commit = lambda _, changes: heard.extend(changes)
    await fault(product, tenant, times=3)
    (alert,) = await alerts(owner)
    assert heard == [Change(ChangeKind.ALERT, from_global("Alert", alert["id"]))]
    assert await mailed(product) == []
    assert await emitted(product, tenant) == []
    kinds = [
        "USAGE_THRESHOLD",
        "SPEND_CAP",
        "DELIVERABILITY",
        "PROVIDER_ERROR",
        "REGISTRATION",
        "WEBHOOK_FAILING",
        "FRAUD",
    ]
    assert await owner.run(RULES) == {"alertRules": [{"kind": kind, "channels": ["PAGE"]} for kind in kinds]}


async def test_whoever_looks_on_is_told_of_a_new_alert_and_not_of_each_time(product: Product) -> None:
    tenant = await product.tenant()
    support = await product.member(tenant.id, TenantRole.SUPPORT)
    async with looking(support) as socket:
        await socket.subscribe("subscription { alertRaised { code count title messages { nodes { id } } } }")
        await fault(product, tenant, times=2)
        title = "Reports about your messages did not reach the portal."
        expected = {"code": "REPORTS_LOST", "count": 2, "title": title, "messages": {"nodes": []}}
        assert await socket.data() == {"alertRaised": expected}
        await fault(product, tenant)
        await fault(product, tenant, "13227")
        told_next = (await socket.data())["alertRaised"]
        assert (told_next["code"], told_next["count"]) == ("CALL_FAILED", 1)
        await socket.quiet()


async def test_a_new_alert_is_mailed_once_to_the_owner_and_each_administrator_and_to_nobody_else(
    product: Product,
) -> None:
    tenant = await product.tenant()
    people = {role: await product.member(tenant.id, role) for role in TenantRole}
    other = await product.tenant("Freestyle Falcons")
    await product.member(other.id, TenantRole.OWNER)
    await route(people[TenantRole.OWNER], "EMAIL")
    await fault(product, tenant, times=3)
    found = await mailed(product)
    to = {await address_of(people[role]) for role in (TenantRole.OWNER, TenantRole.ADMINISTRATOR)}
    assert {mail[0] for mail in found} == to
    assert len(found) == len(to)
    assert {mail[1] for mail in found} == {"Falcon Flights: Reports about your messages did not reach the portal"}
    text = (
        "Reports about your messages did not reach the portal. It happened 3 times.\n"
        "The portal asks for what it missed; support should look into it if this goes on.\n\n"
        "See what it is about, and take note of it, in the portal of Falcon Flights:\n\n"
        f"{product.url}/alerts\n\n"
        "You get this mail as its Owner or an Administrator. The page sets what is mailed.\n"
    )
    assert {mail[2] for mail in found} == {text}
    await fault(product, tenant)  # of the same alert
    assert await mailed(product) == found


async def test_alerts_that_come_together_are_one_mail(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await route(owner, "EMAIL")
    for code in ("11200", "13227"):
        await fault(product, tenant, code)
    ((_, subject, text),) = await mailed(product)
    assert subject == "Falcon Flights: 2 things need attention"
    assert "did not reach the portal. It happened once.\n" in text
    assert "A call failed for a technical reason. It happened once.\n" in text


async def test_what_is_acknowledged_before_the_mail_is_written_is_not_mailed(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await route(owner, "EMAIL")
    await fault(product, tenant)
    (alert,) = await alerts(owner)
    await owner.run(ACKNOWLEDGE, id=alert["id"])
    assert await mailed(product) == []
    await fault(product, tenant)  # the next one is a new alert
    assert len(await mailed(product)) == 1


async def test_the_worker_mails_by_itself(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await route(owner, "EMAIL")
    await fault(product, tenant)
    async with product.worker():
        await until(lambda: _no_mail_is_due(product, tenant))


async def _no_mail_is_due(product: Product, tenant: TenantUnderTest) -> bool:
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        sql = "SELECT count(*) = 0 FROM alert WHERE tenant_id = $1 AND mail_due_at IS NOT NULL"
        return bool(await tx.value(sql, tenant.id))


async def test_a_new_alert_is_an_event_for_the_endpoints_that_ask_for_it(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await endpoint(product, tenant, owner, "ALERT_RAISED")
    await route(owner, "WEBHOOK")
    await fault(product, tenant, times=2)
    await fault(product, tenant)
    (alert,) = await alerts(owner)
    assert await emitted(product, tenant) == [
        {
            "alertId": alert["id"],
            "kind": "PROVIDER_ERROR",
            "code": "REPORTS_LOST",
            "title": alert["title"],
            "advice": alert["advice"],
            "actor": "ISV",
            "count": 2,
        }
    ]


async def test_what_is_muted_is_counted_and_told_to_nobody_until_its_time_is_over(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await endpoint(product, tenant, owner, "ALERT_RAISED")
    await fault(product, tenant)
    (alert,) = await alerts(owner)
    await route(owner, "PAGE", "EMAIL", "WEBHOOK")
    until_then = product.clock.now() + timedelta(minutes=10)
    done = await owner.run(MUTE, id=alert["id"], until=until_then.isoformat())
    assert done["alertMute"] == {"alert": {"id": alert["id"], "mutedUntil": told(until_then)}, "errors": []}
    await owner.run(ACKNOWLEDGE, id=alert["id"])
    heard: list[Change] = []
    product.database.on_commit = lambda _, changes: heard.extend(changes)
    await fault(product, tenant, times=2)
    muted = await alerts(owner, acknowledged=False)
    assert [(one["count"], one["mutedUntil"]) for one in muted] == [(2, told(until_then))]
    assert (heard, await mailed(product), await emitted(product, tenant)) == ([], [], [])
    await fault(product, tenant, "13227")  # another code is told
    assert (len(heard), len(await mailed(product)), len(await emitted(product, tenant))) == (1, 1, 1)
    product.clock.advance(timedelta(minutes=10))
    assert [one["mutedUntil"] for one in await alerts(owner, acknowledged=False)] == [None, None]
    for _ in range(2):  # the alert that was never told of is, once
        await fault(product, tenant)
        assert (len(heard), len(await mailed(product)), len(await emitted(product, tenant))) == (2, 2, 2)
    assert heard[-1] == Change(ChangeKind.ALERT, from_global("Alert", muted[0]["id"]))
    assert [event["count"] for event in await emitted(product, tenant)] == [1, 3]


async def test_what_was_muted_by_mistake_is_told_again_from_now_on(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await route(owner, "EMAIL")
    await fault(product, tenant)
    assert len(await mailed(product)) == 1
    (alert,) = await alerts(owner)
    for until_then in (timedelta(days=1), timedelta()):
        await owner.run(MUTE, id=alert["id"], until=(product.clock.now() + until_then).isoformat())
    assert [one["mutedUntil"] for one in await alerts(owner)] == [None]
    await owner.run(ACKNOWLEDGE, id=alert["id"])
    await fault(product, tenant)
    assert len(await mailed(product)) == 2


async def test_nothing_is_muted_for_longer_than_90_days(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await fault(product, tenant)
    (alert,) = await alerts(owner)
    now = product.clock.now()
    done = await owner.run(MUTE, id=alert["id"], until=(now + timedelta(days=90, seconds=1)).isoformat())
    message = "Choose an instant at most 90 days away."
    assert done["alertMute"] == {
        "alert": None,
        "errors": [{"code": "INVALID", "path": ["until"], "message": message}],
    }
    assert [one["mutedUntil"] for one in await alerts(owner)] == [None]
    done = await owner.run(MUTE, id=alert["id"], until=(now + timedelta(days=90)).isoformat())
    assert done["alertMute"]["errors"] == []


async def test_a_channel_is_named_once_and_no_channel_is_silence(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    done = await owner.run(RULE, input={"kind": "PROVIDER_ERROR", "channels": ["PAGE", "EMAIL", "PAGE"]})
    message = "Name each channel once."
    assert done["alertRuleSet"] == {
        "alertRule": None,
        "errors": [{"code": "INVALID", "path": ["input", "channels"], "message": message}],
    }
    assert {"kind": "PROVIDER_ERROR", "channels": ["PAGE"]} in (await owner.run(RULES))["alertRules"]
    await route(owner)
    heard: list[Change] = []
    product.database.on_commit = lambda _, changes: heard.extend(changes)
    await fault(product, tenant)
    assert (heard, len(await alerts(owner))) == ([], 1)


@pytest.mark.parametrize("role", [TenantRole.BILLING_MANAGER, TenantRole.SUPPORT])
async def test_who_may_only_read_changes_nothing(role: TenantRole, product: Product) -> None:
    tenant = await product.tenant()
    await fault(product, tenant)
    caller = await product.member(tenant.id, role)
    (alert,) = await alerts(caller)
    until_then = product.clock.now() + timedelta(days=1)
    assert await caller.codes(ACKNOWLEDGE, id=alert["id"]) == ["FORBIDDEN"]
    assert await caller.codes(MUTE, id=alert["id"], until=until_then.isoformat()) == ["FORBIDDEN"]
    assert await caller.codes(RULE, input={"kind": "PROVIDER_ERROR", "channels": []}) == ["FORBIDDEN"]
    assert await alerts(caller) == [alert]
