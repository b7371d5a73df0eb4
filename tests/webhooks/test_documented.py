"""docs/WEBHOOKS.md shows what really comes, and says which permission each event needs."""

import re
from pathlib import Path
from typing import Any

import orjson

from auth.permissions import TenantRole, permissions_of
from portal.invoices.telling import InvoiceTelling
from portal.mail.queue import MailQueue
from portal.webhooks.delivering import WebhookDelivery
from portal.webhooks.events import SEEN_BY, WebhookEvent
from portal_schema.webhook_endpoints import TELLS
from tests.conversations.inbound import write
from tests.invoices.stored import add_invoice
from tests.product import Product
from tests.schema.rows import add_alert, add_contact, send
from tests.schema.world import OLGA
from tests.waiting import until
from tests.webhooks.conftest import integrate
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_delivery import RULE, TEST

PAGE = (Path(__file__).parents[2] / "docs" / "WEBHOOKS.md").read_text(encoding="utf-8")
EXAMPLES = {
    heading: orjson.loads(example)
    for heading, example in re.findall(r"^### (\S+)\n.*?^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
}


INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def _shape(value: Any) -> Any:
    """The names of a value's fields, and of those inside; and which of them are instants in the form that is shown."""
    if isinstance(value, dict):
        return {name: _shape(inner) for name, inner in value.items()}
    return isinstance(value, str) and INSTANT.fullmatch(value) is not None


def test_every_event_has_an_example_of_its_own_type() -> None:
    assert {name: example["type"] for name, example in EXAMPLES.items()} == {
        event.type: event.type for event in WebhookEvent
    }
    assert {tuple(example) for example in EXAMPLES.values()} == {("type", "timestamp", "data")}


def test_the_table_of_permissions_is_the_schema_s() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \| `([\w.]+)` \| `(\w+)` \|$", PAGE, re.MULTILINE))
    asked_for = {event for event in WebhookEvent if event is not WebhookEvent.WEBHOOK_TEST}
    assert rows == {(event.value, event.type, TELLS[event].value) for event in asked_for}


def test_an_event_goes_out_for_those_roles_that_hold_the_permission_of_its_content() -> None:
    assert {
        event: {role.value for role in TenantRole if needed in permissions_of(role)} for event, needed in TELLS.items()
    } == SEEN_BY


async def test_what_comes_has_the_fields_of_its_example(
    product: Product, receiver: Receiver, delivery: WebhookDelivery
) -> None:
    integration = await integrate(product, allowance=1)
    events = [event.value for event in WebhookEvent if event is not WebhookEvent.WEBHOOK_TEST]
    endpoint = await integration.create(receiver.url, events)
    await integration.owner.run(TEST, id=endpoint.id)
    await integration.owner.run(RULE, input={"kind": "PROVIDER_ERROR", "channels": ["WEBHOOK"]})
    await add_alert(product, integration.tenant.id, "no message", "OUTAGE")
    olga = await add_contact(integration.tenant.machine, OLGA)
    await send(integration.tenant.machine, [olga], body="Hello")
    await product.dispatcher.run_once()
    await write(product, integration.tenant, "Is it ready?")
    await add_invoice(product, integration.tenant.id)
    await InvoiceTelling(product.database, MailQueue(product.box), product.url, product.clock).tell_due()

    async def all_came() -> bool:
        await product.apply_callbacks()
        await delivery.run_once()
        came = {one.event["type"] for one in receiver.requests if one.event["data"].get("deliveryIssue", 1)}
        return came == EXAMPLES.keys()

    await until(all_came)
    for request in receiver.requests:
        event = request.verified(endpoint.secret)
        if event["data"].get("deliveryIssue", 1):
            assert _shape(event) == _shape(EXAMPLES[event["type"]])
