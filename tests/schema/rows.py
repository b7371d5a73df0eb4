"""One thing of each kind, made by the operation that makes it."""

import re
import secrets
from typing import Any
from uuid import UUID

from auth.people import add_member, create_person
from auth.permissions import StaffRole, TenantRole
from portal.alerts.catalogue import AlertKind
from portal.alerts.raising import Occurrence, raise_alerts
from portal.database import DatabaseRole
from portal_schema.nodes import from_global, to_global
from tests.mailbox import mails
from tests.product import Caller, Product

CONTACT = "mutation ($input: ContactCreateInput!) { contactCreate(input: $input) { contact { id } errors { code } } }"
TAGGED = "mutation ($input: ContactCreateInput!) { contactCreate(input: $input) { contact { tags { id } } } }"
ERASE = "mutation ($id: ID!) { contactErase(id: $id) { contactErasure { id } } }"
TEMPLATE = """mutation ($input: TemplateCreateInput!) {
  templateCreate(input: $input) { template { id current { id } } errors { code } }
}"""
CHANGE = "mutation ($id: ID!, $body: String!) { templateUpdate(id: $id, input: {body: $body}) { errors { code } } }"
SEND = """mutation ($input: MessageSendInput!) {
  messageSend(input: $input) {
    batch { id messages(first: 100) { nodes { id } } } errors { code path message }
  }
}"""
INVITE = "mutation ($input: MemberInviteInput!) { memberInvite(input: $input) { invitation { id } errors { code } } }"
TRANSFER = """mutation ($id: ID!) {
  ownershipTransfer(toMemberId: $id) { transfer { id } errors { code path } }
}"""
SUPPRESS = """mutation ($input: SuppressionAddInput!) {
  suppressionAdd(input: $input) { suppression { id } errors { code } }
}"""
API_CLIENT = """mutation ($input: ApiClientCreateInput!) {
  apiClientCreate(input: $input) { apiClient { id clientId } secret errors { code path message } }
}"""
ENDPOINT = """mutation ($input: WebhookEndpointCreateInput!) {
  webhookEndpointCreate(input: $input) { webhookEndpoint { id } secret errors { code path message } }
}"""
TEST = """mutation ($id: ID!) {
  webhookEndpointTest(id: $id) { webhookDelivery { id } errors { code path message } }
}"""
RATE_CARD = """mutation ($input: RateCardPublishInput!) {
  rateCardPublish(input: $input) { rateCard { version } errors { code path message } }
}"""
SESSION = """mutation ($input: SupportSessionStartInput!) {
  supportSessionStart(input: $input) { supportSession { id } errors { code path message } }
}"""
ACCESS = """mutation ($input: SupportAccessGrantInput!) {
  supportAccessGrant(input: $input) { supportAccess { expiresAt } errors { code path message } }
}"""


async def add_contact(caller: Caller, number: str, name: str = "Alice") -> str:
    """A new contact's id."""
    made = await caller.run(CONTACT, input={"name": name, "number": number})
    assert made["contactCreate"]["errors"] == []
    return str(made["contactCreate"]["contact"]["id"])


async def add_tag(caller: Caller, number: str) -> str:
    """The id of a new tag, of a new contact."""
    made = await caller.run(TAGGED, input={"number": number, "tags": [f"Tag {number}"]})
    return str(made["contactCreate"]["contact"]["tags"][0]["id"])


async def add_erasure(caller: Caller, number: str) -> str:
    """The id of an erasure that no worker works off."""
    made = await caller.run(ERASE, id=await add_contact(caller, number))
    return str(made["contactErase"]["contactErasure"]["id"])


async def add_template(caller: Caller, name: str, body: str = "Ready, {{name}}!") -> tuple[str, str]:
    """A new template's id and its version's."""
    given = {"name": name, "category": "NOTIFICATION", "body": body}
    made = (await caller.run(TEMPLATE, input=given))["templateCreate"]
    assert made["errors"] == []
    return str(made["template"]["id"]), str(made["template"]["current"]["id"])


async def send(caller: Caller, contacts: list[str], **what: Any) -> dict[str, Any]:
    """The batch of a send that was accepted."""
    given = {"idempotencyKey": secrets.token_hex(8), "recipients": {"contactIds": contacts}, **what}
    made = (await caller.run(SEND, input=given))["messageSend"]
    assert made["errors"] == []
    return dict(made["batch"])


async def add_suppression(caller: Caller, number: str) -> str:
    """The id of a suppression by hand."""
    made = (await caller.run(SUPPRESS, input={"number": number}))["suppressionAdd"]
    assert made["errors"] == []
    return str(made["suppression"]["id"])


