"""Where Twilio calls: each address names the tenant, and that of a status callback the message or the call too."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from portal.callbacks.inbox import CallbackKind
from portal.calls.provider import CallAddresses

MESSAGE_PATH = "/webhooks/twilio/{tenant_id:uuid}/messages/{message_id:uuid}"
CALL_PATH = "/webhooks/twilio/{tenant_id:uuid}/calls/{call_id:uuid}"
CALL_RECEIVED_PATH = "/webhooks/twilio/{tenant_id:uuid}/inbound-calls"


class Body(StrEnum):
    """What a webhook's body holds."""

    FORM = "FORM"
    JSON_ARRAY = "JSON_ARRAY"


@dataclass(frozen=True, slots=True)
class Webhook:
    """One kind of webhook: the end of its address, what it brings, and how it is answered."""

    kind: CallbackKind
    name: str
    body: Body = Body.FORM
    names_account: bool = True  # whether its form always says whose it is; the signature proves it in any case
    answer: str | None = None  # an XML document, where Twilio expects instructions

    @property
    def path(self) -> str:
        """The route."""
        return f"/webhooks/twilio/{{tenant_id:uuid}}/{self.name}"

    def url(self, public_url: str, tenant_id: UUID) -> str:
        """A tenant's address."""
        return f"{public_url}/webhooks/twilio/{tenant_id}/{self.name}"


_NO_INSTRUCTIONS = '<?xml version="1.0" encoding="UTF-8"?><Response/>'
MESSAGE_STATUS = Webhook(CallbackKind.MESSAGE_STATUS, "messages")
MESSAGE_RECEIVED = Webhook(CallbackKind.MESSAGE_RECEIVED, "inbound-messages", answer=_NO_INSTRUCTIONS)
CALL_STATUS = Webhook(CallbackKind.CALL_STATUS, "calls")
DEBUGGER = Webhook(CallbackKind.DEBUGGER, "debugger")
USAGE_TRIGGER = Webhook(CallbackKind.USAGE_TRIGGER, "usage-triggers")
TRUST_HUB = Webhook(CallbackKind.TRUST_HUB, "trust-hub", names_account=False)
EVENT_STREAM = Webhook(CallbackKind.EVENT_STREAM, "events", body=Body.JSON_ARRAY)
OF_ACCOUNTS = (MESSAGE_RECEIVED, CALL_STATUS, DEBUGGER, USAGE_TRIGGER, TRUST_HUB, EVENT_STREAM)


def callback_url(public_url: str) -> Callable[[UUID, UUID], str]:
    """Makes the address that a tenant's message is called back at; what it names is settled by it, even unconfirmed."""

    def of(tenant_id: UUID, message_id: UUID) -> str:
        return f"{public_url}/webhooks/twilio/{tenant_id}/messages/{message_id}"

    return of


def call_callback_url(public_url: str) -> Callable[[UUID, UUID], str]:
    """The same of calls."""

    def of(tenant_id: UUID, call_id: UUID) -> str:
        return f"{public_url}/webhooks/twilio/{tenant_id}/calls/{call_id}"

    return of


def call_addresses(public_url: str, tenant_id: UUID) -> CallAddresses:
    """Where Twilio asks what to do with a call to the tenant's number, and where it tells how one ended."""
    return CallAddresses(
        received=f"{public_url}/webhooks/twilio/{tenant_id}/inbound-calls",
        status=CALL_STATUS.url(public_url, tenant_id),
    )
