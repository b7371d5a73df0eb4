"""Roles in the midst of work: neighbours of what is refused, every path to content, and changes that hold at once."""

from typing import Any
from uuid import UUID

import pytest

from auth.permissions import Permission, StaffRole, TenantRole, machine_permissions, permissions_of
from portal.clock import new_id
from portal.global_ids import split_global
from portal_schema.nodes import to_global
from tests.product import Caller, Product
from tests.schema.rows import add_contact
from tests.schema.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALICE, SENDER_MASK = "+12025550100", "+1••••••••"
ME = "{ viewer { principal { ... on Person { id } } permissions } }"
CREATE = "mutation ($number: String!) { contactCreate(input: {number: $number}) { contact { name } errors { code } } }"


def _key(given: str) -> UUID:
    found = split_global(given)
    assert found is not None
    return found[1]


async def _person(caller: Caller) -> UUID:
    return _key((await caller.run(ME))["viewer"]["principal"]["id"])


async def _permissions(caller: Caller) -> set[str]:
    return set((await caller.run(ME))["viewer"]["permissions"])


async def _change_role(product: Product, tenant_id: UUID, person: UUID, role: TenantRole) -> None:
    async with product.database.for_tenant(tenant_id) as tx:
        sql = "UPDATE membership SET role = $3 WHERE tenant_id = $1 AND person_id = $2"
        assert await tx.execute(sql, tenant_id, person, role.value) == 1


async def _leave(product: Product, tenant_id: UUID, person: UUID) -> None:
    async with product.database.for_tenant(tenant_id) as tx:
        sql = "DELETE FROM membership WHERE tenant_id = $1 AND person_id = $2"
        assert await tx.execute(sql, tenant_id, person) == 1


def _scopes(answer: dict[str, Any]) -> dict[str, list[str]]:
    """The scopes that are missing, by path."""
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"FORBIDDEN"}
    return {".".join(map(str, error["path"])): error["extensions"]["requiredScopes"] for error in answer["errors"]}


@pytest.mark.parametrize("role", [TenantRole.SUPPORT, TenantRole.BILLING_MANAGER])
async def test_az_12_logs_show_masked_numbers_and_neither_numbers_nor_texts(
    role: TenantRole, served: Product, falcon: World
) -> None:
    caller = await served.member(falcon.tenant.id, role)
    answer = await caller.post(
        query="query ($id: ID!) { message(id: $id) { status body contact { number } template { body } "
        "sender { maskedNumber number } recipient { maskedNumber number country } } usage(input: {period: TODAY}) "
        "{ categories { category count } } contacts { nodes { number } } }",
        variables={"id": falcon.message},
    )
    data = answer.json()["data"]
    sender = data["message"]["sender"].pop("maskedNumber")
    assert sender.startswith(SENDER_MASK)
    assert data == {
        "message": {
            "status": "FAILED",
            "body": None,
            "contact": None,
            "template": None,
            "sender": {"number": None},
            "recipient": {"maskedNumber": "+1••••••••10", "number": None, "country": "US"},
        },
        "usage": {
            "categories": [
                {"category": "calls-outbound", "count": 1},
                {"category": "lookups", "count": 1},
                {"category": "sms-inbound", "count": 1},
                {"category": "sms-outbound", "count": 2},
            ]
        },
        "contacts": None,
    }
    assert _scopes(answer.json()) == {
        "message.body": ["messages:read"],
        "message.contact": ["contacts:read"],
        "message.template": ["templates:read"],
        "message.sender.number": ["messages:read"],
        "message.recipient.number": ["messages:read"],
        "contacts": ["contacts:read"],
    }
    assert "5550110" not in answer.text
    assert "bicycle" not in answer.text


