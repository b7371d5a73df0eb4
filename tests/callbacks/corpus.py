"""A callback of each kind, made and signed by the simulator, and how it is posted."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import httpx2

from portal.callbacks.inbox import CallbackKind
from tests.product import PARENT, Product, TenantUnderTest
from twilio_gateway.simulator import payloads
from twilio_gateway.simulator.payloads import Content
from twilio_gateway.simulator.signing import SignedCallback, sign

MESSAGE = UUID("01890000-0000-7000-8000-000000000001")  # of no tenant: what it names need not be there any more
_AT = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
_SM = "SM" + "1" * 32
_RECORD = {
    "sid": _SM,
    "sender": "+14155550100",
    "recipient": "+12025550100",
    "service_sid": "MG" + "4" * 32,
    "body": "Is my bike ready? 🚲 &=+%",
    "segments": 1,
    "num_media": 0,
}
_DELIVERED = {"status": "delivered", "error_code": None, "happened": _AT.timestamp()}
_TOLD: dict[CallbackKind, payloads.Told] = {
    CallbackKind.CALL_STATUS: payloads.CallStatus(call_sid="CA" + "2" * 32),
    CallbackKind.DEBUGGER: payloads.Debugger(event_sid="NO" + "3" * 32, message_sid=_SM),
    CallbackKind.USAGE_TRIGGER: payloads.UsageTrigger(trigger_sid="UT" + "6" * 32, idempotency_token="5" * 32),
    CallbackKind.TRUST_HUB: payloads.TrustHub(bundle_sid="BU" + "7" * 32),
    CallbackKind.EVENT_STREAM: payloads.EventStream(
        event_ids=(f"EZ{1:032x}", f"EZ{2:032x}"), brand_sid="BN" + "8" * 32
    ),
}
_PATHS = {
    CallbackKind.MESSAGE_STATUS: f"messages/{MESSAGE}",
    CallbackKind.MESSAGE_RECEIVED: "inbound-messages",
    CallbackKind.CALL_STATUS: "calls",
    CallbackKind.DEBUGGER: "debugger",
    CallbackKind.USAGE_TRIGGER: "usage-triggers",
    CallbackKind.TRUST_HUB: "trust-hub",
    CallbackKind.EVENT_STREAM: "events",
}


def content_of(kind: CallbackKind, tenant: TenantUnderTest) -> Any:
    """What a callback of this kind says of the tenant's account; of a call, the last one."""
    message = _RECORD | {"account_sid": tenant.account_sid}
    if kind is CallbackKind.MESSAGE_STATUS:
        return payloads.message_status(message, _DELIVERED)
    if kind is CallbackKind.MESSAGE_RECEIVED:
        return payloads.message_received(message)
    account = {"sid": tenant.account_sid, "owner_sid": PARENT.parent_sid}
    return _TOLD[kind].contents(account, _AT)[-1]


def signed(
    product: Product,
    tenant: TenantUnderTest,
    kind: CallbackKind,
    content: Content | bytes | None = None,
    *,
    token: str | None = None,
    path_tenant: UUID | None = None,
) -> SignedCallback:
    """A callback of this kind, signed with the tenant's token or another; genuine in all that is not given."""
    url = f"{product.url}/webhooks/twilio/{path_tenant or tenant.id}/{_PATHS[kind]}"
    content = content_of(kind, tenant) if content is None else content
    return sign(url, content, token or tenant.auth_token, token="i1")


async def deliver(callback: SignedCallback, http: httpx2.AsyncClient) -> httpx2.Response | None:
    """The answer; None where the connection ended before all was written, which a body too large may meet."""
    try:
        return await http.post(callback.url, content=callback.body, headers=dict(callback.headers))
    except (httpx2.WriteError, httpx2.ReadError):
        return None
