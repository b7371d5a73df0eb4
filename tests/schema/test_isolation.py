"""Tenants apart: what belongs to another looks like what is not there, in every answer's every byte."""

import asyncio
import base64
import re
from collections.abc import Sequence
from itertools import product as pairs
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import pytest_asyncio

from auth.people import add_member
from auth.permissions import StaffRole, TenantRole
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.global_ids import split_global
from portal_schema.nodes import to_global
from tests.product import Caller, Product
from tests.schema.paging import FOR_STAFF, LISTS, PAGE
from tests.schema.places import (
    ALL_OF,
    LOOKED_AT,
    ON_SALE,
    PLACES,
    PLACES_OF_OPERATOR,
    PLACES_OF_SUPPORT,
    SEND_TO,
)
from tests.schema.rows import add_contact, add_template, send
from tests.schema.surface import fields_with, id_places, node_types
from tests.schema.world import World, contents, make_world, taken

OF_THE_OPERATOR_ALONE = {"Discrepancy", "MarginAlert"}  # which no tenant may ask for at all
OF_THE_OPERATOR = {
    "Tenant",
    "Invoice",
    "Plan",
    "PolicyOverride",
} | OF_THE_OPERATOR_ALONE  # of which all tenants' are its own to see

AT_ONCE = 10  # ids that one operation tries, which costs as much as two that try one

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def freestyle(served: Product, falcon: World) -> World:
    """Another tenant with one of everything, which came later."""
    return await make_world(served, "Freestyle Falcons", allowance=50)


def _absent(product: Product, kind: str) -> str:
    return to_global(kind, new_id(product.clock.now()))


def _tried_with(text: str, kinds: Sequence[str]) -> str:
    """An operation that tries a place with an id of each of these kinds, by aliases of their names."""
    begin, _, rest = text.partition("{")
    fields = [f"{kind}: {rest.rpartition('}')[0].strip().replace('$id', f'${kind}')}" for kind in kinds]
    given = ", ".join(f"${kind}: ID!" for kind in kinds)
    return f"{begin.replace('$id: ID!', given)} {{ {' '.join(fields)} }}"


async def _raw(product: Product, caller: Caller, text: str, **variables: Any) -> tuple[int, bytes, list[str]]:
    """An answer without its request id, and the SQL that it took."""
    product.statements.clear()
    answer = await caller.post(query=text, variables=variables)
    told = re.sub(rb'"requestId":"\w+"', b'"requestId":""', answer.content)
    return answer.status_code, told, [re.sub(r"'[0-9a-f-]{36}'", "", one) for one in taken(product)]


async def test_tn_01_every_place_that_takes_an_id_is_tried_here() -> None:
    assert set(id_places()) == set(PLACES) | set(PLACES_OF_SUPPORT) | set(PLACES_OF_OPERATOR) | LOOKED_AT


@pytest.mark.parametrize("place_of", PLACES)
async def test_tn_01_tn_02_another_tenant_s_id_is_answered_like_an_absent_one_by_the_same_statements(
    place_of: str, served: Product, onlooker: asyncpg.Connection, falcon: World, freestyle: World
) -> None:
    assert set(falcon.ids) == node_types()
    before = await contents(onlooker)
    all_kinds = sorted(falcon.ids.keys() - {ON_SALE})
    for start in range(0, len(all_kinds), AT_ONCE):
        kinds = all_kinds[start : start + AT_ONCE]
        text = _tried_with(PLACES[place_of], kinds)
        foreign = await _raw(served, freestyle.owner, text, **{kind: falcon.ids[kind] for kind in kinds})
        absent = await _raw(served, freestyle.owner, text, **{kind: _absent(served, kind) for kind in kinds})
        assert foreign == absent
        answer = orjson.loads(foreign[1])
        codes = {error["path"][0]: error["extensions"]["code"] for error in answer.get("errors", ())}
        assert answer["data"].keys() == set(kinds)
        assert "INTERNAL" not in codes.values()
        forbidden = {kind for kind, code in codes.items() if code == "FORBIDDEN"}
        assert forbidden == (OF_THE_OPERATOR_ALONE & set(kinds) if place_of == "Query.node(id)" else set())
    assert await contents(onlooker) == before


@pytest.mark.parametrize("place_of", PLACES_OF_SUPPORT)
async def test_tn_01_what_is_not_support_s_own_or_no_tenant_is_answered_like_an_absent_id(
    place_of: str, served: Product, onlooker: asyncpg.Connection, falcon: World
) -> None:
    caller = await served.member(None, StaffRole.ISV_SUPPORT)
    others = {kind: given for kind, given in falcon.ids.items() if kind != "Tenant"}  # the session is somebody else's
    before = await contents(onlooker)
    absent = (await _raw(served, caller, PLACES_OF_SUPPORT[place_of], id=_absent(served, "Tenant")))[:2]
    for given in (*others.values(), _absent(served, "SupportSession"), "no id", ""):
        assert (await _raw(served, caller, PLACES_OF_SUPPORT[place_of], id=given))[:2] == absent
    assert absent[0] == 200
    assert b"FORBIDDEN" not in absent[1]
    assert await contents(onlooker) == before


