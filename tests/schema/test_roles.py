"""Who may use what: every role, and a machine with every single scope, on every field, as the committed data says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count, islice
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from graphql import get_named_type, is_leaf_type

from auth.permissions import (
    Permission,
    StaffRole,
    TenantRole,
    machine_permissions,
    permissions_of,
    staff_permissions,
)
from portal_schema.nodes import to_global
from portal_schema.permissions_table import permissions_table
from tests.conversations.inbound import add_conversation
from tests.factories import make_tenant
from tests.imports.files import start, upload
from tests.invoices.stored import add_draft, add_invoice
from tests.plans.changes import offer_smallest, token_for
from tests.plans.offers import GIVEN, publish
from tests.policy.stored import add_override
from tests.product import Caller, Product
from tests.reconciliation.stored import add_discrepancy, add_margin_alert
from tests.schema.surface import NOTHING, SCHEMA, SDL, Permissions, Way, coordinate, declared, operation, ways
from tests.schema.world import (
    World,
    add_alert,
    add_api_client,
    add_contact,
    add_endpoint,
    add_invitation,
    add_member_row,
    add_tag,
    add_template,
    contents,
    let_support_see_content,
    make_world,
    open_session,
    rate_card,
    send,
)
from tests.shield.stored import add_pause

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ways()
MUTATIONS = [way for way in ALL.values() if way[0].owner.name == "Mutation"]
# These ask for no permission but for somebody in particular: they have tests of their own.
OF_ONE_PERSON = {"Mutation.invitationAccept", "Mutation.ownershipAccept"}
ROOTS = [way for way in MUTATIONS if len(way) == 1 and coordinate(way) not in OF_ONE_PERSON]
OUTSIDE, IN_SESSION, WITH_CONTENT = "ISV_SUPPORT", "ISV_SUPPORT in a session", "ISV_SUPPORT while content is granted"
HELD: dict[str, Permissions] = {
    **{role.value: permissions_of(role) for role in TenantRole},
    OUTSIDE: staff_permissions(StaffRole.ISV_SUPPORT),
    IN_SESSION: staff_permissions(StaffRole.ISV_SUPPORT, in_session=True),
    WITH_CONTENT: staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True),
    "ISV_OPERATOR": staff_permissions(StaffRole.ISV_OPERATOR),
    **{permission.scope: frozenset({permission}) for permission in sorted(machine_permissions())},
}
STAFF = {name for name in HELD if name.startswith("ISV_")}


def _without_tenants(who: str) -> Permissions:
    return frozenset(one for one in HELD[who] if not one.is_of_tenant)


# The operator holds some of the tenants' permissions, for the tenants that it names; no root field names one.
HELD_AT_ROOT = HELD | {who: _without_tenants(who) for who in (OUTSIDE, "ISV_OPERATOR")}
HELD_TO_CHANGE = HELD | {who: _without_tenants(who) for who in STAFF}
AT_ROOT = {"Query": HELD_AT_ROOT, "Mutation": HELD_TO_CHANGE}
# What is never found there, whatever one may: the staff is in no tenant, only ISV support is in a session.
NEVER = {
    who: {("Viewer.tenant", "Tenant") if who in STAFF else ("Viewer.supportSession", "SupportSession")}
    | {("Viewer.principal", "ApiClient" if who in STAFF or who in TenantRole.__members__ else "Person")}
    for who in HELD
}
for nowhere in (OUTSIDE, "ISV_OPERATOR"):
    NEVER[nowhere].add(("Viewer.supportSession", "SupportSession"))
DELETE_ENDPOINT = "mutation ($id: ID!) { webhookEndpointDelete(id: $id) { errors { code } } }"
NUMBERS = "number\n+12025550143\n"
MONTH = {"from": "2026-11-01", "until": "2026-12-01"}
AT_ONCE = 20  # root fields that one operation may have
MONTHS = (date(year, 1, 1) for year in count(2100))  # in which no invoice was made
Refused = set[tuple[tuple[str, ...], tuple[str, ...]]]


def queries(who: str) -> list[Way]:
    """A way to every field that a query reaches: one that is open to them, if there is one."""

    def detour(way: Way, target: str) -> int:
        return 10 if (coordinate(way), target) in NEVER[who] else bool(refused({"": way}, who))

    return [way for way in ways(detour).values() if way[0].owner.name == "Query"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Somebody of each kind, all of them signed in before the first test asks anything, and where they ask."""

    callers: dict[str, Caller]
    open: World  # lets support see content
    quiet: World  # does not

    def world(self, who: str) -> World:
        """The tenant that somebody asks in."""
        return self.quiet if who == IN_SESSION else self.open

    async def make_ready(self, who: str) -> None:
        """Leave and sessions are as the name says, whatever a test did before."""
        await let_support_see_content(self.callers["OWNER"])
        if who in {IN_SESSION, WITH_CONTENT}:
            await open_session(self.callers[who], self.world(who).tenant_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(served: Product, falcon: World) -> Stage:
    """The callers with their tenants."""
    found: dict[str, Caller] = {}
    for name, held in HELD.items():
        if name == TenantRole.OWNER:  # there is one
            found[name] = falcon.owner
        elif name in TenantRole.__members__:
            found[name] = await served.member(falcon.tenant.id, TenantRole(name))
        elif name in STAFF:
            found[name] = await served.member(None, StaffRole(name.partition(" ")[0]))
        else:
            found[name] = await served.machine(falcon.tenant.id, held)
    return Stage(found, falcon, await make_world(served, "Quiet Quails", allowance=250))


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


def refused(asked: Mapping[str, Way], who: str) -> Refused:
    """Where an answer to these ways has to have an error, and the scopes that it has to name."""
    found: Refused = set()
    for alias, way in asked.items():
        for place, step in enumerate(way):
            # `node` asks for the permission of the type that the id is of: here a message.
            also = declared(SCHEMA.type_map["Message"]) if coordinate((step,)) == "Query.node" else None
            held = HELD[who] if place else AT_ROOT[step.owner.name][who]
            if missing := (step.needed | (also or NOTHING)) - held:
                path = (alias, *(one.name for one in way[1 : place + 1]))
                found.add((path, tuple(sorted(one.scope for one in missing))))
                break
    return found


def told(answer: Mapping[str, Any]) -> Refused:
    """Where an answer has errors, all of which say FORBIDDEN, and the scopes that they name."""
    found: Refused = set()
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] == "FORBIDDEN", error
        path = tuple(step for step in error["path"] if isinstance(step, str))
        found.add((path, tuple(sorted(error["extensions"]["requiredScopes"]))))
    return found