async def test_az_06_content_is_refused_on_every_path_to_it(served: Product, falcon: World) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.SUPPORT)
    answer = await caller.post(
        query="""query ($message: ID!, $batch: ID!) {
          node(id: $message) { ... on Message { text: body } ...Spread }
          again: node(id: $message) { id ... on Message { batch { messages(first: 1) { nodes { body } } } } }
          send: node(id: $batch) { ... on MessageBatch { messages(first: 1) { edges { node { ...Content } } } } }
          messages(first: 1) { edges { node { body } } nodes { alias: body recipient { number } } }
        }
        fragment Spread on Message { ...Content recipient { whole: number } }
        fragment Content on Message { body }""",
        variables={"message": falcon.message, "batch": falcon.batch},
    )
    paths = """
        node.text node.body node.recipient.whole again.batch.messages.nodes.0.body send.messages.edges.0.node.body
        messages.edges.0.node.body messages.nodes.0.alias messages.nodes.0.recipient.number
    """
    assert _scopes(answer.json()) == {path: ["messages:read"] for path in paths.split()}
    assert "bicycle" not in answer.text


@pytest.mark.parametrize(
    ("kind", "scope"),
    [("Contact", "contacts:read"), ("Template", "templates:read"), ("TemplateVersion", "templates:read")],
)
async def test_az_15_an_object_that_is_refused_looks_like_one_that_is_not_there(
    kind: str, scope: str, served: Product, falcon: World
) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.SUPPORT)
    answers = []
    for given in (falcon.ids[kind], to_global(kind, new_id(served.clock.now()))):
        answer = (await caller.post(query="query ($id: ID!) { node(id: $id) { id } }", variables={"id": given})).json()
        assert answer["errors"][0]["extensions"].pop("requestId")
        answers.append(answer)
    assert answers[0] == answers[1]
    assert answers[0]["data"] == {"node": None}
    assert _scopes(answers[0]) == {"node": [scope]}


async def test_az_04_az_19_a_change_of_role_holds_on_the_next_request_of_the_same_session(
    served: Product, falcon: World
) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.DEVELOPER)
    person = await _person(caller)
    assert await _permissions(caller) == permissions_of(TenantRole.DEVELOPER)
    number = next(falcon.numbers)
    await _change_role(served, falcon.tenant.id, person, TenantRole.SUPPORT)
    assert await _permissions(caller) == permissions_of(TenantRole.SUPPORT)
    assert await caller.codes(CREATE, number=number) == ["FORBIDDEN"]
    await _change_role(served, falcon.tenant.id, person, TenantRole.ADMINISTRATOR)
    assert (await caller.run(CREATE, number=number))["contactCreate"]["errors"] == []


async def test_az_19_who_left_the_tenant_may_do_nothing_in_it(served: Product, falcon: World) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.DEVELOPER)
    await _leave(served, falcon.tenant.id, await _person(caller))
    data = await caller.run("{ viewer { permissions tenant { id } memberships { role } } }")
    assert data["viewer"] == {"permissions": [], "tenant": None, "memberships": []}
    assert (
        await caller.codes("{ contacts { nodes { id } } usage(input: {period: TODAY}) { asOf } }") == ["FORBIDDEN"] * 2
    )
    assert await caller.codes(CREATE, number=next(falcon.numbers)) == ["FORBIDDEN"]


async def test_a_machine_may_do_no_more_than_who_made_it_may_now(served: Product, falcon: World) -> None:
    maker = await served.member(falcon.tenant.id, TenantRole.DEVELOPER)
    person = await _person(maker)
    machine = await served.machine(falcon.tenant.id, machine_permissions(), created_by=person)
    number = next(falcon.numbers)
    token = machine_permissions() & permissions_of(TenantRole.DEVELOPER)
    assert await _permissions(machine) == token
    await _change_role(served, falcon.tenant.id, person, TenantRole.BILLING_MANAGER)
    assert await _permissions(machine) == token & permissions_of(TenantRole.BILLING_MANAGER)
    assert await machine.codes(CREATE, number=number) == ["FORBIDDEN"]
    await _leave(served, falcon.tenant.id, person)
    assert await _permissions(machine) == set()