@pytest.mark.parametrize("place_of", PLACES_OF_OPERATOR)
async def test_tn_01_what_is_no_object_of_its_kind_is_answered_to_the_operator_like_an_absent_id(
    place_of: str, served: Product, onlooker: asyncpg.Connection, falcon: World
) -> None:
    caller = await served.member(None, StaffRole.ISV_OPERATOR)
    before = await contents(onlooker)
    absent = (await _raw(served, caller, PLACES_OF_OPERATOR[place_of], id=_absent(served, "Tenant")))[:2]
    others = {kind: given for kind, given in falcon.ids.items() if kind not in OF_THE_OPERATOR}
    for given in (*others.values(), "no id", ""):
        assert (await _raw(served, caller, PLACES_OF_OPERATOR[place_of], id=given))[:2] == absent
    assert absent[0] == 200
    assert b"FORBIDDEN" not in absent[1]
    assert await contents(onlooker) == before


@pytest.mark.parametrize("place_of", ["Query.node(id)", "Query.contact(id)", "Query.template(id)", "Query.message(id)"])
async def test_one_s_own_id_is_found_so_that_the_refusals_mean_something(place_of: str, freestyle: World) -> None:
    name = place_of.partition(".")[2].partition("(")[0]
    given = freestyle.ids["Message" if name == "node" else name.title()]
    data = await freestyle.machine.run(PLACES[place_of], id=given)
    assert data[name]["id"] == given


async def test_tn_01_whoever_sends_to_another_tenant_s_contact_learns_nothing(
    served: Product, falcon: World, freestyle: World
) -> None:
    answers = []
    for key, given in enumerate((falcon.contact, falcon.other_contact, _absent(served, "Contact"), "no id")):
        answers.append(await freestyle.machine.run(SEND_TO, id=given, key=f"to nobody {key}"))
    nobody = {"code": "NOT_FOUND", "message": "There is no such contact.", "maskedNumber": None, "contact": None}
    for answer in answers:
        assert answer["messageSend"]["errors"] == []
        assert answer["messageSend"]["batch"] == {
            "total": 2,
            "accepted": 0,
            "refusals": {"nodes": [nobody, nobody]},
            "messages": {"nodes": []},
        }
    assert answers.count(answers[0]) == len(answers)


async def test_tn_03_every_list_that_takes_a_cursor_is_tried_here() -> None:
    assert fields_with("after") == fields_with("before") == set(LISTS) | FOR_STAFF


def _beside(cursor: str) -> str:
    """A cursor of the same place that no row ever had: its id's last bit is another."""
    name, value, row_id = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    near = str(UUID(int=UUID(row_id).int ^ 1))
    return base64.urlsafe_b64encode(orjson.dumps([name, value, near])).decode().rstrip("=")


def _cursors(data: Any) -> list[str]:
    """All cursors in an answer."""
    if isinstance(data, dict):
        own = [data["cursor"]] if "cursor" in data else []
        return own + [cursor for value in data.values() for cursor in _cursors(value)]
    return [cursor for value in data for cursor in _cursors(value)] if isinstance(data, list) else []


@pytest.mark.parametrize("field", LISTS)
async def test_tn_03_a_cursor_of_another_tenant_is_a_place_and_no_more(
    field: str, served: Product, falcon: World, freestyle: World
) -> None:
    ids = [name for name in ("contact", "batch", "alert", "conversation", "imported") if f"${name}" in LISTS[field]]
    types = ["$first: Int", "$after: String", "$last: Int", "$before: String", *(f"${name}: ID!" for name in ids)]
    text = f"query ({', '.join(types)}) {{ {LISTS[field] % PAGE % 'hasNextPage hasPreviousPage'} }}"
    cursors = _cursors(await falcon.owner.run(text, first=3, **{name: getattr(falcon, name) for name in ids}))
    assert cursors
    theirs = {name: getattr(freestyle, name) for name in ids}
    for cursor, page in pairs(cursors, ({"first": 2, "after": ""}, {"last": 2, "before": ""})):
        answers = [
            await _raw(served, freestyle.owner, text, **theirs, **{name: value or used for name, value in page.items()})
            for used in (cursor, _beside(cursor))
        ]
        assert answers[0] == answers[1]
        assert answers[0][0] == 200
        assert b"errors" not in answers[0][1]
        assert not set(_cursors(orjson.loads(answers[0][1]))) & set(cursors)


async def test_tn_12_two_tenants_may_have_the_same_number_and_the_same_template_s_name(
    falcon: World, freestyle: World
) -> None:
    for world in (falcon, freestyle):
        await add_contact(world.machine, "+12025550125", "Same")
        await add_template(world.machine, "Same")
    for world in (falcon, freestyle):
        found = await world.machine.run('{ contacts(filter: {search: "5550125"}) { nodes { name } } }')
        assert found["contacts"]["nodes"] == [{"name": "Same"}]


