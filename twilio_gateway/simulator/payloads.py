"""What Twilio's callbacks hold, one class for each kind that is told to the simulator; no state and no network."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Annotated, Any, Literal, Protocol
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from twilio_gateway.simulator.ledger import new_sid

Content = dict[str, str] | list[dict[str, Any]]  # a form's fields, or the JSON array of Event Streams

API_VERSION = "2010-04-01"
JSON = "application/json"
_CALLED, _CALLER = "+12025550100", "+14155550100"


class Record(Protocol):
    """A row of the ledger, or whatever else holds its columns."""

    def __getitem__(self, column: str, /) -> Any: ...


def message_status(message: Record, event: Record) -> dict[str, str]:
    """The form of a message's status callback."""
    fields = {
        "AccountSid": message["account_sid"],
        "ApiVersion": API_VERSION,
        "From": message["sender"] or "",
        "MessageSid": message["sid"],
        "MessageStatus": event["status"],
        "SmsSid": message["sid"],
        "SmsStatus": event["status"],
        "To": message["recipient"],
    }
    if message["service_sid"]:
        fields["MessagingServiceSid"] = message["service_sid"]
    if event["error_code"]:
        fields["ErrorCode"] = str(event["error_code"])
    if event["status"] in {"delivered", "undelivered"}:
        fields["RawDlrDoneDate"] = datetime.fromtimestamp(event["happened"], UTC).strftime("%y%m%d%H%M")
    return fields


def message_received(message: Record) -> dict[str, str]:
    """The form of the webhook of a message that came in."""
    fields = {
        "AccountSid": message["account_sid"],
        "ApiVersion": API_VERSION,
        "Body": message["body"],
        "From": message["sender"],
        "MessageSid": message["sid"],
        "NumMedia": str(message["num_media"]),
        "NumSegments": str(message["segments"]),
        "SmsMessageSid": message["sid"],
        "SmsSid": message["sid"],
        "SmsStatus": "received",
        "To": message["recipient"],
    }
    return fields | ({"MessagingServiceSid": message["service_sid"]} if message["service_sid"] else {})


