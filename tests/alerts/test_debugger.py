"""The provider's log becomes alerts: in the tenant's words for the tenant, with the number for ISV support alone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from api.webhooks.addresses import USAGE_TRIGGER
from auth.permissions import StaffRole, TenantRole
from portal.database.address import DatabaseAddress
from portal_schema.nodes import to_global
from tests.alerts.events import (
    ACKNOWLEDGE,
    BODY,
    NUMBER,
    RULE,
    alerts,
    call_back,
    debugger_event,
    mailed,
    sent,
    told,
    usage_trigger,
)
from tests.product import Product
from tests.schema.rows import open_session

DELIVERED, FILTERED = "+12025550100", "+12025550107"
REFERENCES = "{ alerts { nodes { code references } } }"


def _id(row: Any) -> int:
    return int(row["id"].int)


async def test_four_errors_of_one_number_are_one_alert_with_the_messages_that_they_were_about(
    product: Product,
) -> None:
    tenant = await product.tenant()
    rows = await sent(product, tenant, *(f"+1213555000{number}" for number in range(3)))
    start = product.clock.now()
    forms = [
        debugger_event(tenant, "11200", start - timedelta(minutes=number), subject=row["provider_reference"])
        for number, row in enumerate([*rows, rows[0]])
    ]
    await call_back(product, tenant, *forms)
    (alert,) = await alerts(tenant.machine)
    # The newest first, and each of them once.
    assert alert.pop("messages") == [to_global("Message", row["id"]) for row in sorted(rows, key=_id, reverse=True)]
    assert alert.pop("id")
    assert alert == {
        "kind": "PROVIDER_ERROR",
        "code": "REPORTS_LOST",
        "title": "Reports about your messages did not reach the portal.",
        "advice": "The portal asks for what it missed; support should look into it if this goes on.",
        "actor": "ISV",
        "count": 4,
        "firstAt": told(start - timedelta(minutes=3)),
        "lastAt": told(start),
        "acknowledgedAt": None,
        "acknowledgedBy": None,
        "mutedUntil": None,
    }


async def test_what_is_called_back_again_counts_once_also_after_it_was_acknowledged(product: Product) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    form = debugger_event(tenant, "12100", product.clock.now())
    await call_back(product, tenant, form, form)
    await call_back(product, tenant, form)
    (alert,) = await alerts(tenant.machine)
    assert (alert["code"], alert["count"]) == ("ANSWER_UNREADABLE", 1)
    await owner.run(ACKNOWLEDGE, id=alert["id"])
    await call_back(product, tenant, form)
    assert [one["count"] for one in await alerts(tenant.machine)] == [1]
    assert await alerts(tenant.machine, acknowledged=False) == []


async def test_the_number_of_the_error_is_for_isv_support_in_its_session_alone(product: Product) -> None:
    tenant = await product.tenant()
    now = product.clock.now()
    await call_back(product, tenant, *(debugger_event(tenant, code, now) for code in ("11205", "11200", "11200")))
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    await open_session(support, to_global("Tenant", tenant.id))
    found = await support.run(REFERENCES)
    assert found["alerts"]["nodes"] == [{"code": "REPORTS_LOST", "references": ["11200", "11205"]}]
    owner = await product.member(tenant.id, TenantRole.OWNER)
    for caller in (owner, tenant.machine):
        answer = (await caller.post(query=REFERENCES)).json()
        assert answer["data"]["alerts"]["nodes"] == [{"code": "REPORTS_LOST", "references": None}]
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
        assert "112" not in (await caller.post(query=REFERENCES)).text


async def test_the_operator_sees_alerts_of_all_tenants_and_none_of_their_messages(product: Product) -> None:
    tenants = [await product.tenant(name) for name in ("Falcon Flights", "Freestyle Falcons")]
    for number, tenant in enumerate(tenants):
        forms = [debugger_event(tenant, "13227", product.clock.now()) for _ in range(number + 1)]
        await call_back(product, tenant, *forms)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    found = await operator.run("{ tenants { nodes { name alerts { nodes { code count } } } } }")
    assert found["tenants"]["nodes"] == [
        {"name": tenant, "alerts": {"nodes": [{"code": "CALL_FAILED", "count": number + 1}]}}
        for number, tenant in enumerate(("Falcon Flights", "Freestyle Falcons"))
    ]
    text = "query ($id: ID!) { tenant(id: $id) { alerts { nodes { messages { nodes { id } } references } } } }"
    assert await operator.codes(text, id=to_global("Tenant", tenants[0].id)) == ["FORBIDDEN", "FORBIDDEN"]


async def test_a_message_that_ends_badly_counts_once_though_its_status_and_the_log_both_tell(
    product: Product,
) -> None:
    tenant = await product.tenant()
    (row,) = await sent(product, tenant, DELIVERED)
    status = {
        "MessageSid": row["provider_reference"],
        "MessageStatus": "undelivered",
        "ErrorCode": "30007",
        "AccountSid": tenant.account_sid,
    }
    form = debugger_event(tenant, "30007", product.clock.now(), subject=row["provider_reference"])
    await call_back(product, tenant, form)
    async with product.database.for_tenant(tenant.id) as tx:
        before = await tx.value("SELECT count FROM alert WHERE tenant_id = $1", tenant.id)
    await call_back(product, tenant, status, message=row["id"])
    (alert,) = await alerts(tenant.machine)
    assert (before, alert["kind"], alert["code"], alert["count"]) == (1, "DELIVERABILITY", "FILTERED", 1)
    assert alert["messages"] == [to_global("Message", row["id"])]


@pytest.mark.parametrize(
    ("code", "level", "expected"),
    [
        ("30007", "ERROR", [("DELIVERABILITY", "FILTERED")]),
        ("30795", "ERROR", [("REGISTRATION", "BUSINESS_REJECTED")]),
        ("20003", "ERROR", [("PROVIDER_ERROR", "ACCOUNT_REFUSED")]),
        ("99999", "ERROR", [("PROVIDER_ERROR", "UNKNOWN")]),
        ("99999", "WARNING", []),  # nobody could do anything about it
        ("30026", "WARNING", [("DELIVERABILITY", "CARRIER_LIMIT")]),  # soon: at 70% of the limit
        ("30003", "ERROR", []),  # the recipient's phone is off
        ("21610", "ERROR", []),  # the recipient opted out
    ],
)
async def test_an_error_is_told_for_its_number_and_an_unknown_warning_is_not(
    code: str, level: str, expected: list[tuple[str, str]], product: Product
) -> None:
    tenant = await product.tenant()
    await call_back(product, tenant, debugger_event(tenant, code, product.clock.now(), level=level))
    assert [(one["kind"], one["code"]) for one in await alerts(tenant.machine)] == expected


async def test_an_error_from_the_future_happened_when_it_was_heard_of(product: Product) -> None:
    tenant = await product.tenant()
    now = product.clock.now()
    await call_back(product, tenant, debugger_event(tenant, "11200", now + timedelta(days=400)))
    (alert,) = await alerts(tenant.machine)
    assert alert["firstAt"] == alert["lastAt"] == told(now)


async def test_nothing_that_a_failed_request_held_is_in_an_alert_a_mail_an_event_or_the_log(
    product: Product, address: DatabaseAddress, superuser: DatabaseAddress, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = await product.tenant()
    owner = await product.member(tenant.id, TenantRole.OWNER)
    for kind in ("PROVIDER_ERROR", "DELIVERABILITY"):
        made = await owner.run(RULE, input={"kind": kind, "channels": ["PAGE", "EMAIL", "WEBHOOK"]})
        assert made["alertRuleSet"]["errors"] == []
    forms = [debugger_event(tenant, code, product.clock.now()) for code in ("11200", "30007", "99999")]
    broken = forms[0] | {"Payload": forms[0]["Payload"][:-9]}
    await call_back(product, tenant, *forms, broken)
    seen = [text for mail in await mailed(product) for text in mail]
    assert len(await alerts(owner)) == len(forms)
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    tables = await connection.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' "
        "AND table_name NOT LIKE 'callback_inbox%'"
    )
    for (table,) in tables:
        seen += [row[0] for row in await connection.fetch(f"SELECT t::text FROM {table} AS t")]  # noqa: S608  our tables
    inbox = [row[0] for row in await connection.fetch("SELECT fields::text FROM callback_inbox")]
    await connection.close()
    seen += [(await owner.post(query="{ alerts { nodes { title advice code } } }")).text, *capsys.readouterr()]
    for content in (BODY, NUMBER, NUMBER[1:]):
        assert any(content in text for text in inbox)
        assert [text for text in seen if content in text] == []


async def test_a_usage_trigger_tells_once_for_each_time_it_fires_and_stops_nothing(product: Product) -> None:
    tenant = await product.tenant()
    forms = [
        usage_trigger(tenant, "sms-outbound"),
        usage_trigger(tenant, "sms-outbound"),
        usage_trigger(tenant, "sms-outbound", fired="another-day"),
        usage_trigger(tenant, "totalprice", fired="of-the-price"),
    ]
    await call_back(product, tenant, *forms, webhook=USAGE_TRIGGER)
    found = {alert["code"]: alert for alert in await alerts(tenant.machine, kinds=["USAGE_THRESHOLD"])}
    assert {code: alert["count"] for code, alert in found.items()} == {"MESSAGES": 2, "USAGE": 1}
    assert found["MESSAGES"]["lastAt"] == told(datetime(2026, 11, 20, 14, 29, tzinfo=UTC))
    (row,) = await sent(product, tenant, DELIVERED)
    assert row["provider_reference"]
