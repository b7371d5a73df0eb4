"""What each operation is run with: its variables, and whatever they name, made for it."""

from datetime import date, timedelta
from typing import Any

from auth.permissions import TenantRole
from portal_schema.nodes import to_global
from tests.conversations.inbound import add_conversation
from tests.factories import make_tenant as bare_tenant
from tests.imports.files import start, upload
from tests.invoices.stored import add_draft, add_invoice
from tests.plans.changes import cancel, change, offer_smallest, token_for
from tests.plans.offers import GIVEN, publish
from tests.policy.stored import add_override
from tests.product import Caller, Product
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema.rows import (
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
    rate_card,
    send,
)
from tests.schema.stage import MANY, Tenant
from tests.shield.stored import add_pause

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
