"""Tenants with one and with many of everything, and what each operation of the page and of the schema is run with."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from graphql import FieldNode, OperationDefinitionNode, parse

from auth.api_client_changes import MOST_CLIENTS
from auth.permissions import StaffRole, TenantRole, machine_permissions
from portal.shield.areas import Area
from portal.webhooks.endpoints import MOST_ENDPOINTS
from portal_schema.nodes import to_global
from tests.conversations.inbound import add_conversation
from tests.factories import make_tenant as bare_tenant
from tests.imports.files import start, upload
from tests.invoices.stored import add_draft, add_invoice
from tests.plans.changes import cancel, change, offer_smallest, token_for
from tests.plans.given import give_plan
from tests.plans.offers import GIVEN, publish
from tests.policy.stored import add_override
from tests.product import OPERATIONS, Caller, Product, TenantUnderTest, operation
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema import surface
from tests.schema.world import (
    add_alert,
    add_api_client,
    add_contact,
    add_delivery,
    add_endpoint,
    add_erasure,
    add_invitation,
    add_member_row,
    add_tag,
    add_template,
    let_support_see_content,
    offered,
    open_session,
    publish_rates,
    rate_card,
    send,
)
from tests.shield.stored import add_pause, spare

MANY = 50
ALL_OF_MESSAGES = """query ($first: Int) {
  messages(first: $first) {
    nodes {
      id body sender { number } recipient { number country } contact { name suppression { since } } sentBy { name }
      template { body variables { name } } batch { counts { status count } } timeline { status at }
    }
    edges { cursor node { contact { id } template { id } batch { id } timeline { source } } }
  }
}"""
ALL_OF_TEMPLATES = """query ($first: Int) {
  templates(first: $first) { nodes { name current { body } versions { body } } }
}"""
ALL_OF_A_BATCH = """query ($id: ID!) {
  node(id: $id) {
    ... on MessageBatch {
      messages(first: 100) { nodes { contact { id } template { id } batch { id } timeline { at } } }
      refusals(first: 100) { edges { node { contact { id suppression { since } } } } }
    }
  }
}"""
MESSAGES_OF_CONTACTS = """query ($first: Int) {
  contacts(first: $first) { nodes { id messages(first: 3) { nodes { id batch { id } timeline { at } } } } }
}"""
TAG = "mutation ($id: ID!, $input: ContactUpdateInput!) { contactUpdate(id: $id, input: $input) { errors { code } } }"
TAGS_OF_CONTACTS = """query ($first: Int) {
  contacts(first: $first) { nodes { consent { status } topics quietHours { from } tags { name contactCount } } }
}"""
BATCHES_OF_MESSAGES = """query ($first: Int) {
  messages(first: $first) {
    nodes { batch { messages(last: 1) { nodes { id } } refusals(first: 1) { nodes { contact { id } } } } }
  }
}"""
MESSAGES_OF_ALERTS = """query ($first: Int) {
  alerts(first: $first) { nodes { id title messages(first: 3) { nodes { id timeline { at } } } } }
}"""
ENDPOINTS_OF_DELIVERIES = """query ($first: Int) {
  webhookDeliveries(first: $first) { nodes { id request response endpoint { id url secrets { createdAt } } } }
}"""
ALL_OF_CONVERSATIONS = """query ($first: Int) {
  conversations(first: $first) {
    nodes {
      unread recipient { number } contact { name } suppression { since } lastMessage { contact { id } timeline { at } }
      messages(first: 2) { nodes { conversation { id } contact { id } timeline { at } } }
    }
  }
}"""
ECONOMICS_OF_TENANTS = """query ($first: Int) {
  tenants(first: $first) {
    nodes { name economics(range: {from: "2026-11-01", until: "2026-12-01"}) { revenue { amount } paybackMonths } }
  }
}"""
ALL_OF_RATE_CARDS = """query ($first: Int) {
  rateCards(first: $first) { nodes { version exchangeRates { rate } rates(category: "sms-outbound") { price } } }
}"""
TWO_MUTATIONS = """mutation ($number: String!, $id: ID!) {
  one: contactCreate(input: {number: $number}) { contact { id } }
  two: contactUpdate(id: $id, input: {}) { contact { messages(first: 1) { nodes { id } } } }
}"""
_SHIPPED = {file.stem: operation(file.stem) for file in OPERATIONS.glob("*.graphql")}
# Subscriptions are asked for over a socket: tests/live.
PAGE = {name: text for name, text in _SHIPPED.items() if not text.startswith(("subscription", "fragment"))}
ALL_OF_INVOICES = """query ($first: Int) {
  invoices(first: $first) {
    nodes {
      id number total { amount } amountDue { amount } lines { description amount { amount } explanation { label } }
      creditNotes { number }
    }
  }
}"""
DEEP = {
    "all of messages": ALL_OF_MESSAGES,
    "all of templates": ALL_OF_TEMPLATES,
    "all of a batch": ALL_OF_A_BATCH,
    "messages of contacts": MESSAGES_OF_CONTACTS,
    "tags of contacts": TAGS_OF_CONTACTS,
    "batches of messages": BATCHES_OF_MESSAGES,
    "messages of alerts": MESSAGES_OF_ALERTS,
    "endpoints of deliveries": ENDPOINTS_OF_DELIVERIES,
    "all of conversations": ALL_OF_CONVERSATIONS,
    "economics of tenants": ECONOMICS_OF_TENANTS,
    "all of invoices": ALL_OF_INVOICES,
    "all of rate cards": ALL_OF_RATE_CARDS,
    "two mutations": TWO_MUTATIONS,
}
ROOTS = {f"{way[0].owner.name}.{way[0].name}": way for way in surface.ways().values() if len(way) == 1}
# What the ISV's staff asks; without a session its permissions take no statement to read.
OF_STAFF = {
    "Query.tenants": StaffRole.ISV_OPERATOR,
    "Query.tenant": StaffRole.ISV_OPERATOR,
    "Query.tierEconomics": StaffRole.ISV_OPERATOR,
    "Query.unitEconomics": StaffRole.ISV_OPERATOR,
    "Mutation.acquisitionCostSet": StaffRole.ISV_OPERATOR,
    "economics of tenants": StaffRole.ISV_OPERATOR,
    "Query.rateCard": StaffRole.ISV_OPERATOR,
    "Query.rateCards": StaffRole.ISV_OPERATOR,
    "Mutation.rateCardPublish": StaffRole.ISV_OPERATOR,
    "all of rate cards": StaffRole.ISV_OPERATOR,
    "Mutation.supportSessionStart": StaffRole.ISV_SUPPORT,
    "Mutation.supportSessionEnd": StaffRole.ISV_SUPPORT,
    **{
        f"{kind}.{name}": StaffRole.ISV_OPERATOR
        for kind, names in {
            "Query": ("invoiceRuns", "invoicesHeld"),
            "Mutation": (
                "creditLimitSet",
                "invoiceIssue",
                "invoiceMarkPaid",
                "invoiceVoid",
                "creditNoteIssue",
                "invoicesGenerate",
            ),
        }.items()
        for name in names
    },
    "Query.plans": StaffRole.ISV_OPERATOR,
    "Mutation.planDraft": StaffRole.ISV_OPERATOR,
    "Mutation.planPublish": StaffRole.ISV_OPERATOR,
    "Mutation.planRetire": StaffRole.ISV_OPERATOR,
    "Mutation.tenantPlanAssign": StaffRole.ISV_OPERATOR,
    "Mutation.planBacktest": StaffRole.ISV_OPERATOR,
    "Mutation.policyOverride": StaffRole.ISV_OPERATOR,
    "Mutation.policyOverrideEnd": StaffRole.ISV_OPERATOR,
    "Query.discrepancies": StaffRole.ISV_OPERATOR,
    "Query.marginAlerts": StaffRole.ISV_OPERATOR,
    "Mutation.discrepancyClose": StaffRole.ISV_OPERATOR,
    "Mutation.marginAlertAcknowledge": StaffRole.ISV_OPERATOR,
    **dict.fromkeys(
        (
            *("tenants", "tenant", "tenantPlanAssign", "creditLimitSet", "acquisitionCostSet", "economics"),
            *("invoicing", "invoicesGenerate", "tenantInvoice"),
            *("invoiceIssue", "invoiceMarkPaid", "invoiceVoid", "creditNoteIssue"),
            *("catalogue", "plansOnSale", "planDraft", "planPublish", "planRetire", "planBacktest"),
            *("rateCard", "rateCards", "rateCardPublish"),
            *("discrepancies", "discrepancyClose", "marginAlerts", "marginAlertAcknowledge"),
        ),
        StaffRole.ISV_OPERATOR,
    ),
    "supportSessionStart": StaffRole.ISV_SUPPORT,
    "supportSessionEnd": StaffRole.ISV_SUPPORT,
}
MADE_ALONE = {
    *("creditLimitSet", "contactDelete", "messageCancel", "messageReschedule", "templateArchive", "conversationReply"),
    *("contactTagRename", "contactTagDelete", "contactErase", "contactErasure", "contactMerge", "contactLookup"),
    *("policyOverrideEnd", "trafficPauseRelease"),
}
MADE_OF_IMPORTS = {
    *("contactImport", "suppressionImport", "contactImportCancel"),
    *("contactImportStart", "suppressionImportStart"),
}
MADE_OF_RECONCILIATION = {"discrepancyClose", "marginAlertAcknowledge"}
MADE_OF_INVOICES = {"invoice", "tenantInvoice", "invoiceIssue", "invoiceMarkPaid", "invoiceVoid", "creditNoteIssue"}
MADE_OF_MEMBERS = {
    "memberRoleChange",
    "memberRemove",
    "invitationResend",
    "invitationRevoke",
    "invitationAccept",
    "ownershipTransfer",
    "ownershipAccept",
    "apiClientRotate",
    "apiClientDisable",
    "webhookEndpointUpdate",
    "webhookEndpointRotate",
    "webhookEndpointDelete",
    "webhookEndpointTest",
    "webhookReplay",
    "webhookDelivery",
}


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


async def _made_of_members(product: Product, tenant: Tenant, caller: Caller, name: str, number: str) -> dict[str, Any]:
    """The same of members, invitations, API clients and webhooks."""
    if name.startswith("webhook"):
        return await _made_of_webhooks(tenant, name, number)
    if name.startswith("apiClient"):
        client = (await add_api_client(tenant.owner))["apiClient"]["id"]
        return {"id": client, "idempotencyKey": number}
    if name.endswith("Accept"):
        return await offered(product, tenant.owner, caller)
    if name.startswith("invitation"):
        return {"id": await add_invitation(tenant.owner)}
    member = await add_member_row(product, tenant.id, TenantRole.SUPPORT)
    return {"id": member, "toMemberId": member, "role": "BILLING_MANAGER"}


async def _made_of_invoices(product: Product, tenant: Tenant, name: str, number: str) -> dict[str, Any]:
    """The same of invoices, of which a tenant has one a month."""
    month = date(int(number[-4:]), 1, 1)
    if name == "invoiceIssue":
        return {"id": to_global("Invoice", await add_draft(product, tenant.id, month))}
    given = await add_invoice(product, tenant.id, month)
    if name == "tenantInvoice":
        return {"id": to_global("Tenant", tenant.id), "invoice": given}
    credit = {"amount": {"amount": "1", "currency": "USD"}, "reason": "A gesture", "idempotencyKey": number}
    return {"id": given, "reference": number, "reason": number, "input": {"invoiceId": given, **credit}}


async def _made_of_reconciliation(product: Product, tenant: Tenant, name: str, number: str) -> dict[str, Any]:
    """The same of discrepancies and margin alerts."""
    add = add_discrepancy if name == "discrepancyClose" else add_margin_alert
    return {"id": await add(product, tenant.id, date(int(number[-4:]), 1, 1)), "note": "A note"}


async def _made_of_plan_changes(product: Product, tenant: Tenant, name: str, number: str) -> dict[str, Any]:
    """The same of the plan: one that can be changed to, or a change that is to come."""
    plan = await offer_smallest(product)
    if name == "planChangePreview":
        return {"planId": plan, "money": True}
    if name in {"planChangeCancel", "plan", "planChanges"}:
        assert (await change(tenant.owner, plan, f"for {number}"))["errors"] == []
        return {"input": {"idempotencyKey": number}, "first": MANY}
    await cancel(tenant.owner)  # that of an operation before, if there is one
    return {"input": {"idempotencyKey": number, "previewToken": await token_for(tenant.owner, plan)}}


async def _made_of_webhooks(tenant: Tenant, name: str, number: str) -> dict[str, Any]:
    """The same of webhooks."""
    if name == "webhookReplay":
        return {"input": {"deliveryId": await add_delivery(tenant.owner, tenant.endpoints[0])}}
    if name == "webhookDelivery":
        return {"id": await add_delivery(tenant.owner, tenant.endpoints[0])}
    if name == "webhookEndpointDelete":
        return {"id": (await add_endpoint(tenant.owner))["id"]}
    return {"id": tenant.endpoints[0], "idempotencyKey": number, "input": {"description": number}}


async def _made_of_plans(product: Product, name: str) -> dict[str, Any]:
    """The same of the operator's plans."""
    if name in {"planDraft", "planPublish", "planBacktest"}:
        return {"input": GIVEN | {"name": "Tiny"}, "months": 24}
    plan = to_global("Plan", await publish(product))
    tenant = to_global("Tenant", await bare_tenant(product.database, product.clock))
    return {"id": plan} if name == "planRetire" else {"id": tenant, "planId": plan}


