"""Arguments with which every root field answers, and every mutation succeeds."""

from datetime import date, timedelta
from itertools import count, islice
from typing import Any

from auth.permissions import (
    Permission,
    TenantRole,
)
from portal_schema.nodes import to_global
from tests.conversations.inbound import add_conversation
from tests.factories import make_tenant
from tests.imports.files import start, upload
from tests.invoices.stored import add_draft, add_invoice
from tests.plans.changes import offer_smallest, token_for
from tests.plans.offers import GIVEN, publish
from tests.policy.stored import add_override
from tests.product import Product
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema.roles import HELD
from tests.schema.rows import (
    add_alert,
    add_api_client,
    add_contact,
    add_endpoint,
    add_invitation,
    add_member_row,
    add_tag,
    add_template,
    rate_card,
    send,
)
from tests.schema.world import World
from tests.shield.stored import add_pause

DELETE_ENDPOINT = "mutation ($id: ID!) { webhookEndpointDelete(id: $id) { errors { code } } }"
NUMBERS = "number\n+12025550143\n"
MONTH = {"from": "2026-11-01", "until": "2026-12-01"}
MONTHS = (date(year, 1, 1) for year in count(2100))  # in which no invoice was made


def given(world: World) -> dict[str, Any]:
    """The required arguments of every root field that reads."""
    return {
        "Query.contact(id)": world.contact,
        "Query.contactImport(id)": world.ids["ContactImport"],
        "Query.template(id)": world.template,
        "Query.templatePreview(id)": world.template,
        "Query.message(id)": world.delivered,
        "Query.alert(id)": world.alert,
        "Query.webhookEndpoint(id)": world.ids["WebhookEndpoint"],
        "Query.conversation(id)": world.conversation,
        "Query.node(id)": world.message,
        "Query.usage(input)": {"period": "TODAY"},
        "Query.tenant(id)": world.tenant_id,
        "Tenant.message(id)": world.delivered,
        "Tenant.usage(input)": {"period": "TODAY"},
        "Query.invoice(id)": world.ids["Invoice"],
        "Tenant.invoice(id)": world.ids["Invoice"],
        "Query.planChangePreview(planId)": world.smallest,
        "Query.messageEstimate(input)": {"recipients": {"contactIds": [world.other_contact]}, "body": "Hello"},
        "Query.unitEconomics(range)": MONTH,
        "Tenant.economics(range)": MONTH,
    }


