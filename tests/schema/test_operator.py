"""The ISV's operator: all tenants, their plans and their usage, and nothing of what is in them."""

from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from auth.permissions import Permission, StaffRole
from portal.clock import new_id
from portal.database import DatabaseRole
from portal_schema.nodes import to_global
from tests.product import Caller, Product
from tests.schema.world import World, contents, make_world, taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAMES = """query ($filter: TenantFilter, $first: Int, $after: String, $last: Int, $before: String) {
  tenants(filter: $filter, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor } nodes { name } pageInfo { hasNextPage hasPreviousPage }
  }
}"""
NUMBERS = """
  plan { since plan { id name } allowance { limit used reserved remaining } }
  usage(input: {period: THIS_MONTH, bucketSize: DAY}) { categories { category count usage } buckets { start } }
"""
ALL = f"query ($first: Int) {{ tenants(first: $first) {{ nodes {{ id {NUMBERS} }} }} }}"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quail(served: Product) -> World:
    """A tenant on another plan, which sent on another day."""
    served.clock.advance(timedelta(days=1))
    return await make_world(served, "Quiet Quails", allowance=50)


@pytest_asyncio.fixture(loop_scope="module")
async def operator(served: Product) -> Caller:
    """One of the ISV's operators."""
    return await served.member(None, StaffRole.ISV_OPERATOR)


async def names(operator: Caller, **arguments: Any) -> list[str]:
    """The names on a page."""
    return [one["name"] for one in (await operator.run(NAMES, **arguments))["tenants"]["nodes"]]


async def test_plan_allowance_and_usage_are_each_tenant_s_own(
    served: Product, operator: Caller, falcon: World, quail: World
) -> None:
    found = {one.pop("id"): one for one in (await operator.run(ALL))["tenants"]["nodes"]}
    for world, limit in ((falcon, 250), (quail, 50)):
        machine = await served.machine(world.tenant.id, [Permission.USAGE_READ])
        own = await machine.run(f"{{ {NUMBERS} }}")
        assert own["plan"]["allowance"]["limit"] == limit
        assert own["usage"]["categories"]
        assert found[world.tenant_id] == own
        text = f"query ($id: ID!) {{ tenant(id: $id) {{ {NUMBERS} }} }}"
        assert (await operator.run(text, id=world.tenant_id))["tenant"] == own


async def test_many_tenants_take_as_many_statements_as_one(
    served: Product, operator: Caller, falcon: World, quail: World
) -> None:
    counts = []
    for first in (1, 100):
        served.statements.clear()
        assert len((await operator.run(ALL, first=first))["tenants"]["nodes"]) >= min(first, 2)
        counts.append(len(taken(served)))
    # BEGIN, who asks, COMMIT; BEGIN, the list, plans, usage, allowances, COMMIT: usage is what was counted here and
    # by the provider, what is charged, the plans that were held, and the rate card.
    assert counts == [13, 13]


async def test_tenants_are_found_by_name_slug_and_state(
    served: Product, operator: Caller, falcon: World, quail: World
) -> None:
    gone = await served.tenant("100%_Gone\\Gulls")
    async with served.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED', slug = 'gulls-of-old' WHERE id = $1", gone.id)
    everybody = ["100%_Gone\\Gulls", "Falcon Flights", "Quiet Quails"]
    assert await names(operator) == everybody
    for search, expected in {
        "": everybody,
        " ": everybody,
        "fLIGHTs": ["Falcon Flights"],
        "  quails ": ["Quiet Quails"],
        "OF-old": ["100%_Gone\\Gulls"],
        "%_": ["100%_Gone\\Gulls"],
        "e\\G": ["100%_Gone\\Gulls"],
        "_uiet": [],
        "nobody": [],
    }.items():
        assert await names(operator, filter={"search": search}) == expected, search
    assert await names(operator, filter={"state": ["CLOSED"]}) == ["100%_Gone\\Gulls"]
    assert await names(operator, filter={"state": ["ACTIVE", "SUSPENDED"]}) == ["Falcon Flights", "Quiet Quails"]
    assert await names(operator, filter={"state": []}) == []
    assert await names(operator, filter={"state": ["CLOSED"], "search": "falcon"}) == []


async def test_tenants_are_paged_by_name(operator: Caller, falcon: World, quail: World) -> None:
    every = await names(operator)
    walked: list[str] = []
    after = None
    while True:
        page = (await operator.run(NAMES, first=1, after=after))["tenants"]
        walked += [one["name"] for one in page["nodes"]]
        after = page["edges"][-1]["cursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert walked == every == sorted(every, key=str.lower)
    assert await names(operator, last=1) == every[-1:]
    assert await names(operator, last=1, before=after) == every[-2:-1]


async def test_the_operator_reads_no_logs_no_content_and_changes_nothing(
    operator: Caller, falcon: World, quail: World, onlooker: asyncpg.Connection
) -> None:
    before = await contents(onlooker)
    text = """query ($id: ID!, $message: ID!) {
      tenant(id: $id) { name messages { nodes { id } } message(id: $message) { id } }
      messages { nodes { id } } contacts { nodes { id } } usage(input: {period: TODAY}) { asOf } plan { since }
      supportSessions { nodes { id } } auditLog { nodes { id } } members { id }
    }"""
    answer = (await operator.post(query=text, variables={"id": falcon.tenant_id, "message": falcon.message})).json()
    assert answer["data"].pop("tenant") == {"name": "Falcon Flights", "messages": None, "message": None}
    assert set(answer["data"].values()) == {None}
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["FORBIDDEN"] * 9
    assert await contents(onlooker) == before


async def test_an_absent_tenant_and_no_tenant_s_id_look_the_same(
    served: Product, operator: Caller, falcon: World
) -> None:
    text = f"query ($id: ID!) {{ tenant(id: $id) {{ name {NUMBERS} }} }}"
    for given in (to_global("Tenant", new_id(served.clock.now())), falcon.message, "no id", ""):
        assert await operator.run(text, id=given) == {"tenant": None}