async def _end_syncs(product: Product, tenant: Tenant) -> None:
    async with product.database.for_tenant(tenant.id) as tx:
        sql = "UPDATE usage_sync SET state = 'FAILED', due_at = NULL, finished_at = $2 WHERE tenant_id = $1"
        await tx.execute(sql, tenant.id, product.clock.now())


async def _made_of_contacts(tenant: Tenant, name: str, number: str) -> dict[str, Any]:
    """The same of contacts and their tags."""
    if name == "contactErasure":
        return {"id": await add_erasure(tenant.machine, number)}
    if name.startswith("contactTag"):
        return {"id": await add_tag(tenant.machine, number), "name": number}
    contact = await add_contact(tenant.machine, number)
    return {"id": contact, "input": {"keptId": tenant.contacts[0], "mergedId": contact}}


async def _made_alone(product: Product, tenant: Tenant, name: str, number: str) -> dict[str, Any]:
    """The same of what a machine makes, and each operation needs anew."""
    if name == "creditLimitSet":  # none of whose credits wait for it
        return {"input": {"tenantId": to_global("Tenant", (await product.tenant(number)).id), "amount": "5"}}
    if name in {"policyOverrideEnd", "trafficPauseRelease"}:
        return {"id": await (add_pause if name == "trafficPauseRelease" else add_override)(product, tenant.id)}
    if name.startswith("contact"):
        return await _made_of_contacts(tenant, name, number)
    if name in {"messageCancel", "messageReschedule"}:
        later = (product.clock.now() + timedelta(hours=1)).isoformat()
        when = {"sendAt": later} if name == "messageReschedule" else {}
        return {"id": (await send(tenant.machine, tenant.contacts, body="Hello", **when))["id"], **when}
    if name == "templateArchive":
        return {"id": (await add_template(tenant.machine, number))[0]}
    conversation = await add_conversation(product, tenant.under_test, number)
    return {"input": {"conversationId": conversation, "idempotencyKey": number, "body": "Yes, it is."}}


