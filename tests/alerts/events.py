"""What the provider's log and its count call back with, and what tests ask about alerts."""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
from twilio.request_validator import RequestValidator

from api.webhooks.addresses import DEBUGGER, Webhook, callback_url
from portal.alerts.mailing import AlertMails
from portal.alerts.raising import Occurrence, raise_alerts
from portal.mail.queue import MailQueue
from tests.mailbox import mails
from tests.messages.callbacks import Twilio
from tests.messages.traffic import add_contacts, messages, send
from tests.product import Caller, Product, TenantUnderTest

BODY = "Your code is 493817"
NUMBER = "+12025559876"
ALERTS = """query ($filter: AlertFilter) {
  alerts(filter: $filter) {
    nodes {
      id kind code title advice actor count firstAt lastAt acknowledgedAt acknowledgedBy { kind name } mutedUntil
      messages { nodes { id } }
    }
  }
}"""
ACKNOWLEDGE = """mutation ($id: ID!) {
  alertAcknowledge(id: $id) {
    alert { id acknowledgedAt acknowledgedBy { kind name } } errors { code path message }
  }
}"""
MUTE = """mutation ($id: ID!, $until: DateTime!) {
  alertMute(id: $id, until: $until) { alert { id mutedUntil } errors { code path message } }
}"""
RULE = """mutation ($input: AlertRuleSetInput!) {
  alertRuleSet(input: $input) { alertRule { kind channels } errors { code path message } }
}"""


def debugger_event(
    tenant: TenantUnderTest,
    code: str,
    at: datetime,
    *,
    subject: str = "SM" + "0" * 32,
    sid: str | None = None,
    level: str = "ERROR",
) -> dict[str, str]:
    """The form of a debugger event, with the request that failed in it: its body and numbers too."""
    parameters = {"Body": BODY, "From": NUMBER, "To": NUMBER, "MessageSid": subject}
    payload = {
        "resource_sid": subject,
        "service_sid": None,
        "error_code": code,
        "more_info": {"Msg": f"Bad answer about {BODY}", "sourceComponent": "14100", "ErrorCode": code},
        "webhook": {
            "type": "application/json",
            "request": {"url": "https://portal.test/x", "method": "POST", "headers": {}, "parameters": parameters},
            "response": {"status_code": None, "headers": {}, "body": BODY},
        },
    }
    return {
        "Sid": sid or "NO" + secrets.token_hex(16),
        "AccountSid": tenant.account_sid,
        "ParentAccountSid": "AC" + "0" * 32,
        "Timestamp": at.isoformat(),
        "Level": level,
        "PayloadType": "application/json",
        "Payload": json.dumps(payload),
    }


def usage_trigger(tenant: TenantUnderTest, category: str, *, fired: str = "one-day") -> dict[str, str]:
    """The form of a usage trigger's callback."""
    return {
        "AccountSid": tenant.account_sid,
        "UsageTriggerSid": "UT" + "1" * 32,
        "DateFired": "Fri, 20 Nov 2026 14:29:00 +0000",
        "Recurring": "daily",
        "UsageCategory": category,
        "TriggerBy": "count",
        "TriggerValue": "1000",
        "CurrentValue": "1003",
        "UsageRecordUri": "/2010-04-01/Accounts/x/Usage/Records.json",
        "IdempotencyToken": fired,
    }


async def call_back(
    product: Product,
    tenant: TenantUnderTest,
    *forms: dict[str, str],
    webhook: Webhook = DEBUGGER,
    message: UUID | None = None,
) -> None:
    """Post these forms as Twilio does, and apply them."""
    url = callback_url(product.url)(tenant.id, message) if message else webhook.url(product.url, tenant.id)
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        twilio = Twilio(product, http)
        for form in forms:
            signature = RequestValidator(tenant.auth_token).compute_signature(url, form)
            assert await twilio.post(url, signature, urlencode(form).encode()) == 204
    while await product.apply_callbacks():
        pass


def told(at: datetime) -> str:
    """An instant as answers tell it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"


async def alerts(caller: Caller, **only: Any) -> list[dict[str, Any]]:
    """The tenant's alerts, with the ids of their messages."""
    found = (await caller.run(ALERTS, filter=only))["alerts"]["nodes"]
    return [alert | {"messages": [one["id"] for one in alert["messages"]["nodes"]]} for alert in found]


async def sent(product: Product, tenant: TenantUnderTest, *numbers: str) -> list[Any]:
    """The rows of messages to these numbers, once they were handed over, in the order of the numbers."""
    contacts = await add_contacts(product, tenant, numbers)
    payload = await send(tenant.machine, contacts, key=secrets.token_hex(8))
    assert payload["errors"] == []
    while await product.dispatcher.run_once():
        pass
    rows = {row["recipient_number"]: row for row in await messages(product, tenant)}
    return [rows[number] for number in numbers]


async def raised(product: Product, tenant: TenantUnderTest, occurrences: Sequence[Occurrence]) -> None:
    """Raise alerts in a transaction of their own."""
    async with product.database.for_tenant(tenant.id) as tx:
        await raise_alerts(tx, occurrences, now=product.clock.now())


async def mailed(product: Product) -> list[tuple[str, str, str]]:
    """What is in the queue once the due mails of alerts are in it: to whom, the subject, the text."""
    await AlertMails(product.database, MailQueue(product.box), product.url, product.clock).queue_due()
    return [(mail.to, mail.subject, mail.text) for mail in await mails(product.database, product.box)]