async def test_the_same_idempotency_key_of_two_tenants_makes_two_sends(falcon: World, freestyle: World) -> None:
    batches = [
        await send(world.machine, [world.other_contact], idempotencyKey="the same", body="Hello")
        for world in (falcon, freestyle)
    ]
    assert batches[0]["id"] != batches[1]["id"]


async def test_tn_09_az_20_two_hundred_requests_of_two_tenants_at_once_never_mix(
    falcon: World, freestyle: World
) -> None:
    expected = [await world.machine.run(ALL_OF) for world in (falcon, freestyle)]
    assert expected[0]["viewer"]["tenant"]["name"] == "Falcon Flights"
    assert expected[1]["viewer"]["tenant"]["name"] == "Freestyle Falcons"
    assert expected[0]["contacts"]["nodes"]
    for _ in range(5):
        answers = await asyncio.gather(*((falcon, freestyle)[number % 2].machine.run(ALL_OF) for number in range(40)))
        assert answers == expected * 20


async def test_tn_05_a_member_of_two_tenants_sees_one_at_a_time(
    served: Product, falcon: World, freestyle: World
) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.ADMINISTRATOR)
    found = await caller.run("{ viewer { principal { ... on Person { id } } } }")
    person = split_global(found["viewer"]["principal"]["id"])
    assert person is not None
    async with served.database.as_role(DatabaseRole.AUTH) as tx:
        now = served.clock.now()
        await add_member(tx, now, tenant_id=freestyle.tenant.id, person_id=person[1], role=TenantRole.DEVELOPER)
    data = await caller.run("{ viewer { tenant { name } memberships { role current tenant { name } } } }")
    assert data["viewer"] == {
        "tenant": {"name": "Falcon Flights"},
        "memberships": [
            {"role": "ADMINISTRATOR", "current": True, "tenant": {"name": "Falcon Flights"}},
            {"role": "DEVELOPER", "current": False, "tenant": {"name": "Freestyle Falcons"}},
        ],
    }
    for kind, given in freestyle.ids.items():
        if kind == ON_SALE or kind in OF_THE_OPERATOR_ALONE:
            continue
        found = await caller.run("query ($id: ID!) { node(id: $id) { id } }", id=given)
        assert found == {"node": None}, kind


async def test_tn_04_a_tenant_named_in_a_header_changes_nothing(falcon: World, freestyle: World) -> None:
    named = str(falcon.tenant.id)
    other = {"X-Tenant-Id": named, "X-Tenant": named, "Tenant": "Falcon Flights", "Cookie": f"tenant_id={named}"}
    caller = Caller(freestyle.machine.url, freestyle.machine.headers | other)
    assert await caller.run(ALL_OF) == await freestyle.machine.run(ALL_OF)


async def test_az_20_what_was_read_for_one_tenant_is_never_answered_to_the_next(
    falcon: World, freestyle: World
) -> None:
    text = """query ($m: ID!, $b: ID!) {
      message(id: $m) { body batch { messages { nodes { body } } } }
      node(id: $b) { ... on MessageBatch { refusals { nodes { code } } } }
      messages { nodes { batch { messages { nodes { id } } } } }
    }"""
    nothing = {"message": None, "node": None}
    for one, other in ((falcon, freestyle), (freestyle, falcon), (falcon, freestyle)):
        found = await one.machine.run(text, m=one.message, b=one.batch)
        assert found["message"]["batch"]["messages"]["nodes"]
        missed = await other.machine.run(text, m=one.message, b=one.batch)
        own = missed.pop("messages")
        assert missed == nothing
        assert own["nodes"]
        assert own != found["messages"]


async def test_tn_05_a_member_reads_in_one_tenant_also_through_its_memberships(
    served: Product, falcon: World, freestyle: World
) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.DEVELOPER)
    found = await caller.run("{ viewer { principal { ... on Person { id } } } }")
    person = split_global(found["viewer"]["principal"]["id"])
    assert person is not None
    async with served.database.as_role(DatabaseRole.AUTH) as tx:
        now = served.clock.now()
        await add_member(tx, now, tenant_id=freestyle.tenant.id, person_id=person[1], role=TenantRole.ADMINISTRATOR)
    fields = "messages { nodes { id } } message(id: $m) { id } plan { since } usage(input: {period: TODAY}) { asOf }"
    text = f"query ($m: ID!) {{ viewer {{ memberships {{ current tenant {{ name {fields} }} }} }} }}"
    answer = (await caller.post(query=text, variables={"m": freestyle.message})).json()
    own, other = answer["data"]["viewer"]["memberships"]
    assert (own["current"], other["current"]) == (True, False)
    assert own["tenant"]["messages"]["nodes"]
    assert own["tenant"]["message"] is None
    assert own["tenant"]["plan"]
    assert other["tenant"] == {
        "name": "Freestyle Falcons",
        "messages": None,
        "message": None,
        "plan": None,
        "usage": None,
    }
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["NOT_FOUND"] * 4