def values(data: Any, path: Iterable[str]) -> list[Any]:
    """All values that a path leads to, through lists; a null on the way counts as where it leads."""
    level = [data]
    for name in path:
        level = [one if one is None else one[name] for one in level]
        level = [item for one in level for item in (one if isinstance(one, list) else [one])]
    return level


def batches(found: Sequence[Way]) -> Iterator[dict[str, Way]]:
    """The ways by alias, as many at once as one operation may ask for."""
    rest = iter(enumerate(found))
    while some := {f"f{number}": way for number, way in islice(rest, AT_ONCE)}:
        yield some


async def ask(caller: Caller, asked: Mapping[str, Way], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer: data and errors."""
    text, variables = operation(asked, arguments)
    answer = await caller.post(query=text, variables=variables)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def check_data(data: Mapping[str, Any], asked: Mapping[str, Way], expected: Refused) -> None:
    """What is refused is null; what is not and is guarded has some value: its neighbours' refusals do not void it."""
    for path, _ in expected:
        assert set(values(data, path)) <= {None}, path
    for alias, way in asked.items():
        names = (alias, *(step.name for step in way[1:]))
        is_refused = any(names[: len(path)] == path for path, _ in expected)
        if not is_refused and declared(way[-1].field):
            assert set(map(str, values(data, names))) - {"None"}, coordinate(way)


@pytest.mark.parametrize("who", HELD)
async def test_az_02_az_03_az_14_a_query_field_answers_those_who_may_and_refuses_the_rest(
    who: str, stage: Stage
) -> None:
    await stage.make_ready(who)
    for asked in batches(queries(who)):
        answer = await ask(stage.callers[who], asked, given(stage.world(who)))
        expected = refused(asked, who)
        assert told(answer) == {one for one in expected if values(answer["data"], one[0])}  # none in an empty list
        check_data(answer["data"], asked, expected)


@pytest.mark.parametrize("who", HELD)
async def test_az_02_az_03_a_mutation_that_is_refused_changes_nothing(
    who: str, stage: Stage, served: Product, onlooker: asyncpg.Connection
) -> None:
    await stage.make_ready(who)
    roots = [way for way in ROOTS if way[0].needed - HELD_TO_CHANGE[who]]
    arguments = await changes(served, stage.world(who), who)
    before = await contents(onlooker)
    for asked in batches(roots):
        answer = await ask(stage.callers[who], asked, arguments)
        assert told(answer) == refused(asked, who)
        assert answer["data"] == dict.fromkeys(asked)
    assert await contents(onlooker) == before
    assert roots


@pytest.mark.parametrize("who", HELD)
async def test_az_07_a_mutation_works_for_those_who_may_and_its_payload_hides_what_they_may_not_see(
    who: str, stage: Stage, served: Product
) -> None:
    await stage.make_ready(who)
    arguments = await changes(served, stage.world(who), who)
    for root in (way for way in ROOTS if not way[0].needed - HELD_TO_CHANGE[who]):
        if root[0].name == "supportSessionEnd":
            session = await open_session(stage.callers[who], stage.world(who).tenant_id)
            arguments["Mutation.supportSessionEnd(id)"] = session
        below = [way for way in MUTATIONS if len(way) == 2 and way[0] == root[0]]
        text, variables = operation({"done": root}, arguments)
        leaves = {way: is_leaf_type(get_named_type(way[-1].field.type)) for way in below}
        selected = " ".join(way[-1].name + ("" if leaf else " { __typename }") for way, leaf in leaves.items())
        answer = (await stage.callers[who].post(query=text.replace("__typename", selected), variables=variables)).json()
        expected = {
            (("done", way[-1].name), tuple(sorted(one.scope for one in missing)))
            for way in below
            if (missing := way[-1].needed - HELD[who])
        }
        assert told(answer) == expected, root
        assert answer["data"]["done"]["errors"] == []


async def test_az_13_isv_support_has_two_mutations_and_no_more() -> None:
    allowed = {way[0].name for way in ROOTS if not way[0].needed - HELD_TO_CHANGE[WITH_CONTENT]}
    assert allowed == {"supportSessionStart", "supportSessionEnd"}


async def test_the_committed_table_of_permissions_is_the_code_s_own() -> None:
    committed = SDL.parents[1] / "docs" / "PERMISSIONS.csv"
    assert committed.read_text(encoding="utf-8") == permissions_table(), (
        "write it again: python -m portal_schema.permissions_table > docs/PERMISSIONS.csv"
    )


async def test_every_permission_that_the_schema_names_is_held_by_somebody() -> None:
    named: set[Permission] = set().union(*(step.needed for way in ALL.values() for step in way))
    assert named <= set().union(*HELD.values())