class _Told(BaseModel):
    """What is told of a callback; all of it has a usual value."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def contents(self, account: Record, at: datetime) -> Sequence[Content]:
        """What is posted, in this order, about an account; the last of it happened at this instant, UTC."""
        raise NotImplementedError


class CallStatus(_Told):
    """A call's progress, one callback for each status."""

    # https://www.twilio.com/docs/voice/api/call-resource#statuscallback
    kind: Literal["call-status"] = "call-status"
    call_sid: str = Field(default_factory=lambda: new_sid("CA"))
    statuses: tuple[
        Literal["initiated", "ringing", "in-progress", "completed", "busy", "no-answer", "failed", "canceled"], ...
    ] = Field(default=("initiated", "ringing", "in-progress", "completed"), min_length=1)
    seconds: int = Field(default=62, ge=0, le=86_400)  # no call takes longer than a day
    direction: Literal["inbound", "outbound-api", "outbound-dial"] = "outbound-api"
    sender: str = _CALLER
    recipient: str = _CALLED

    def contents(self, account: Record, at: datetime) -> Sequence[Content]:
        """A second from one status to the next, and from the answer to the end as long as the call takes."""
        waits = [self.seconds if status == "completed" else 1 for status in self.statuses]
        return [
            self._callback(account, number, at - timedelta(seconds=sum(waits[number + 1 :])))
            for number in range(len(self.statuses))
        ]

    def _callback(self, account: Record, number: int, at: datetime) -> Content:
        fields = {
            "AccountSid": account["sid"],
            "ApiVersion": API_VERSION,
            "CallSid": self.call_sid,
            "CallStatus": self.statuses[number],
            "CallbackSource": "call-progress-events",
            "Called": self.recipient,
            "Caller": self.sender,
            "Direction": self.direction,
            "From": self.sender,
            "SequenceNumber": str(number),
            "Timestamp": format_datetime(at),
            "To": self.recipient,
        }
        if self.statuses[number] == "completed":
            minutes = -(-self.seconds // 60)  # a minute that has begun is charged
            fields |= {"CallDuration": str(self.seconds), "Duration": str(minutes), "SipResponseCode": "200"}
        return fields


class Debugger(_Told):
    """An error or a warning of the account's log, with the request that failed in it."""

    # https://www.twilio.com/docs/usage/troubleshooting/debugging-event-webhooks
    kind: Literal["debugger"] = "debugger"
    event_sid: str = Field(default_factory=lambda: new_sid("NO"))
    error_code: int = Field(default=11200, gt=0)
    level: Literal["ERROR", "WARNING"] = "ERROR"
    message_sid: str = Field(default_factory=lambda: new_sid("SM"))

    def contents(self, account: Record, at: datetime) -> Sequence[Content]:
        """One form; its payload is JSON, and holds what was sent as parameters."""
        code = str(self.error_code)
        parameters = {"Body": "Is my bike ready?", "From": _CALLED, "MessageSid": self.message_sid, "To": _CALLER}
        request = {"method": "POST", "url": "https://example.com/", "headers": {}, "parameters": parameters}
        payload = {
            "resource_sid": self.message_sid,
            "service_sid": None,
            "error_code": code,
            "more_info": {"Msg": "Got HTTP 502", "sourceComponent": "14100", "ErrorCode": code, "LogLevel": self.level},
            "webhook": {
                "type": JSON,
                "request": request,
                "response": {"status_code": 502, "headers": {}, "body": "Bad Gateway"},
            },
        }
        return [
            {
                "AccountSid": account["sid"],
                "Level": self.level,
                "ParentAccountSid": account["owner_sid"],
                "Payload": json.dumps(payload),
                "PayloadType": JSON,
                "Sid": self.event_sid,
                "Timestamp": _iso(at),
            }
        ]


class UsageTrigger(_Told):
    """A usage trigger that fired."""

    # The resource's own properties, and the token: https://www.twilio.com/docs/usage/api/usage-trigger
    kind: Literal["usage-trigger"] = "usage-trigger"
    trigger_sid: str = Field(default_factory=lambda: new_sid("UT"))
    idempotency_token: str = Field(default_factory=lambda: str(uuid4()))
    category: str = "totalprice"
    trigger_by: Literal["count", "usage", "price"] = "price"
    recurring: Literal["", "daily", "monthly", "yearly", "alltime"] = "monthly"
    trigger_value: str = "100"
    current_value: str = "100.5"

    def contents(self, account: Record, at: datetime) -> Sequence[Content]:
        """One form."""
        records = f"/{API_VERSION}/Accounts/{account['sid']}/Usage/Records.json"
        return [
            {
                "AccountSid": account["sid"],
                "CurrentValue": self.current_value,
                "DateFired": format_datetime(at),
                "IdempotencyToken": self.idempotency_token,
                "Recurring": self.recurring,
                "TriggerBy": self.trigger_by,
                "TriggerValue": self.trigger_value,
                "UsageCategory": self.category,
                "UsageRecordUri": f"{records}?Category={self.category}",
                "UsageTriggerSid": self.trigger_sid,
            }
        ]


class TrustHub(_Told):
    """A customer profile whose verification got another status."""

    # Twilio documents the statuses and no form: https://www.twilio.com/docs/trust-hub/trusthub-rest-api/customer-profiles
    kind: Literal["trust-hub"] = "trust-hub"
    bundle_sid: str = Field(default_factory=lambda: new_sid("BU"))
    status: Literal["draft", "pending-review", "in-review", "twilio-rejected", "twilio-approved"] = "twilio-approved"
    failure_reason: str = ""

    def contents(self, account: Record, at: datetime) -> Sequence[Content]:  # noqa: ARG002  the form holds no instant
        """One form."""
        return [
            {
                "AccountSid": account["sid"],
                "BundleSid": self.bundle_sid,
                "FailureReason": self.failure_reason,
                "Status": self.status,
            }
        ]


class EventStream(_Told):
    """A batch of Event Streams: brands whose A2P registration failed."""

    # https://www.twilio.com/docs/events/event-types/a2p/brand-registration, as CloudEvents 1.0
    kind: Literal["event-stream"] = "event-stream"
    event_ids: tuple[str, ...] = Field(default_factory=lambda: (new_sid("EZ"), new_sid("EZ")), min_length=1)
    brand_sid: str = Field(default_factory=lambda: new_sid("BN"))
    error_code: int = Field(default=21736, gt=0)

    def contents(self, account: Record, at: datetime) -> Sequence[Content]:
        """One array, with an event for each id."""
        milliseconds = int(at.timestamp() * 1000)
        error = {
            "registrationerrorcode": self.error_code,
            "registrationerrordescription": "The Brand contact email is invalid.",
            "registrationerrorurl": f"https://www.twilio.com/docs/api/errors/{self.error_code}",
            "registrationerrorfields": ["brand_contact_email"],
        }
        data = {
            "accountsid": account["sid"],
            "brandsid": self.brand_sid,
            "brandstatus": "registration_failed",
            "createddate": milliseconds,
            "updateddate": milliseconds,
            "brandregistrationerrors": [error],
        }
        event = {
            "specversion": "1.0",
            "type": "com.twilio.messaging.compliance.brand-registration.brand-failure",
            "source": f"/{account['sid']}/brands/{self.brand_sid}",
            "dataschema": "https://events-schemas.twilio.com/A2P.BrandRegistrationFailure/3",
            "datacontenttype": JSON,
            "time": _iso(at),
            "data": data,
        }
        return [[event | {"id": event_id} for event_id in self.event_ids]]


KINDS = (CallStatus, Debugger, UsageTrigger, TrustHub, EventStream)
Told = Annotated[CallStatus | Debugger | UsageTrigger | TrustHub | EventStream, Field(discriminator="kind")]


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