async def _made_of_imports(tenant: Tenant, name: str) -> dict[str, Any]:
    """The same of imports: one that waits, and a file for another."""
    purpose = "SUPPRESSIONS" if name.startswith("suppression") else "CONTACTS"
    file = {"uploadId": await upload(tenant.machine, "number\n1\n", purpose), "dryRun": True}
    return {"id": (await start(tenant.machine, "number\n1\n"))["contactImport"]["id"], "input": file}


MADE_OF_PLANS = {
    *("plan", "planChanges", "planChangePreview", "planChange", "planChangeCancel"),
    *("planDraft", "planPublish", "planRetire", "tenantPlanAssign", "planBacktest"),
}


async def variables_of(product: Product, tenant: Tenant, caller: Caller, asked: str, number: str) -> dict[str, Any]:
    """What an operation is run with: with whatever it needs made before it is measured."""
    name = asked.rpartition(".")[2] if asked != "Query.usage" else asked
    to_all = {"recipients": {"contactIds": tenant.contacts}, "body": "Hello"}
    if name in MADE_ALONE | MADE_OF_IMPORTS:
        imported = name in MADE_OF_IMPORTS
        return await (_made_of_imports(tenant, name) if imported else _made_alone(product, tenant, name, number))
    if name in MADE_OF_INVOICES | MADE_OF_RECONCILIATION:
        make = _made_of_invoices if name in MADE_OF_INVOICES else _made_of_reconciliation
        return await make(product, tenant, name, number)
    if name in MADE_OF_PLANS:
        changing = name.startswith("planChange") or name == "plan"
        return await (
            _made_of_plan_changes(product, tenant, name, number) if changing else _made_of_plans(product, name)
        )
    if name in MADE_OF_MEMBERS:
        return await _made_of_members(product, tenant, caller, name, number)
    if name == "supportAccessRevoke":
        await let_support_see_content(caller)
    if name in {"supportSessionStart", "supportSessionEnd"}:
        session = await open_session(caller, to_global("Tenant", tenant.id))
        given = {"tenantId": to_global("Tenant", tenant.id), "reason": "A ticket"}
        return {"id": session} if name == "supportSessionEnd" else {"input": given}
    if name == "tenant":  # with a change to come, whoever ran before
        await _made_of_plan_changes(product, tenant, "plan", number)
    if name == "usageSyncStart":
        await _end_syncs(product, tenant)  # else it is the one that goes on
    variables: dict[str, dict[str, Any]] = {
        "limits": {"money": True},
        "planAdvice": {"money": True},
        "contactCreate": {"input": {"number": number}},
        "spendCapSet": {"input": {"amount": "1000"}},
        "usageSyncStart": {"input": {}},
        "creditPurchase": {"input": {"idempotencyKey": number, "credits": 100}},
        "contactExport": {"input": {}},
        "uploadCreate": {"input": {"purpose": "CONTACTS", "name": "Customers.csv", "size": 8}},
        "contactUpdate": {"id": tenant.contacts[0], "input": {"name": "Other"}},
        "messageEstimate": {"input": to_all},
        "messageSend": {"input": to_all | {"idempotencyKey": number}},
        "message": {"id": tenant.message},
        "batch": {"id": tenant.batch},
        "Query.usage": {"input": {"period": "TODAY"}},
        "usage": {"input": {"period": "TODAY", "bucketSize": "DAY"}, "prices": True},
        "all of a batch": {"id": tenant.batch},
        "templateCreate": {"input": {"name": number, "category": "MARKETING", "body": "x"}},
        "templateUpdate": {"id": tenant.template, "input": {"body": f"Hello {number}"}},
        "two mutations": {"number": number, "id": tenant.contacts[0]},
        "contact": {"id": tenant.contacts[0]},
        "template": {"id": tenant.template},
        "templatePreview": {"id": tenant.template},
        "node": {"id": tenant.batch},
        "memberInvite": {"input": {"email": f"{number[1:]}@example.com", "role": "SUPPORT"}},
        "apiClientCreate": {"input": {"name": "Till", "scopes": ["usage:read"]}},
        "tenant": {
            "id": to_global("Tenant", tenant.id),
            "range": {"from": "2026-11-01", "until": "2026-12-01"},
        },
        "tenants": {"first": MANY, "figures": True},
        "alertAcknowledge": {"id": tenant.alert},
        "alertMute": {"id": tenant.alert, "until": product.clock.now().isoformat()},
        "alert": {"id": tenant.alert},
        "conversation": {"id": tenant.conversation},
        "conversationRead": {"id": tenant.conversation},
        "numberUpdate": {"id": tenant.number, "input": {"label": number}},
        "callMake": {"input": {"idempotencyKey": number, "number": number, "announcement": "Hello"}},
        "suppressionAdd": {"input": {"number": number}},
        "settingsUpdate": {"input": {"helpText": "Call us."}},
        "rateCardPublish": {"input": rate_card(f"0.{number[-4:]}")},
        "alertRuleSet": {"input": {"kind": "REGISTRATION", "channels": []}},
        "supportAccessGrant": {"input": {"hours": 1}},
        "economics": {"range": {"from": "2026-11-01", "until": "2026-12-01"}},
        "unitEconomics": {"range": {"from": "2026-11-01", "until": "2026-12-01"}},
        "acquisitionCostSet": {
            "input": {"tenantId": to_global("Tenant", tenant.id), "amount": {"amount": "1", "currency": "USD"}}
        },
        "policyOverride": {
            "input": {
                "tenantId": to_global("Tenant", tenant.id),
                "rule": "GAMBLING",
                "reason": "A licensed lottery",
                "until": (product.clock.now() + timedelta(days=1)).isoformat(),
            }
        },
        "invoicesGenerate": {"month": "2026-10"},
        "webhookEndpoint": {"id": tenant.endpoints[0]},
        "webhookEndpointCreate": {"input": {"url": "https://9.9.9.9/", "events": ["ALERT_RAISED"]}},
    }
    return variables.get(name, {"first": MANY})