async def test_az_17_a_mutation_that_is_allowed_happens_beside_one_that_is_refused(
    served: Product, falcon: World
) -> None:
    machine = await served.machine(falcon.tenant.id, [Permission.CONTACTS_WRITE])
    one, other = next(falcon.numbers), next(falcon.numbers)
    answer = await machine.post(
        query="""mutation ($one: String!, $other: String!, $template: ID!) {
          first: contactCreate(input: {number: $one}) { contact { number } errors { code } }
          templateArchive(id: $template) { errors { code } }
          second: contactCreate(input: {number: $other}) { contact { number } errors { code } }
        }""",
        variables={"one": one, "other": other, "template": falcon.template},
    )
    assert answer.json()["data"] == {
        "first": {"contact": None, "errors": []},
        "templateArchive": None,
        "second": {"contact": None, "errors": []},
    }
    assert _scopes(answer.json()) == {
        "first.contact": ["contacts:read"],
        "templateArchive": ["templates:write"],
        "second.contact": ["contacts:read"],
    }
    taken = await falcon.machine.run(CREATE, number=other)
    assert taken["contactCreate"]["errors"] == [{"code": "NUMBER_TAKEN"}]
    template = await falcon.machine.run("query ($id: ID!) { template(id: $id) { archivedAt } }", id=falcon.template)
    assert template["template"] == {"archivedAt": None}


async def test_az_17_aliases_of_what_is_refused_are_as_many_refusals_up_to_the_limit(
    served: Product, falcon: World
) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.SUPPORT)
    for number, expected in ((50, ["FORBIDDEN"] * 50), (100, ["BAD_USER_INPUT"])):
        aliases = " ".join(f"b{alias}: body" for alias in range(number))
        text = f"query ($id: ID!) {{ message(id: $id) {{ {aliases} }} }}"
        assert await caller.codes(text, id=falcon.message) == expected


async def test_an_estimate_previews_no_content_for_who_may_send_and_not_read(served: Product, falcon: World) -> None:
    machine = await served.machine(falcon.tenant.id, [Permission.MESSAGES_SEND])
    contact = await add_contact(falcon.machine, next(falcon.numbers), "Confidential")
    answer = await machine.post(
        query="query ($input: MessageEstimateInput!) { messageEstimate(input: $input) { recipients preview } }",
        variables={"input": {"recipients": {"contactIds": [contact]}, "body": "{{name}}"}},
    )
    assert answer.json()["data"] == {"messageEstimate": {"recipients": 1, "preview": None}}
    assert _scopes(answer.json()) == {"messageEstimate.preview": ["messages:read"]}


OF_THE_OPERATOR = {"Plan", "Discrepancy", "MarginAlert"}


@pytest.mark.parametrize("role", StaffRole)
async def test_az_13_the_isv_s_staff_sees_nothing_of_a_tenant_without_one(
    role: StaffRole, served: Product, falcon: World
) -> None:
    caller = await served.member(None, role)
    for kind, given in falcon.ids.items():
        answer = (await caller.post(query="query ($id: ID!) { node(id: $id) { id } }", variables={"id": given})).json()
        if kind == "Tenant" or (role is StaffRole.ISV_OPERATOR and kind in OF_THE_OPERATOR):  # which are theirs to see
            assert answer["data"] == {"node": {"id": given}}
        elif (role, kind) == (StaffRole.ISV_SUPPORT, "SupportSession"):  # somebody else's: as if it were not there
            assert answer["data"] == {"node": None}
            assert "errors" not in answer
        else:
            assert answer["data"] == {"node": None}
            assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    data = await caller.run("{ viewer { tenant { id } memberships { role } principal { __typename } } }")
    assert data["viewer"] == {"tenant": None, "memberships": [], "principal": {"__typename": "Person"}}


async def test_az_18_an_operation_that_is_known_is_checked_anew_for_whoever_sends_it(
    served: Product, falcon: World
) -> None:
    developer, support = [
        await served.member(falcon.tenant.id, role) for role in (TenantRole.DEVELOPER, TenantRole.SUPPORT)
    ]
    text = "query ($id: ID!, $with: Boolean!) { message(id: $id) { status body @include(if: $with) } }"
    for _ in range(2):
        for message in (falcon.message, falcon.delivered):
            assert (await developer.run(text, **{"id": message, "with": True}))["message"]["body"]
            assert await support.codes(text, **{"id": message, "with": True}) == ["FORBIDDEN"]
            assert (await support.run(text, **{"id": message, "with": False}))["message"]["status"]