async def add_member_row(product: Product, tenant_id: UUID, role: TenantRole) -> str:
    """The id of a new member, who never signs in."""
    now = product.clock.now()
    async with product.database.as_role(DatabaseRole.AUTH) as tx:
        email = f"{secrets.token_hex(6)}@example.com"
        person_id = await create_person(tx, now, email=email, name=role.value.title(), password_hash=None)
        member_id = await add_member(tx, now, tenant_id=tenant_id, person_id=person_id, role=role)
    return to_global("Member", member_id)


async def add_invitation(caller: Caller, email: str | None = None, role: str = "SUPPORT") -> str:
    """A new invitation's id."""
    given = {"email": email or f"{secrets.token_hex(6)}@example.com", "role": role}
    made = (await caller.run(INVITE, input=given))["memberInvite"]
    assert made["errors"] == []
    return str(made["invitation"]["id"])


async def add_api_client(caller: Caller, **what: Any) -> dict[str, Any]:
    """A new API client with its secret."""
    given = {"name": "Shop system", "scopes": ["usage:read"], **what}
    made = (await caller.run(API_CLIENT, input=given))["apiClientCreate"]
    assert made["errors"] == []
    return dict(made)


async def add_endpoint(caller: Caller, **what: Any) -> dict[str, Any]:
    """A new webhook endpoint with its secret; nothing is sent, for no worker delivers here."""
    given = {"url": "https://9.9.9.9/webhooks", "events": ["ALERT_RAISED"], **what}
    made = (await caller.run(ENDPOINT, input=given))["webhookEndpointCreate"]
    assert made["errors"] == []
    return {"id": made["webhookEndpoint"]["id"], "secret": made["secret"]}


async def add_delivery(caller: Caller, endpoint: str) -> str:
    """The id of a test's delivery to an endpoint."""
    made = (await caller.run(TEST, id=endpoint))["webhookEndpointTest"]
    assert made["errors"] == []
    return str(made["webhookDelivery"]["id"])


async def offered(product: Product, owner: Caller, person: Caller) -> dict[str, str]:
    """What somebody alone can accept: the token of an invitation and, of a member, the id of a transfer."""
    who = await person.run("{ viewer { tenant { id } principal { ... on Person { email } } } }")
    email = who["viewer"]["principal"]["email"]
    if who["viewer"]["tenant"] is None:
        await add_invitation(owner, email)
        return {"token": await token_of(product, email)}
    members = (await owner.run("{ members { id person { email } } }"))["members"]
    (heir,) = [one["id"] for one in members if one["person"]["email"] == email]
    done = await owner.run(TRANSFER, id=heir)
    return {"transferId": done["ownershipTransfer"]["transfer"]["id"]}


async def add_alert(product: Product, tenant_id: UUID, message: str, code: str | None = None) -> str:
    """The id of a new alert about a message; without a code it is a group of its own."""
    group, event = code or secrets.token_hex(4), secrets.token_hex(8)
    now = product.clock.now()
    occurrence = Occurrence(AlertKind.PROVIDER_ERROR, group, event, now, from_global("Message", message), "11200")
    async with product.database.for_tenant(tenant_id) as tx:
        await raise_alerts(tx, [occurrence], now=now)
        sql = "SELECT alert_id FROM alert_occurrence WHERE tenant_id = $1 AND event = $2"
        return to_global("Alert", await tx.value(sql, tenant_id, event))


async def token_of(product: Product, email: str) -> str:
    """The token in the newest mail to an address."""
    text = [mail.text for mail in await mails(product.database, product.box) if mail.to == email][-1]
    found = re.search(rf"{product.url}/invitation\?token=(\S+)", text)
    assert found is not None
    return found[1]


async def open_session(support: Caller, tenant: str, minutes: int = 60) -> str:
    """The id of a new support session in the tenant of this global id."""
    given = {"tenantId": tenant, "reason": "Messages do not arrive", "minutes": minutes}
    made = (await support.run(SESSION, input=given))["supportSessionStart"]
    assert made["errors"] == []
    return str(made["supportSession"]["id"])


async def publish_rates(product: Product) -> None:
    """A rate card in force; it is published once."""
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    made = (await operator.run(RATE_CARD, input=rate_card("0.0083")))["rateCardPublish"]
    assert made["errors"] == []


def rate_card(price: str) -> dict[str, Any]:
    """A card with this price for messages."""
    rates = [{"category": "sms-outbound", "price": price, **where} for where in ({}, {"country": "US"})]
    exchange = [{"currency": "EUR", "rate": "0.92"}]
    return {"source": "FILE", "currency": "USD", "rates": rates, "exchangeRates": exchange}


async def let_support_see_content(owner: Caller, hours: int = 24) -> None:
    """The tenant's leave for ISV support."""
    made = await owner.run(ACCESS, input={"hours": hours})
    assert made["supportAccessGrant"]["errors"] == []
