"""A payload of each kind as Twilio documents it, and how it is signed and posted."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
from twilio.request_validator import RequestValidator

from portal.callbacks.inbox import CallbackKind
from tests.product import Product, TenantUnderTest

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MESSAGE = UUID("01890000-0000-7000-8000-000000000001")  # of no tenant: what it names need not be there any more
_NUMBER, _OWN = "+12025550100", "+14155550100"
_SM, _CA, _NO = "SM" + "1" * 32, "CA" + "2" * 32, "NO" + "3" * 32
_API = {"ApiVersion": "2010-04-01"}
_PAYLOAD = {
    "resource_sid": _SM,
    "service_sid": None,
    "error_code": "11200",
    "more_info": {"Msg": "Got HTTP 502", "sourceComponent": "14100", "ErrorCode": "11200", "LogLevel": "ERROR"},
    "webhook": {"type": FORM, "request": {"method": "POST", "parameters": {}}, "response": {"status_code": 502}},
}
_FORMS: dict[CallbackKind, dict[str, str]] = {
    CallbackKind.MESSAGE_STATUS: _API
    | {"From": _OWN, "MessageSid": _SM, "MessageStatus": "delivered", "RawDlrDoneDate": "2611201430"}
    | {"SmsSid": _SM, "SmsStatus": "delivered", "To": _NUMBER},
    CallbackKind.MESSAGE_RECEIVED: _API
    | {"Body": "Is my bike ready? 🚲 &=+%", "From": _NUMBER, "FromCity": "", "FromCountry": "US", "FromState": "DC"}
    | {"FromZip": "", "MessageSid": _SM, "MessagingServiceSid": "MG" + "4" * 32, "NumMedia": "0", "NumSegments": "1"}
    | {"SmsMessageSid": _SM, "SmsSid": _SM, "SmsStatus": "received", "To": _OWN, "ToCountry": "US"},
    CallbackKind.CALL_STATUS: _API
    | {"CallDuration": "62", "CallSid": _CA, "CallStatus": "completed", "CallbackSource": "call-progress-events"}
    | {"Called": _NUMBER, "Caller": _OWN, "Direction": "outbound-api", "From": _OWN, "SequenceNumber": "3"}
    | {"Timestamp": "Fri, 20 Nov 2026 14:30:00 +0000", "To": _NUMBER},
    CallbackKind.DEBUGGER: {"Level": "ERROR", "ParentAccountSid": "AC" + "0" * 32, "Payload": json.dumps(_PAYLOAD)}
    | {"PayloadType": JSON, "Sid": _NO, "Timestamp": "2026-11-20T14:30:00Z"},
    CallbackKind.USAGE_TRIGGER: {"CurrentValue": "100.5", "DateFired": "Fri, 20 Nov 2026 14:30:00 +0000"}
    | {"IdempotencyToken": "5" * 32, "Recurring": "monthly", "TriggerBy": "price", "TriggerValue": "100"}
    | {"UsageCategory": "totalprice", "UsageRecordUri": "/2010-04-01/x", "UsageTriggerSid": "UT" + "6" * 32},
    CallbackKind.TRUST_HUB: {"BundleSid": "BU" + "7" * 32, "Status": "twilio-approved", "FailureReason": ""},
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
    """What a callback of this kind says of the tenant's account."""
    if kind is CallbackKind.EVENT_STREAM:
        return [_event(tenant, number) for number in (1, 2)]
    return {"AccountSid": tenant.account_sid} | _FORMS[kind]


def _event(tenant: TenantUnderTest, number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "type": "com.twilio.messaging.compliance.brand-registration.brand-failure",
        "source": f"/{tenant.account_sid}/brands/BN1",
        "id": f"EZ{number:032x}",
        "dataschema": "https://events-schemas.twilio.com/A2P.BrandFailure/1",
        "datacontenttype": JSON,
        "time": "2026-11-20T14:30:00.000Z",
        "data": {"accountsid": tenant.account_sid, "brandsid": "BN" + "8" * 32, "brandstatus": "registration_failed"},
    }


@dataclass(frozen=True)
class Post:
    """A request as it goes over the wire."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str]

    async def to(self, http: httpx2.AsyncClient) -> httpx2.Response | None:
        """The answer; None where the connection ended before all was written, which a body too large may meet."""
        try:
            return await http.post(self.url, content=self.body, headers=dict(self.headers))
        except (httpx2.WriteError, httpx2.ReadError):
            return None


def signed(
    product: Product,
    tenant: TenantUnderTest,
    kind: CallbackKind,
    content: Any = None,
    *,
    token: str | None = None,
    path_tenant: UUID | None = None,
    body: bytes | None = None,
) -> Post:
    """A callback of this kind, signed with the tenant's token or another; genuine in all that is not given."""
    content = content_of(kind, tenant) if content is None else content
    url = f"{product.url}/webhooks/twilio/{path_tenant or tenant.id}/{_PATHS[kind]}"
    validator = RequestValidator(token or tenant.auth_token)
    if kind is CallbackKind.EVENT_STREAM:
        body = json.dumps(content).encode() if body is None else body
        url = f"{url}?bodySHA256={sha256(body).hexdigest()}"
        signature, media = validator.compute_signature(url, {}), JSON
    else:
        body = urlencode(content).encode() if body is None else body
        signature, media = validator.compute_signature(url, content), FORM
    return Post(url, body, {"Content-Type": media, "X-Twilio-Signature": signature, "I-Twilio-Idempotency-Token": "i1"})
