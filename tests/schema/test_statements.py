"""What an operation costs the database: the exact number of statements, the same for one row and for fifty."""

import re
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from graphql import FieldNode, OperationDefinitionNode, parse

from auth.api_client_changes import MOST_CLIENTS
from auth.permissions import StaffRole, TenantRole, machine_permissions
from portal.database.address import DatabaseAddress
from portal_schema.nodes import to_global
from tests.product import OPERATIONS, Caller, Product, operation
from tests.schema import surface
from tests.schema.world import (
    add_api_client,
    add_contact,
    add_invitation,
    add_member_row,
    add_template,
    let_support_see_content,
    offered,
    open_session,
    send,
    taken,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

MANY = 50
WHO_ASKS = 1  # one statement in a transaction of its own tells who a token belongs to
WHAT_THEY_MAY = 1  # and one in the operation's transaction what they may do
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
BATCHES_OF_MESSAGES = """query ($first: Int) {
  messages(first: $first) {
    nodes { batch { messages(last: 1) { nodes { id } } refusals(first: 1) { nodes { contact { id } } } } }
  }
}"""
TWO_MUTATIONS = """mutation ($number: String!, $id: ID!) {
  one: contactCreate(input: {number: $number}) { contact { id } }
  two: contactUpdate(id: $id, input: {}) { contact { messages(first: 1) { nodes { id } } } }
}"""
PAGE = {file.stem: file.read_text(encoding="utf-8") for file in OPERATIONS.glob("*.graphql")}
DEEP = {
    "all of messages": ALL_OF_MESSAGES,
    "all of templates": ALL_OF_TEMPLATES,
    "all of a batch": ALL_OF_A_BATCH,
    "messages of contacts": MESSAGES_OF_CONTACTS,
    "batches of messages": BATCHES_OF_MESSAGES,
    "two mutations": TWO_MUTATIONS,
}
ROOTS = {f"{way[0].owner.name}.{way[0].name}": way for way in surface.ways().values() if len(way) == 1}
# Statements besides those two; of a mutation one is its entry in the audit log.
EXPECTED: dict[str, int] = {
    "usage": 4,
    "messageCancel": 8,
    "messageEstimate": 2,
    "contactCreate": 3,
    "allowance": 1,
    "messageSend": 16,
    "contactDelete": 2,
    "message": 5,
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
    "memberInvite": 8,
    "invitationResend": 8,
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
    "all of messages": 5,
    "all of templates": 2,
    "all of a batch": 8,
    "messages of contacts": 4,
    "batches of messages": 5,
    "two mutations": 8,  # the second asks again what they may do
    "Query.viewer": 0,
    "Query.contacts": 1,
    "Query.contact": 1,
    "Query.templates": 1,
    "Query.template": 1,
    "Query.messages": 1,
    "Query.message": 1,
    "Query.messageEstimate": 2,
    "Query.plan": 1,
    "Query.allowance": 1,
    "Query.usage": 1,
    "Query.node": 1,
    "Query.auditLog": 1,
    "Query.supportAccess": 1,
    "Query.supportSessions": 1,
    "Query.tenants": 1,
    "Query.tenant": 1,
    "Mutation.contactCreate": 3,
    "Mutation.contactUpdate": 3,
    "Mutation.contactDelete": 2,
    "Mutation.templateCreate": 4,
    "Mutation.templateUpdate": 6,
    "Mutation.templateArchive": 4,
    "Mutation.messageSend": 16,
    "Mutation.messageCancel": 8,
    "Query.members": 1,
    "Query.invitations": 1,
    "Query.apiClients": 2,  # and their secrets
    "Query.apiClientScopes": 0,
    "Mutation.memberInvite": 8,
    "Mutation.invitationResend": 8,
    "Mutation.invitationRevoke": 5,
    "Mutation.invitationAccept": 4,  # outside of any tenant: what they may there is not asked
    "Mutation.memberRoleChange": 7,
    "Mutation.memberRemove": 7,
    "Mutation.ownershipTransfer": 7,
    "Mutation.ownershipAccept": 8,
    "Mutation.apiClientCreate": 8,
    "Mutation.apiClientRotate": 9,
    "Mutation.apiClientDisable": 4,
    "Mutation.supportAccessGrant": 4,
    "Mutation.supportAccessRevoke": 2,
    "Mutation.supportSessionStart": 7,
    "Mutation.supportSessionEnd": 2,
}
# What the ISV's staff asks; without a session its permissions take no statement to read.
OF_STAFF = {
    "Query.tenants": StaffRole.ISV_OPERATOR,
    "Query.tenant": StaffRole.ISV_OPERATOR,
    "Mutation.supportSessionStart": StaffRole.ISV_SUPPORT,
    "Mutation.supportSessionEnd": StaffRole.ISV_SUPPORT,
}
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
}
OF_ONE_PERSON = {"Mutation.invitationAccept", "Mutation.ownershipAccept", "ownershipAccept"}
NUMBERS = count(3_000)


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