async def changes(product: Product, world: World, who: str) -> dict[str, Any]:
    """Arguments with which every mutation succeeds, once, for those who may."""
    async with product.database.for_tenant(world.tenant.id) as tx:  # only so many imports may wait
        sql = "UPDATE contact_import SET state = 'CANCELED', due_at = NULL WHERE tenant_id = $1 AND due_at IS NOT NULL"
        await tx.execute(sql, world.tenant.id)
    contacts = [await add_contact(world.machine, number) for number in islice(world.numbers, 6)]
    templates = [(await add_template(world.machine, f"Template of {contact}"))[0] for contact in contacts[:2]]
    batch = await send(world.machine, [contacts[0]], body="Hello")
    later = [(product.clock.now() + timedelta(hours=hours)).isoformat() for hours in (1, 2)]
    waiting = await send(world.machine, [contacts[0]], body="Hello", sendAt=later[0])
    return {
        "Mutation.contactCreate(input)": {"number": next(world.numbers), "name": "Bea"},
        "Mutation.contactUpdate(id)": contacts[0],
        "Mutation.contactUpdate(input)": {"name": "Carl"},
        "Mutation.contactDelete(id)": contacts[1],
        "Mutation.contactErase(id)": contacts[2],
        "Mutation.contactMerge(input)": {"keptId": contacts[3], "mergedId": contacts[4]},
        "Mutation.contactLookup(id)": contacts[5],
        "Mutation.contactTagRename(id)": await add_tag(world.machine, next(world.numbers)),
        "Mutation.contactTagRename(name)": next(world.numbers),
        "Mutation.contactTagDelete(id)": await add_tag(world.machine, next(world.numbers)),
        "Mutation.uploadCreate(input)": {"purpose": "CONTACTS", "name": "Customers.csv", "size": 8},
        "Mutation.contactImport(input)": {"uploadId": await upload(world.machine, NUMBERS), "dryRun": True},
        "Mutation.suppressionImport(input)": {
            "uploadId": await upload(world.machine, NUMBERS, "SUPPRESSIONS"),
            "dryRun": True,
        },
        "Mutation.contactExport(input)": {},
        "Mutation.contactImportCancel(id)": (await start(world.machine, NUMBERS))["contactImport"]["id"],
        "Mutation.templateCreate(input)": {"name": contacts[0], "category": "MARKETING", "body": "Sale"},
        "Mutation.templateUpdate(id)": templates[0],
        "Mutation.templateUpdate(input)": {"body": "Other"},
        "Mutation.templateArchive(id)": templates[1],
        "Mutation.messageSend(input)": {
            "idempotencyKey": contacts[1],
            "recipients": {"contactIds": [contacts[0]]},
            "body": "Hello",
        },
        "Mutation.messageCancel(id)": batch["id"],
        "Mutation.messageReschedule(id)": waiting["id"],
        "Mutation.messageReschedule(sendAt)": later[1],
        "Mutation.conversationRead(id)": world.conversation,
        "Mutation.conversationReply(input)": {
            "idempotencyKey": contacts[1],
            "conversationId": await add_conversation(product, world.tenant, next(world.numbers)),
            "body": "Yes, it is.",
        },
        "Mutation.callMake(input)": {"idempotencyKey": contacts[1], "contactId": contacts[0], "announcement": "Hello"},
        "Mutation.numberUpdate(id)": world.ids["Number"],
        "Mutation.numberUpdate(input)": {"label": "Shop"},
        "Mutation.suppressionAdd(input)": {"number": next(world.numbers)},
        "Mutation.settingsUpdate(input)": {"helpText": "Call us."},
        "Mutation.alertAcknowledge(id)": await add_alert(product, world.tenant.id, world.delivered),
        "Mutation.alertMute(id)": world.alert,
        "Mutation.alertMute(until)": (product.clock.now() + timedelta(days=1)).isoformat(),
        "Mutation.alertRuleSet(input)": {"kind": "REGISTRATION", "channels": ["PAGE", "EMAIL"]},
        "Mutation.policyOverride(input)": {
            "tenantId": world.tenant_id,
            "rule": "GAMBLING",
            "reason": "A licensed lottery",
            "until": (product.clock.now() + timedelta(days=1)).isoformat(),
        },
        "Mutation.policyOverrideEnd(id)": await add_override(product, world.tenant.id),
        "Mutation.trafficPauseRelease(id)": await add_pause(product, world.tenant.id),
        "Mutation.supportAccessGrant(input)": {"hours": 1},
        "Mutation.supportSessionStart(input)": {"tenantId": world.tenant_id, "reason": "A ticket"},
        "Mutation.supportSessionEnd(id)": world.ids["SupportSession"],
        "Mutation.spendCapSet(input)": {"amount": "1000"},
        "Mutation.usageSyncStart(input)": {},
        "Mutation.creditPurchase(input)": {"idempotencyKey": contacts[1], "credits": 100},
        "Mutation.creditLimitSet(input)": {"tenantId": world.tenant_id, "amount": "50"},
        "Mutation.acquisitionCostSet(input)": {
            "tenantId": world.tenant_id,
            "amount": {"amount": "120.50", "currency": "USD"},
        },
        "Mutation.planChange(input)": {
            "idempotencyKey": contacts[1],
            "previewToken": await token_for(world.owner, await offer_smallest(product)),
        },
        "Mutation.planChangeCancel(input)": {"idempotencyKey": contacts[1]},
        **await _changes_of_invoices(product, world, who),
        "Mutation.rateCardPublish(input)": rate_card("0.0083"),
        **await _changes_of_plans(product),
        "Mutation.discrepancyClose(id)": await add_discrepancy(product, world.tenant.id, next(MONTHS)),
        "Mutation.discrepancyClose(note)": "They were sent by hand.",
        "Mutation.marginAlertAcknowledge(id)": await add_margin_alert(product, world.tenant.id, next(MONTHS)),
        **await _changes_of_members(product, world, who),
        **await _changes_of_webhooks(world, who),
    }


async def _changes_of_invoices(product: Product, world: World, who: str) -> dict[str, Any]:
    """The same of invoices, of which a tenant has one a month."""
    given = [world.ids["Invoice"]] * 4
    if Permission.CATALOGUE_WRITE in HELD[who]:
        made = await add_draft(product, world.tenant.id, next(MONTHS))
        issued = [await add_invoice(product, world.tenant.id, next(MONTHS)) for _ in range(3)]
        given = [to_global("Invoice", made), *issued]
    return {
        "Mutation.invoiceIssue(id)": given[0],
        "Mutation.invoiceMarkPaid(id)": given[1],
        "Mutation.invoiceMarkPaid(reference)": "bank 2",
        "Mutation.invoiceVoid(id)": given[2],
        "Mutation.invoiceVoid(reason)": "It was wrong.",
        "Mutation.creditNoteIssue(input)": {
            "invoiceId": given[3],
            "amount": {"amount": "1.00", "currency": "USD"},
            "reason": "A gesture",
            "idempotencyKey": given[3],
        },
        "Mutation.invoicesGenerate(month)": "2026-10",
    }


