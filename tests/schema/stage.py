"""Tenants with one and with many of everything, and who of them runs an operation."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from graphql import FieldNode, OperationDefinitionNode, parse

from auth.api_client_changes import MOST_CLIENTS
from auth.permissions import TenantRole, machine_permissions
from portal.shield.areas import Area
from portal.webhooks.endpoints import MOST_ENDPOINTS
from tests.conversations.inbound import add_conversation
from tests.invoices.stored import add_draft, add_invoice
from tests.plans.given import give_plan
from tests.product import Caller, Product, TenantUnderTest, operation
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema import surface
from tests.schema.asked import DEEP, OF_STAFF, PAGE, ROOTS
from tests.schema.rows import (
    add_alert,
    add_api_client,
    add_contact,
    add_delivery,
    add_endpoint,
    add_invitation,
    add_member_row,
    add_template,
    publish_rates,
    send,
)
from tests.shield.stored import spare

MANY = 50
TAG = "mutation ($id: ID!, $input: ContactUpdateInput!) { contactUpdate(id: $id, input: $input) { errors { code } } }"


@dataclass
class Tenant:
    """A tenant with so many of everything."""

    id: UUID
    machine: Caller
    owner: Caller
    contacts: list[str]
    template: str
    message: str
    batch: str
    alert: str
    endpoints: list[str]
    conversation: str
    number: str
    under_test: TenantUnderTest


async def make_tenant(product: Product, rows: int, start: int) -> Tenant:
    """A tenant with so many of everything; `start` begins its phone numbers."""
    tenant = await product.tenant(f"With {rows}", allowance=100_000)
    await give_plan(product, tenant.id, allowance_amount=100_000)
    machine = tenant.machine
    await spare(product, tenant.id, Area("US", "+1202555"))
    contacts = [await add_contact(machine, f"+1202555{number:04}") for number in range(start, start + rows)]
    await machine.run(TAG, id=contacts[0], input={"tags": ["One", "Two"]})
    templates = [(await add_template(machine, f"Template {number}"))[0] for number in range(rows)]
    for given in templates:
        changed = await machine.run(operation("templateUpdate"), id=given, input={"body": "Hello {{name}}"})
        assert changed["templateUpdate"]["errors"] == []
    batch = await send(machine, contacts * 2, templateId=templates[0])  # as many refused as accepted
    message = batch["messages"]["nodes"][0]["id"]
    alerts = [await add_alert(product, tenant.id, message) for _ in range(rows)]
    talks = [await add_conversation(product, tenant, f"+1202555{number:04}") for number in range(start, start + rows)]
    owner = await _with_members(product, tenant.id, rows)
    for number in range(rows):
        await add_discrepancy(product, tenant.id, date(start + number, 2, 1))
        await add_margin_alert(product, tenant.id, date(start + number, 2, 1))
        await add_draft(product, tenant.id, date(start + number, 2, 1))
        await add_invoice(product, tenant.id, date(start + number, 3, 1))
    await publish_rates(product)
    endpoints = [(await add_endpoint(owner))["id"] for _ in range(min(rows, MOST_ENDPOINTS // 2))]
    for number in range(rows):
        await add_delivery(owner, endpoints[number % len(endpoints)])
    (number,) = (await machine.run("{ numbers { nodes { id } } }"))["numbers"]["nodes"]
    known = (message, batch["id"], alerts[0], endpoints, talks[0], number["id"])
    return Tenant(tenant.id, machine, owner, contacts, templates[0], *known, tenant)


async def _with_members(product: Product, tenant_id: UUID, rows: int) -> Caller:
    """The Owner of a tenant with so many members, invitations and API clients."""
    owner = await product.member(tenant_id, TenantRole.OWNER)
    for _ in range(rows):
        await add_member_row(product, tenant_id, TenantRole.DEVELOPER)
        await add_invitation(owner)
    for _ in range(rows * MOST_CLIENTS // MANY // 2):
        await add_api_client(owner)
    return owner


async def caller_of(product: Product, tenant: Tenant, asked: str) -> Caller:
    """Who runs an operation: the machine if it may, else the Owner, or who alone it is offered to."""
    if asked.endswith("ownershipAccept"):
        return await product.member(tenant.id, TenantRole.DEVELOPER)
    if asked == "Mutation.invitationAccept":
        return await product.member(None, TenantRole.DEVELOPER)  # of no tenant
    if asked == "webhookDelivery":  # by `node`, which itself asks for nothing
        return tenant.owner
    if asked in OF_STAFF:
        return await product.member(None, OF_STAFF[asked])
    needed = surface.NOTHING.union(*(ROOTS[root][0].needed for root in _roots_of(asked)))
    return tenant.owner if needed - machine_permissions() else tenant.machine


def _roots_of(asked: str) -> list[str]:
    """The root fields of an operation, by their coordinates."""
    if asked in ROOTS:
        return [asked]
    definition = parse((PAGE | DEEP)[asked]).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    owner = definition.operation.value.title()
    fields = [field for field in definition.selection_set.selections if isinstance(field, FieldNode)]
    return [f"{owner}.{field.name.value}" for field in fields]
