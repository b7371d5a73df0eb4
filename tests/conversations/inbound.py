"""What Twilio calls back about a message to the tenant, and how it comes in."""

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import httpx2
from twilio.request_validator import RequestValidator

from portal.callbacks.applying import Callback
from portal.callbacks.inbox import CallbackInbox, CallbackKind, ReceivedCallback
from portal.clock import new_id
from portal.conversations.receiving import received_applier
from portal_schema.nodes import from_global
from tests.messages.callbacks import FORM
from tests.product import Product, TenantUnderTest

BEA = "+12025550171"  # who is no contact of anybody's
CONVERSATIONS = """query ($filter: ConversationFilter) {
  conversations(first: 100, filter: $filter) {
    nodes {
      id unread lastReceivedAt readAt recipient { number maskedNumber country } contact { name } suppression { source }
      lastMessage { body direction status sender { number } recipient { number } }
    }
  }
}"""


def fields_of(tenant: TenantUnderTest, body: str, *, sender: str = BEA, **more: str) -> dict[str, str]:
    """The form of a callback about a message to the tenant."""
    sid = f"SM{secrets.token_hex(16)}"
    return {
        "AccountSid": tenant.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": body,
        "From": sender,
        "FromCountry": "US",
        "MessageSid": sid,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "SmsStatus": "received",
        "To": tenant.number,
        "ToCountry": "US",
    } | more


async def receive(product: Product, tenant: TenantUnderTest, *forms: dict[str, str]) -> None:
    """Take callbacks into the inbox, and apply them."""
    inbox = CallbackInbox(product.database, product.clock)
    for form in forms:
        await inbox.receive(ReceivedCallback(tenant.id, CallbackKind.MESSAGE_RECEIVED, form))
    while await product.apply_callbacks():
        pass


async def write(product: Product, tenant: TenantUnderTest, body: str, *, sender: str = BEA, **more: str) -> None:
    """Somebody writes to the tenant, a moment after whatever was before: words of one instant have no order."""
    product.clock.advance(timedelta(milliseconds=1))
    await receive(product, tenant, fields_of(tenant, body, sender=sender, **more))


async def post(product: Product, tenant: TenantUnderTest, form: dict[str, str]) -> int:
    """Call the portal back as Twilio does; the answer's status."""
    url = f"{product.url}/webhooks/twilio/{tenant.id}/inbound-messages"
    signature = RequestValidator(tenant.auth_token).compute_signature(url, form)
    headers = {"X-Twilio-Signature": signature, "Content-Type": FORM}
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        return (await http.post(url, content=urlencode(form).encode(), headers=headers)).status_code


async def add_conversation(product: Product, tenant: TenantUnderTest, number: str, body: str = "Is it ready?") -> str:
    """The id of the conversation with a number that writes, past the inbox."""
    now = product.clock.now()
    form = fields_of(tenant, body, sender=number)
    async with product.database.for_tenant(tenant.id) as tx:
        callback = Callback(new_id(now), CallbackKind.MESSAGE_RECEIVED, form, now, None, None)
        await received_applier(product.gateway.inbound_messages)(tx, [callback], now)
    found = await tenant.machine.run(CONVERSATIONS, filter={"search": number})
    (conversation,) = found["conversations"]["nodes"]
    assert from_global("Conversation", conversation["id"]) is not None
    return str(conversation["id"])


async def conversations(tenant: TenantUnderTest, **only: Any) -> list[dict[str, Any]]:
    """The tenant's conversations as its machine sees them."""
    found: list[dict[str, Any]] = (await tenant.machine.run(CONVERSATIONS, filter=only or None))["conversations"][
        "nodes"
    ]
    return found