async def _changes_of_plans(product: Product) -> dict[str, Any]:
    """The same of plans, in a tenant that has none yet."""
    plan = to_global("Plan", await publish(product, name="To be retired"))
    return {
        "Mutation.planDraft(input)": GIVEN | {"name": "Being written"},
        "Mutation.planPublish(input)": GIVEN | {"name": "Tiny"},
        "Mutation.planRetire(id)": plan,
        "Mutation.planBacktest(input)": GIVEN,
        "Mutation.planBacktest(months)": 1,
        "Mutation.tenantPlanAssign(id)": to_global("Tenant", await make_tenant(product.database, product.clock)),
        "Mutation.tenantPlanAssign(planId)": to_global("Plan", await publish(product)),
    }


async def _disable_spare_clients(product: Product, world: World) -> None:
    """A tenant may not have any number of them, and each mutation is given one of its own."""
    sql = "UPDATE api_client SET disabled_at = $2 WHERE tenant_id = $1 AND name = 'Spare' AND disabled_at IS NULL"
    async with product.database.for_tenant(world.tenant.id) as tx:
        await tx.execute(sql, world.tenant.id, product.clock.now())


async def _changes_of_members(product: Product, world: World, who: str) -> dict[str, Any]:
    """The same of members, invitations and API clients, of which a tenant may not have any number."""
    members = [await add_member_row(product, world.tenant.id, TenantRole.SUPPORT) for _ in range(3)]
    invitation, client = world.ids["Invitation"], world.ids["ApiClient"]
    if Permission.MEMBERS_WRITE in HELD[who]:
        invitation = await add_invitation(world.owner)
    if Permission.API_CLIENTS_WRITE in HELD[who]:
        await _disable_spare_clients(product, world)
        client = (await add_api_client(world.owner, name="Spare"))["apiClient"]["id"]
    return {
        "Mutation.memberInvite(input)": {"email": f"{members[0].lower()}@example.com", "role": "SUPPORT"},
        "Mutation.invitationResend(id)": invitation,
        "Mutation.invitationRevoke(id)": invitation,
        "Mutation.memberRoleChange(id)": members[0],
        "Mutation.memberRoleChange(role)": "DEVELOPER",
        "Mutation.memberRemove(id)": members[1],
        "Mutation.ownershipTransfer(toMemberId)": members[2],
        "Mutation.apiClientCreate(input)": {"name": "Till", "scopes": ["usage:read"]},
        "Mutation.apiClientRotate(id)": client,
        "Mutation.apiClientRotate(idempotencyKey)": client,
        "Mutation.apiClientDisable(id)": client,
    }


async def _changes_of_webhooks(world: World, who: str) -> dict[str, Any]:
    """The same of webhooks, of which a tenant has at most ten."""
    endpoint = world.ids["WebhookEndpoint"]
    if Permission.WEBHOOKS_WRITE in HELD[who]:
        await _delete_endpoints_but(world, endpoint)
        endpoint = (await add_endpoint(world.owner))["id"]
    return {
        "Mutation.webhookEndpointCreate(input)": {"url": "https://9.9.9.9/", "events": ["MESSAGE_RECEIVED"]},
        "Mutation.webhookEndpointUpdate(id)": world.ids["WebhookEndpoint"],
        "Mutation.webhookEndpointUpdate(input)": {"description": "The till"},
        "Mutation.webhookEndpointRotate(id)": endpoint,
        "Mutation.webhookEndpointRotate(idempotencyKey)": endpoint,
        "Mutation.webhookEndpointDelete(id)": endpoint,
        "Mutation.webhookEndpointTest(id)": world.ids["WebhookEndpoint"],
        "Mutation.webhookReplay(input)": {"deliveryId": world.ids["WebhookDelivery"]},
    }


async def _delete_endpoints_but(world: World, kept: str) -> None:
    for one in (await world.owner.run("{ webhookEndpoints { id disabledAt } }"))["webhookEndpoints"]:
        if one["id"] != kept and one["disabledAt"] is None:
            await world.owner.run(DELETE_ENDPOINT, id=one["id"])
