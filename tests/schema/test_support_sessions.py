"""ISV support goes into a tenant and out again, one at a time, and the tenant sees it."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from auth.permissions import Permission, StaffRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.global_ids import split_global
from portal_schema.nodes import to_global
from tests.product import Caller, Product
from tests.schema.rows import open_session
from tests.schema.support import END, MINE, READ, SESSIONS, START, log, mine
from tests.schema.world import World, contents

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_session_names_who_why_and_until_when_and_the_tenant_sees_it(
    served: Product, falcon: World, support: Caller
) -> None:
    given = {"tenantId": falcon.tenant_id, "reason": "  Ticket 17: late messages  "}
    made = (await support.run(START, input=given))["supportSessionStart"]
    session = made["supportSession"]
    assert made["errors"] == []
    now = served.clock.now()
    at, until_then = (f"{one:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" for one in (now, now + timedelta(minutes=60)))
    assert session == {
        "id": session["id"],
        "reason": "Ticket 17: late messages",
        "openedAt": at,
        "expiresAt": until_then,
        "closedAt": None,
        "contentGranted": False,
        "actor": {"kind": "ISV_SUPPORT", "name": "Isv_Support"},
        "tenant": {"id": falcon.tenant_id, "name": "Falcon Flights"},
    }
    assert (await support.run(MINE))["viewer"]["supportSession"] == {
        "id": session["id"],
        "tenant": {"id": falcon.tenant_id},
    }
    await support.run(READ, id=falcon.tenant_id)
    await support.run(READ, id=falcon.tenant_id)
    seen = next(
        one for one in (await falcon.owner.run(SESSIONS))["supportSessions"]["nodes"] if one["id"] == session["id"]
    )
    assert seen.pop("reads") == 2
    assert seen == session | {"tenant": {"id": falcon.tenant_id}}
    entries = await log(falcon, session["id"])
    assert [one["action"] for one in entries] == ["supportRead", "supportRead", "supportSessionStart"]
    assert entries[-1]["changes"] == {"reason": "(24 characters)", "minutes": 60}
    assert {(one["actor"]["kind"], one["actor"]["name"]) for one in entries} == {("ISV_SUPPORT", "Isv_Support")}


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"reason": "four"}, "reason"),
        ({"reason": "    four   "}, "reason"),
        ({"reason": "x" * 501}, "reason"),
        ({"minutes": 4}, "minutes"),
        ({"minutes": 241}, "minutes"),
        ({"minutes": -60}, "minutes"),
    ],
    ids=str,
)
async def test_a_session_without_a_good_reason_or_time_is_refused_and_nothing_happens(
    wrong: dict[str, Any], path: str, falcon: World, support: Caller, onlooker: asyncpg.Connection
) -> None:
    before = await contents(onlooker)
    given = {"tenantId": falcon.tenant_id, "reason": "A ticket", "minutes": 60} | wrong
    made = (await support.run(START, input=given))["supportSessionStart"]
    assert made["supportSession"] is None
    assert [(one["code"], one["path"]) for one in made["errors"]] == [("INVALID", ["input", path])]
    assert await contents(onlooker) == before


@pytest.mark.parametrize("limits", [{"reason": "fives", "minutes": 5}, {"reason": "x" * 500, "minutes": 240}], ids=str)
async def test_the_shortest_and_the_longest_session_are_opened(
    limits: dict[str, Any], falcon: World, support: Caller
) -> None:
    made = (await support.run(START, input={"tenantId": falcon.tenant_id} | limits))["supportSessionStart"]
    assert made["errors"] == []


async def test_tn_16_nobody_goes_into_a_closed_tenant(
    served: Product, support: Caller, onlooker: asyncpg.Connection
) -> None:
    gone = await served.tenant("Gone Gulls")
    async with served.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", gone.id)
    (found,) = (await support.run('{ tenants(filter: {search: "gone"}) { nodes { id state } } }'))["tenants"]["nodes"]
    assert found["state"] == "CLOSED"
    before = await contents(onlooker)
    made = await support.run(START, input={"tenantId": found["id"], "reason": "A ticket"})
    assert [one["code"] for one in made["supportSessionStart"]["errors"]] == ["TENANT_CLOSED"]
    assert await contents(onlooker) == before


async def test_a_session_is_over_when_its_tenant_is_closed(served: Product, support: Caller) -> None:
    closing = await served.tenant("Closing Condors")
    given = to_global("Tenant", closing.id)
    await open_session(support, given)
    assert (await support.run(READ, id=given))["tenant"] is not None
    async with served.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", closing.id)
    assert (await support.run(MINE))["viewer"]["supportSession"] is None
    assert set(await support.codes(READ, id=given)) == {"FORBIDDEN"}


async def test_whoever_opens_another_session_leaves_the_one_before_and_both_tenants_see_it(
    served: Product, falcon: World, quail: World, support: Caller
) -> None:
    first = await open_session(support, falcon.tenant_id)
    served.clock.advance(timedelta(seconds=1))
    await support.run(READ, id=falcon.tenant_id)
    served.clock.advance(timedelta(seconds=1))
    second = await open_session(support, quail.tenant_id)
    assert await mine(support) == second
    assert await support.codes(READ, id=falcon.tenant_id) == ["FORBIDDEN"]
    assert (await support.run(READ, id=quail.tenant_id))["tenant"]["name"] == "Quiet Quails"
    actions = [one["action"] for one in await log(falcon, first)]
    assert actions == ["supportSessionStart", "supportRead", "supportSessionEnd"]
    assert [one["action"] for one in await log(quail, second)] == ["supportRead", "supportSessionStart"]


async def test_of_ten_sessions_that_are_opened_at_once_one_is_open(
    falcon: World, quail: World, support: Caller, place: DatabaseAddress
) -> None:
    ids = await asyncio.gather(*(open_session(support, (falcon, quail)[number % 2].tenant_id) for number in range(10)))
    connection = await asyncpg.connect(**place.credentials())
    sql = "SELECT count(*) FROM support_session WHERE person_id = $1 AND closed_at IS NULL"
    _, session = split_global(ids[0]) or ("", None)
    person = await connection.fetchval("SELECT person_id FROM support_session WHERE id = $1", session)
    assert await connection.fetchval(sql, person) == 1
    await connection.close()
    assert await mine(support) in ids


async def test_only_its_own_session_is_ended_by_anybody_and_once(
    served: Product, falcon: World, support: Caller, onlooker: asyncpg.Connection
) -> None:
    session = await open_session(support, falcon.tenant_id)
    colleague = await served.member(None, StaffRole.ISV_SUPPORT)
    nothing = [("NOT_FOUND", ["id"])]
    before = await contents(onlooker)
    answer = (await colleague.run(END, id=session))["supportSessionEnd"]
    assert [(one["code"], one["path"]) for one in answer["errors"]] == nothing
    assert await contents(onlooker) == before
    assert await mine(support) == session
    ended = (await support.run(END, id=session))["supportSessionEnd"]
    assert (ended["errors"], ended["supportSession"]["id"]) == ([], session)
    assert await mine(support) is None
    assert await support.codes(READ, id=falcon.tenant_id) == ["FORBIDDEN"]
    before = await contents(onlooker)
    answer = (await support.run(END, id=session))["supportSessionEnd"]
    assert [(one["code"], one["path"]) for one in answer["errors"]] == nothing
    assert await contents(onlooker) == before
    assert [one["action"] for one in await log(falcon, session)] == ["supportSessionEnd", "supportSessionStart"]


async def test_a_session_ends_of_itself(served: Product, falcon: World, support: Caller) -> None:
    session = await open_session(support, falcon.tenant_id, minutes=5)
    served.clock.advance(timedelta(minutes=5) - timedelta(microseconds=1))
    assert (await support.run(READ, id=falcon.tenant_id))["tenant"]["messages"]["nodes"]
    served.clock.advance(timedelta(microseconds=1))
    assert await mine(support) is None
    errors = await support.errors(READ, id=falcon.tenant_id)
    assert [one["extensions"]["requiredScopes"] for one in errors] == [["logs:read"]]
    assert "open a support session" in errors[0]["message"]
    answer = (await support.run(END, id=session))["supportSessionEnd"]
    assert [one["code"] for one in answer["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("permission", [one for one in Permission if not one.is_of_tenant])
async def test_az_13_no_machine_is_given_what_is_the_isv_s(
    permission: Permission, served: Product, falcon: World
) -> None:
    with pytest.raises(ValueError, match=f"no machine may hold {permission}"):
        await served.machine(falcon.tenant.id, [permission, Permission.USAGE_READ])