async def _tenant(product: Product, rows: int, start: int) -> Tenant:
    tenant = await product.tenant(f"With {rows}", allowance=100_000)
    machine = tenant.machine
    contacts = [await add_contact(machine, f"+1202555{number:04}") for number in range(start, start + rows)]
    templates = [(await add_template(machine, f"Template {number}"))[0] for number in range(rows)]
    for given in templates:
        changed = await machine.run(operation("templateUpdate"), id=given, input={"body": "Hello {{name}}"})
        assert changed["templateUpdate"]["errors"] == []
    batch = await send(machine, contacts * 2, templateId=templates[0])  # as many refused as accepted
    message = batch["messages"]["nodes"][0]["id"]
    owner = await _with_members(product, tenant.id, rows)
    return Tenant(tenant.id, machine, owner, contacts, templates[0], message, batch["id"])


async def _with_members(product: Product, tenant_id: UUID, rows: int) -> Caller:
    """The Owner of a tenant with so many members, invitations and API clients."""
    owner = await product.member(tenant_id, TenantRole.OWNER)
    for _ in range(rows):
        await add_member_row(product, tenant_id, TenantRole.DEVELOPER)
        await add_invitation(owner)
    for _ in range(rows * MOST_CLIENTS // MANY // 2):
        await add_api_client(owner)
    return owner


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenants(served: Product) -> list[Tenant]:
    """A tenant with one of everything, and one with fifty."""
    return [await _tenant(served, 1, 1_000), await _tenant(served, MANY, 2_000)]


async def _caller(product: Product, tenant: Tenant, asked: str) -> Caller:
    """Who runs an operation: the machine if it may, else the Owner, or who alone it is offered to."""
    if asked.endswith("ownershipAccept"):
        return await product.member(tenant.id, TenantRole.DEVELOPER)
    if asked == "Mutation.invitationAccept":
        return await product.member(None, TenantRole.DEVELOPER)  # of no tenant
    if asked in OF_STAFF:
        return await product.member(None, OF_STAFF[asked])
    needed = surface.NOTHING.union(*(ROOTS[root][0].needed for root in _roots_of(asked)))
    return tenant.owner if needed - machine_permissions() else tenant.machine


def _roots_of(asked: str) -> list[str]:
    """The root fields of an operation, by their coordinates."""
    if asked in ROOTS:
        return [asked]
    (definition,) = parse((PAGE | DEEP)[asked]).definitions
    assert isinstance(definition, OperationDefinitionNode)
    owner = definition.operation.value.title()
    fields = [field for field in definition.selection_set.selections if isinstance(field, FieldNode)]
    return [f"{owner}.{field.name.value}" for field in fields]


async def _made_of_members(product: Product, tenant: Tenant, caller: Caller, name: str, number: str) -> dict[str, Any]:
    """The same of members, invitations and API clients."""
    if name.startswith("apiClient"):
        client = (await add_api_client(tenant.owner))["apiClient"]["id"]
        return {"id": client, "idempotencyKey": number}
    if name.endswith("Accept"):
        return await offered(product, tenant.owner, caller)
    if name.startswith("invitation"):
        return {"id": await add_invitation(tenant.owner)}
    member = await add_member_row(product, tenant.id, TenantRole.SUPPORT)
    return {"id": member, "toMemberId": member, "role": "BILLING_MANAGER"}


async def _variables(product: Product, tenant: Tenant, caller: Caller, asked: str, number: str) -> dict[str, Any]:
    """What an operation is run with: with whatever it needs made before it is measured."""
    name = asked.rpartition(".")[2] if asked != "Query.usage" else asked
    to_all = {"recipients": {"contactIds": tenant.contacts}, "body": "Hello"}
    if name == "contactDelete":
        return {"id": await add_contact(tenant.machine, number)}
    if name == "messageCancel":
        return {"id": (await send(tenant.machine, tenant.contacts, body="Hello"))["id"]}
    if name == "templateArchive":
        return {"id": (await add_template(tenant.machine, number))[0]}
    if name in MADE_OF_MEMBERS:
        return await _made_of_members(product, tenant, caller, name, number)
    if name == "supportAccessRevoke":
        await let_support_see_content(caller)
    if name in {"supportSessionStart", "supportSessionEnd"}:
        session = await open_session(caller, to_global("Tenant", tenant.id))
        given = {"tenantId": to_global("Tenant", tenant.id), "reason": "A ticket"}
        return {"id": session} if name == "supportSessionEnd" else {"input": given}
    variables: dict[str, dict[str, Any]] = {
        "contactCreate": {"input": {"number": number}},
        "contactUpdate": {"id": tenant.contacts[0], "input": {"name": "Other"}},
        "messageEstimate": {"input": to_all},
        "messageSend": {"input": to_all | {"idempotencyKey": number}},
        "message": {"id": tenant.message},
        "batch": {"id": tenant.batch},
        "Query.usage": {"input": {"period": "TODAY"}},
        "all of a batch": {"id": tenant.batch},
        "templateCreate": {"input": {"name": number, "category": "MARKETING", "body": "x"}},
        "templateUpdate": {"id": tenant.template, "input": {"body": f"Hello {number}"}},
        "two mutations": {"number": number, "id": tenant.contacts[0]},
        "contact": {"id": tenant.contacts[0]},
        "template": {"id": tenant.template},
        "node": {"id": tenant.batch},
        "memberInvite": {"input": {"email": f"{number[1:]}@example.com", "role": "SUPPORT"}},
        "apiClientCreate": {"input": {"name": "Till", "scopes": ["usage:read"]}},
        "tenant": {"id": to_global("Tenant", tenant.id)},
        "supportAccessGrant": {"input": {"hours": 1}},
    }
    return variables.get(name, {"first": MANY})


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
    transactions = {"two mutations": 1 + 2 + 1, "Mutation.invitationAccept": 1 + 1 + 1}
    return transactions.get(name, of_support if OF_STAFF.get(name) is StaffRole.ISV_SUPPORT else 2)


@pytest.mark.parametrize("name", [*PAGE, *DEEP, *ROOTS])
async def test_an_operation_takes_so_many_statements_whatever_there_is_to_read(
    name: str, served: Product, tenants: list[Tenant]
) -> None:
    for tenant in tenants:
        caller = await _caller(served, tenant, name)
        variables = await _variables(served, tenant, caller, name, f"+1202555{next(NUMBERS)}")
        text = (PAGE | DEEP).get(name, "")
        if name in ROOTS:
            text, variables = surface.operation({"done": ROOTS[name]}, _root_arguments(variables))
        variables = {given: value for given, value in variables.items() if f"${given}:" in text}
        may = 0 if OF_STAFF.get(name) is StaffRole.ISV_OPERATOR else WHAT_THEY_MAY
        expected = WHO_ASKS + may + EXPECTED[name]
        assert await _measured(served, caller, text, variables) == (expected, _transactions(name))
        if name.endswith("ownershipAccept"):
            tenant.owner = caller


async def test_the_table_names_every_operation_and_no_other() -> None:
    assert set(EXPECTED) == {*PAGE, *DEEP, *ROOTS}


async def test_a_member_s_session_costs_as_much_as_a_token(served: Product, tenants: list[Tenant]) -> None:
    member = await served.member(tenants[0].id, TenantRole.DEVELOPER)
    for name, more in (("contacts", (0, 0)), ("viewer", (2, 1))):  # a person's tenants, and what is offered
        served.statements.clear()
        await member.run(PAGE[name])
        work = [sql for sql in taken(served) if not sql.startswith(("BEGIN", "COMMIT"))]
        begun = [sql for sql in taken(served) if sql.startswith("BEGIN")]
        assert (len(work), len(begun)) == (WHO_ASKS + WHAT_THEY_MAY + EXPECTED[name] + more[0], 2 + more[1])


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
    for name in (PAGE | DEEP | ROOTS).keys() - OF_ONE_PERSON - OF_STAFF.keys():
        text = (PAGE | DEEP).get(name, "")
        variables = await _variables(served, tenants[0], owner, name, f"+1202555{next(NUMBERS)}")
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
