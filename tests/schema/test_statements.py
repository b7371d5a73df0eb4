"""What an operation costs the database: the exact number of statements, the same for one row and for fifty."""

import re
from itertools import count
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.rates.cards import read_current_card
from tests.product import Caller, Product
from tests.schema import surface
from tests.schema.stage import DEEP, MANY, OF_STAFF, PAGE, ROOTS, Tenant, caller_of, make_tenant, variables_of
from tests.schema.world import taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHO_ASKS = 1  # one statement in a transaction of its own tells who a token belongs to
WHAT_THEY_MAY = 1  # and one in the operation's transaction what they may do
# Statements besides those two; of a mutation one is its entry in the audit log.
EXPECTED: dict[str, int] = {
    "limits": 3,
    "credits": 5,
    "creditPurchase": 10,
    "spendCap": 2,
    "spendCapSet": 4,
    "planAdvice": 8,
    "plan": 4,  # and what is left of it, the change to come and its plan
    "planCatalogue": 1,
    "planChanges": 2,  # and their plans
    "planChangePreview": 5,
    "planChange": 13,  # and the plan, read again
    "planChangeCancel": 11,
    "usage": 5,
    "usageSyncs": 1,
    "usageSyncStart": 5,
    "invoices": 2,  # and their credit notes
    "invoice": 2,
    "messageCancel": 9,
    "messageEstimate": 7,
    "contactCreate": 3,
    "allowance": 1,
    "messageSend": 20,
    "contactDelete": 2,
    "message": 6,
    "templateArchive": 4,
    "viewer": 1,
    "templateCreate": 4,
    "contactUpdate": 3,
    "contacts": 1,
    "messages": 2,
    "batch": 5,
    "templates": 1,
    "templateUpdate": 6,
    "team": 2,
    "memberInvite": 9,
    "invitationResend": 9,
    "invitationRevoke": 5,
    "memberRoleChange": 7,
    "memberRemove": 7,
    "ownershipTransfer": 7,
    "ownershipAccept": 8,
    "apiClients": 2,
    "apiClientScopes": 0,
    "apiClientCreate": 8,
    "apiClientRotate": 9,
    "apiClientDisable": 4,
    "auditLog": 1,
    "supportAccess": 1,
    "supportSessions": 1,
    "supportAccessGrant": 4,
    "supportAccessRevoke": 2,
    "supportSessionStart": 7,
    "supportSessionEnd": 2,
    "calls": 1,
    "contactErasure": 1,
    "contactErase": 10,
    "contactMerge": 11,
    "contact": 1,
    "contactExport": 2,
    "contactTags": 2,
    "contactTagRename": 3,
    "contactTagDelete": 2,
    "contactLookup": 9,
    "contactImports": 1,
    "contactImport": 2,
    "contactImportStart": 6,
    "contactImportCancel": 4,
    "suppressionImportStart": 6,
    "uploadCreate": 4,
    "trafficPauses": 2,
    "trafficPauseRelease": 3,
    "numbers": 1,
    "numberUpdate": 4,
    "throughput": 1,
    "callMake": 14,
    "conversation": 4,
    "conversations": 4,
    "conversationRead": 3,
    "conversationReply": 22,
    "suppressions": 1,
    "suppressionAdd": 4,
    "settings": 1,
    "settingsUpdate": 4,
    "unread": 1,
    "openAlerts": 1,
    "alerts": 3,
    "alertRules": 1,
    "alertAcknowledge": 3,
    "alertMute": 4,
    "alertRuleSet": 2,
    "webhookEndpoints": 2,
    "webhookDeliveries": 3,
    "webhookDelivery": 3,
    "webhookEndpointCreate": 7,
    "webhookEndpointUpdate": 5,
    "webhookEndpointRotate": 10,
    "webhookEndpointDelete": 2,
    "webhookEndpointTest": 5,
    "webhookReplay": 4,
    "tenants": 8,
    "economics": 12,
    "tenant": 18,
    "tenantPlanAssign": 9,
    "creditLimitSet": 5,
    "acquisitionCostSet": 4,
    "invoicing": 3,
    "invoicesGenerate": 1,
    "tenantInvoice": 4,
    "invoiceIssue": 5,
    "invoiceMarkPaid": 6,
    "invoiceVoid": 6,
    "creditNoteIssue": 9,
    "plansOnSale": 1,
    "catalogue": 7,
    "planDraft": 3,
    "planPublish": 5,
    "planRetire": 4,
    "rateCard": 2,
    "rateCards": 1,
    "rateCardPublish": 6,
    "discrepancies": 2,
    "discrepancyClose": 1,
    "marginAlerts": 2,
    "marginAlertAcknowledge": 1,
    "planBacktest": 7,
    "all of messages": 5,
    "all of templates": 2,
    "all of a batch": 8,
    "messages of contacts": 4,
    "batches of messages": 5,
    "two mutations": 8,  # the second asks again what they may do
    "Query.viewer": 0,
    "Query.contacts": 1,
    "Query.contact": 1,
    "Query.contactTags": 1,
    "Query.contactImports": 1,
    "Query.contactErasures": 1,
    "Query.contactImport": 1,
    "tags of contacts": 2,  # and how many have each
    "Query.templates": 1,
    "Query.template": 1,
    "Query.templatePreview": 2,
    "Query.messages": 1,
    "Query.message": 1,
    "Query.calls": 1,
    "Query.numbers": 1,
    "Query.messageEstimate": 7,
    "Query.plan": 1,
    "Query.allowance": 1,
    "Query.usage": 5,  # both counts, charges, plans, rate card
    "Query.usageSyncs": 1,
    "Query.throughput": 1,
    "Mutation.usageSyncStart": 5,  # and a lock: one at a time
    "Query.policyOverrides": 1,
    "Query.trafficPauses": 1,
    "Mutation.policyOverride": 4,
    "Mutation.policyOverrideEnd": 2,
    "Mutation.trafficPauseRelease": 3,
    "Query.node": 1,
    "Query.planChanges": 1,
    "Query.planChangePreview": 5,
    "Query.planAdvice": 8,
    "Mutation.planChange": 12,
    "Mutation.planChangeCancel": 11,
    "Query.auditLog": 1,
    "Query.supportAccess": 1,
    "Query.supportSessions": 1,
    "Query.tenants": 1,
    "Query.tenant": 1,
    "Query.tierEconomics": 6,
    "Query.unitEconomics": 6,
    "Mutation.acquisitionCostSet": 4,  # and the tenant, read again
    "economics of tenants": 7,
    "Mutation.contactCreate": 3,
    "Mutation.contactUpdate": 3,
    "Mutation.contactDelete": 2,
    "Mutation.contactMerge": 11,
    "Mutation.contactErase": 10,
    "Mutation.contactLookup": 9,
    "Mutation.contactTagRename": 2,
    "Mutation.contactTagDelete": 2,
    "Mutation.contactExport": 2,
    "Mutation.uploadCreate": 4,
    "Mutation.contactImport": 6,
    "Mutation.suppressionImport": 6,
    "Mutation.contactImportCancel": 4,
    "Mutation.templateCreate": 4,
    "Mutation.templateUpdate": 6,
    "Mutation.templateArchive": 4,
    "Mutation.messageSend": 20,
    "Mutation.messageCancel": 9,
    "Mutation.messageReschedule": 7,
    "Query.members": 1,
    "Query.invitations": 1,
    "Query.apiClients": 2,  # and their secrets
    "Query.apiClientScopes": 0,
    "Mutation.memberInvite": 9,
    "Mutation.invitationResend": 9,
    "Mutation.invitationRevoke": 5,
    "Mutation.invitationAccept": 4,  # outside of any tenant: what they may there is not asked
    "Mutation.memberRoleChange": 7,
    "Mutation.memberRemove": 7,
    "Mutation.ownershipTransfer": 7,
    "Mutation.ownershipAccept": 8,
    "Mutation.apiClientCreate": 8,
    "Mutation.apiClientRotate": 9,
    "Mutation.apiClientDisable": 4,
    "Query.alert": 1,
    "Query.alerts": 1,
    "Query.alertRules": 1,
    "Mutation.alertAcknowledge": 3,
    "Mutation.alertMute": 4,
    "Mutation.alertRuleSet": 2,
    "messages of alerts": 3,
    "endpoints of deliveries": 3,
    "Query.webhookEndpoints": 2,  # and their secrets
    "Query.webhookEndpoint": 2,
    "Query.webhookDeliveries": 1,
    "Mutation.webhookEndpointCreate": 7,
    "Mutation.webhookEndpointUpdate": 5,
    "Mutation.webhookEndpointRotate": 10,
    "Mutation.webhookEndpointDelete": 2,
    "Mutation.webhookEndpointTest": 5,
    "Mutation.webhookReplay": 4,
    "Query.conversations": 1,
    "Query.conversation": 1,
    "Query.suppressions": 1,
    "Query.settings": 1,
    "Mutation.conversationRead": 3,
    "Mutation.conversationReply": 22,
    "Mutation.suppressionAdd": 4,
    "Mutation.callMake": 14,
    "Mutation.numberUpdate": 4,
    "Mutation.settingsUpdate": 4,
    "all of conversations": 10,
    "Query.credits": 3,
    "Mutation.spendCapSet": 4,
    "Mutation.creditPurchase": 10,
    "Mutation.creditLimitSet": 5,
    "Query.invoices": 1,
    "Query.invoice": 1,
    "all of invoices": 2,  # and their credit notes
    "Query.invoicesHeld": 1,
    "Query.invoiceRuns": 1,
    "Mutation.invoiceIssue": 5,
    "Mutation.invoiceMarkPaid": 6,
    "Mutation.invoiceVoid": 6,
    "Mutation.creditNoteIssue": 9,
    "Mutation.invoicesGenerate": 1,
    "Mutation.supportAccessGrant": 4,
    "Mutation.supportAccessRevoke": 2,
    "Query.rateCard": 1,
    "Query.rateCards": 1,
    "all of rate cards": 2,
    "Mutation.rateCardPublish": 6,
    "Mutation.supportSessionStart": 7,
    "Mutation.supportSessionEnd": 2,
    "Query.planCatalogue": 1,
    "Query.plans": 1,
    "Mutation.planDraft": 3,
    "Mutation.planPublish": 5,
    "Mutation.planRetire": 4,
    "Mutation.tenantPlanAssign": 9,
    "Mutation.planBacktest": 7,
    "Query.discrepancies": 1,
    "Query.marginAlerts": 1,
    "Mutation.discrepancyClose": 1,
    "Mutation.marginAlertAcknowledge": 1,
}
OF_ONE_PERSON = {"Mutation.invitationAccept", "Mutation.ownershipAccept", "ownershipAccept"}
NUMBERS = count(3_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenants(served: Product) -> list[Tenant]:
    """A tenant with one of everything, and one with fifty."""
    return [await make_tenant(served, 1, 1_000), await make_tenant(served, MANY, 2_000)]


def _root_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """The same by the coordinates of a root field's arguments."""
    return {f"{root}({name})": value for root in ROOTS for name, value in given.items()}


async def _measured(product: Product, caller: Caller, text: str, variables: dict[str, Any]) -> tuple[int, int]:
    """How many statements a request took besides who asks and what they may do, and how many transactions."""
    product.statements.clear()
    answer = await caller.post(query=text, variables=variables)
    assert "errors" not in answer.json(), answer.text
    found = taken(product)
    begun = [sql for sql in found if sql.startswith("BEGIN")]
    assert [sql for sql in found if sql in {"COMMIT", "ROLLBACK"}] == ["COMMIT"] * len(begun)
    work = [sql for sql in found if not sql.startswith("BEGIN") and sql != "COMMIT"]
    return len(work), len(begun)


def _transactions(name: str) -> int:
    """The one that tells who asks, and the query's; or one for each mutation, and one that reads after it."""
    of_support = 3  # and the one that looks for an open session
    transactions = {
        "two mutations": 1 + 2 + 1,
        "Mutation.invitationAccept": 1 + 1 + 1,
        "planChange": 1 + 1 + 1,
        "contactTagRename": 1 + 1 + 1,
        "Mutation.rateCardPublish": 1 + 1 + 1,
        "rateCardPublish": 1 + 1 + 1,
        "Mutation.planBacktest": 1 + 1 + 1,  # the rate card, and tenants, of which there are few
        "planBacktest": 1 + 1 + 1,
        "Mutation.acquisitionCostSet": 1 + 1 + 1,
        "Mutation.creditNoteIssue": 1 + 1 + 1,
        "Mutation.invoiceMarkPaid": 1 + 1 + 1,
        "acquisitionCostSet": 1 + 1 + 1,
        "creditNoteIssue": 1 + 1 + 1,
        "invoiceMarkPaid": 1 + 1 + 1,
    }
    return transactions.get(name, of_support if OF_STAFF.get(name) is StaffRole.ISV_SUPPORT else 2)


@pytest.mark.parametrize("name", [*PAGE, *DEEP, *ROOTS])
async def test_an_operation_takes_so_many_statements_whatever_there_is_to_read(
    name: str, served: Product, tenants: list[Tenant]
) -> None:
    for tenant in tenants:
        caller = await caller_of(served, tenant, name)
        variables = await variables_of(served, tenant, caller, name, f"+1202555{next(NUMBERS)}")
        text = (PAGE | DEEP).get(name, "")
        if name in ROOTS:
            text, variables = surface.operation({"done": ROOTS[name]}, _root_arguments(variables))
        variables = {given: value for given, value in variables.items() if f"${given}:" in text}
        async with served.database.as_role(DatabaseRole.OPERATOR) as tx:
            await read_current_card(tx)  # it is read once in a process
        may = 0 if OF_STAFF.get(name) is StaffRole.ISV_OPERATOR else WHAT_THEY_MAY
        expected = WHO_ASKS + may + EXPECTED[name]
        assert await _measured(served, caller, text, variables) == (expected, _transactions(name))
        if name.endswith("ownershipAccept"):
            tenant.owner = caller


async def test_the_table_names_every_operation_and_no_other() -> None:
    assert set(EXPECTED) == {*PAGE, *DEEP, *ROOTS}


async def test_a_member_s_session_costs_as_much_as_a_token(served: Product, tenants: list[Tenant]) -> None:
    member = await served.member(tenants[0].id, TenantRole.DEVELOPER)
    for name, more in (
        ("contacts", 0),
        ("viewer", 4),
    ):  # a person's tenants, read in another role and back, and what is offered
        served.statements.clear()
        await member.run(PAGE[name])
        work = [sql for sql in taken(served) if not sql.startswith(("BEGIN", "COMMIT"))]
        begun = [sql for sql in taken(served) if sql.startswith("BEGIN")]
        assert (len(work), len(begun)) == (WHO_ASKS + WHAT_THEY_MAY + EXPECTED[name] + more, 2)


async def test_what_is_refused_reads_nothing_of_the_tenant(served: Product, tenants: list[Tenant]) -> None:
    caller = await served.member(tenants[0].id, TenantRole.SUPPORT)
    served.statements.clear()
    assert await caller.codes(PAGE["contacts"]) == ["FORBIDDEN"]
    assert len([sql for sql in taken(served) if not sql.startswith(("BEGIN", "COMMIT"))]) == WHO_ASKS + WHAT_THEY_MAY


# What spans tenants by its nature: whose session it is, and to which tenants somebody belongs.
ACROSS_TENANTS = ("FROM session JOIN person", "WHERE person_id = $1 AND state <> 'CLOSED' ORDER BY name")


async def test_every_statement_on_a_table_of_tenants_names_the_tenant(
    served: Product, tenants: list[Tenant], place: DatabaseAddress
) -> None:
    connection = await asyncpg.connect(**place.credentials())
    sql = (
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'"
    )
    tables = {row[0] for row in await connection.fetch(sql)}
    await connection.close()
    owner = tenants[0].owner
    served.statements.clear()
    for name in [name for name in PAGE | DEEP | ROOTS if name not in OF_ONE_PERSON | OF_STAFF.keys()]:
        text = (PAGE | DEEP).get(name, "")
        variables = await variables_of(served, tenants[0], owner, name, f"+1202555{next(NUMBERS)}")
        if name in ROOTS:
            text, variables = surface.operation({"done": ROOTS[name]}, _root_arguments(variables))
        used = {given: value for given, value in variables.items() if f"${given}:" in text}
        assert "errors" not in (await owner.post(query=text, variables=used)).json()
    on_tenants = {
        sql
        for sql in taken(served)
        if tables & set(re.findall(r'(?i)(?:FROM|JOIN|INTO|UPDATE)\s+"?(\w+)', sql))
        and not any(a in sql for a in ACROSS_TENANTS)
    }
    assert len(on_tenants) > 30
    assert [sql for sql in on_tenants if "tenant_id" not in sql] == []
    reading = [sql for sql in on_tenants if not sql.startswith("INSERT")]
    assert [sql for sql in reading if not re.search(r'tenant_id"? ?= ?(ANY\()?\$\d', sql)] == []
