"""What the running simulator calls back with reaches the tenant: a debugger's error as an alert, a call as a call."""

from typing import Any

import httpx2

from api.webhooks.addresses import CALL_STATUS, DEBUGGER, Webhook
from tests.alerts.events import alerts
from tests.product import Product, TenantUnderTest

CALLS = "{ calls { nodes { direction status durationSeconds sender { number } recipient { number } } } }"


async def _told(product: Product, simulator: str, tenant: TenantUnderTest, webhook: Webhook, **callback: Any) -> Any:
    told = callback | {"to_url": webhook.url(product.url, tenant.id), "account_sid": tenant.account_sid}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(f"{simulator}/simulator/callbacks", json=told)
    while await product.apply_callbacks():
        pass
    return answer.json()


async def test_an_error_of_the_debugger_becomes_an_alert_that_the_tenant_sees(product: Product, simulator: str) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    told = await _told(product, simulator, tenant, DEBUGGER, kind="debugger", error_code=30007)
    assert told == {"answers": [204]}
    assert [(alert["kind"], alert["code"], alert["count"]) for alert in await alerts(tenant.machine)] == [
        ("DELIVERABILITY", "FILTERED", 1)
    ]
    assert await alerts(other.machine) == []


async def test_the_statuses_of_a_call_become_one_call(product: Product, simulator: str) -> None:
    tenant = await product.tenant()
    told = await _told(product, simulator, tenant, CALL_STATUS, kind="call-status", seconds=61)
    assert told == {"answers": [204, 204, 204, 204]}
    assert (await tenant.machine.run(CALLS))["calls"]["nodes"] == [
        {
            "direction": "OUTBOUND",
            "status": "COMPLETED",
            "durationSeconds": 61,
            "sender": {"number": "+14155550100"},
            "recipient": {"number": "+12025550100"},
        }
    ]


async def test_what_it_signs_for_one_tenant_is_refused_at_another_s_address(product: Product, simulator: str) -> None:
    falcon, freestyle = await product.tenant(), await product.tenant()
    told = {"kind": "debugger", "to_url": DEBUGGER.url(product.url, freestyle.id), "account_sid": falcon.account_sid}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        answer = await http.post(f"{simulator}/simulator/callbacks", json=told)
    assert answer.json() == {"answers": [403]}
    assert await product.apply_callbacks() == 0
