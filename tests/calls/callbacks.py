"""What Twilio calls back about a call, and how it comes into the inbox."""

from datetime import datetime
from email.utils import format_datetime

from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from tests.product import Product, TenantUnderTest

SENDER, RECIPIENT = "+12025550143", "+447400123456"


def fields_of(
    tenant: TenantUnderTest, status: str, at: datetime, *, sid: str = "CA" + "1" * 32, **more: str
) -> dict[str, str]:
    """The form of a callback about a call that the tenant makes."""
    return {
        "AccountSid": tenant.account_sid,
        "ApiVersion": "2010-04-01",
        "CallSid": sid,
        "CallStatus": status,
        "CallbackSource": "call-progress-events",
        "Called": RECIPIENT,
        "Caller": SENDER,
        "Direction": "outbound-api",
        "From": SENDER,
        "SequenceNumber": "0",
        "Timestamp": format_datetime(at),
        "To": RECIPIENT,
    } | more


async def receive(product: Product, tenant: TenantUnderTest, *forms: dict[str, str]) -> None:
    """Take callbacks as the webhook does, and apply them."""
    inbox = CallbackInbox(product.database, product.clock)
    for form in forms:
        await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.CALL_STATUS, form))
    await product.apply_callbacks()
