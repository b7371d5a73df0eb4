"""ISV support in a tenant: sessions, what may be read in them, and what the tenant gets to know."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
import pytest
import pytest_asyncio

from auth.permissions import Permission, StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from tests.product import Caller, Product
from tests.schema.world import World, contents, let_support_see_content, make_world, open_session
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

START = """mutation ($input: SupportSessionStartInput!) {
  supportSessionStart(input: $input) {
    supportSession { id reason openedAt expiresAt closedAt contentGranted actor { kind name } tenant { id name } }
    errors { code path message }
  }
}"""
END = """mutation ($id: ID!) {
  supportSessionEnd(id: $id) { supportSession { id closedAt } errors { code path message } }
}"""
MINE = "{ viewer { supportSession { id tenant { id } } permissions } }"
READ = "query ($id: ID!) { tenant(id: $id) { name messages(first: 1) { nodes { status } } } }"
SESSIONS = """{ supportSessions {
  nodes { id reason openedAt expiresAt closedAt reads contentGranted actor { kind name } tenant { id } }
} }"""
LOG = """{ auditLog(first: 100) {
  nodes { at action actor { kind name } changes requestId supportSession { id } target }
} }"""
GRANT = """mutation ($hours: Int!) {
  supportAccessGrant(input: { hours: $hours }) {
    supportAccess { grantedBy { kind name } grantedAt expiresAt } errors { code path }
  }
}"""
REVOKE = "mutation { supportAccessRevoke { supportAccess { expiresAt } errors { code path message } } }"
ACCESS = "{ supportAccess { grantedBy { name } grantedAt expiresAt } }"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def quail(served: Product) -> World:
    """Another tenant."""
    return await make_world(served, "Quiet Quails", allowance=50)


@pytest_asyncio.fixture(loop_scope="module")
async def support(served: Product) -> Caller:
    """Somebody of ISV support, without a session."""
    return await served.member(None, StaffRole.ISV_SUPPORT)


async def log(world: World, session: str) -> list[dict[str, Any]]:
    """The session's entries in the tenant's audit log, the oldest first, and those of one instant by their names."""
    nodes = (await world.owner.run(LOG))["auditLog"]["nodes"]
    of_session = [one for one in nodes if one["supportSession"] == {"id": session}]
    return sorted(of_session, key=lambda one: (one["at"], one["action"]))


async def mine(support: Caller) -> str | None:
    """The session that somebody has open."""
    opened = (await support.run(MINE))["viewer"]["supportSession"]
    return None if opened is None else str(opened["id"])


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
    wrong: dict[str, Any], path: str, falcon: World, support: Caller, place: DatabaseAddress
) -> None:
    before = await contents(place)
    given = {"tenantId": falcon.tenant_id, "reason": "A ticket", "minutes": 60} | wrong
    made = (await support.run(START, input=given))["supportSessionStart"]
    assert made["supportSession"] is None
    assert [(one["code"], one["path"]) for one in made["errors"]] == [("INVALID", ["input", path])]
    assert await contents(place) == before


@pytest.mark.parametrize("limits", [{"reason": "fives", "minutes": 5}, {"reason": "x" * 500, "minutes": 240}], ids=str)
async def test_the_shortest_and_the_longest_session_are_opened(
    limits: dict[str, Any], falcon: World, support: Caller
) -> None:
    made = (await support.run(START, input={"tenantId": falcon.tenant_id} | limits))["supportSessionStart"]
    assert made["errors"] == []


async def test_tn_16_nobody_goes_into_a_closed_tenant(served: Product, support: Caller, place: DatabaseAddress) -> None:
    gone = await served.tenant("Gone Gulls")
    async with served.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", gone.id)
    (found,) = (await support.run('{ tenants(filter: {search: "gone"}) { nodes { id state } } }'))["tenants"]["nodes"]
    assert found["state"] == "CLOSED"
    before = await contents(place)
    made = await support.run(START, input={"tenantId": found["id"], "reason": "A ticket"})
    assert [one["code"] for one in made["supportSessionStart"]["errors"]] == ["TENANT_CLOSED"]
    assert await contents(place) == before


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
    owner = "SELECT person_id FROM support_session ORDER BY opened_at DESC, id DESC LIMIT 1"
    assert await connection.fetchval(sql, await connection.fetchval(owner)) == 1
    await connection.close()
    assert await mine(support) in ids


async def test_only_its_own_session_is_ended_by_anybody_and_once(
    served: Product, falcon: World, support: Caller, place: DatabaseAddress
) -> None:
    session = await open_session(support, falcon.tenant_id)
    colleague = await served.member(None, StaffRole.ISV_SUPPORT)
    nothing = [("NOT_FOUND", ["id"])]
    before = await contents(place)
    answer = (await colleague.run(END, id=session))["supportSessionEnd"]
    assert [(one["code"], one["path"]) for one in answer["errors"]] == nothing
    assert await contents(place) == before
    assert await mine(support) == session
    ended = (await support.run(END, id=session))["supportSessionEnd"]
    assert (ended["errors"], ended["supportSession"]["id"]) == ([], session)
    assert await mine(support) is None
    assert await support.codes(READ, id=falcon.tenant_id) == ["FORBIDDEN"]
    before = await contents(place)
    answer = (await support.run(END, id=session))["supportSessionEnd"]
    assert [(one["code"], one["path"]) for one in answer["errors"]] == nothing
    assert await contents(place) == before
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


async def test_az_13_without_a_session_support_sees_names_and_states_and_nothing_is_written_down(
    falcon: World, quail: World, support: Caller, place: DatabaseAddress
) -> None:
    before = await contents(place)
    text = "{ tenants(first: 100) { nodes { id name state } } viewer { permissions } }"
    found = await support.run(text)
    assert {falcon.tenant_id, quail.tenant_id} <= {one["id"] for one in found["tenants"]["nodes"]}
    assert found["viewer"]["permissions"] == ["SUPPORT_SESSION", "TENANTS_READ"]
    fields = "plan { since } usage(input: {period: TODAY}) { asOf } messages { nodes { id } } message(id: $m) { id }"
    text = f"query ($id: ID!, $m: ID!) {{ tenant(id: $id) {{ name {fields} }} }}"
    errors = await support.errors(text, id=falcon.tenant_id, m=falcon.message)
    assert [one["extensions"]["code"] for one in errors] == ["FORBIDDEN"] * 4
    assert await contents(place) == before


async def test_az_13_az_15_in_its_session_support_reads_no_other_tenant_and_neither_log_tells_that_it_did(
    falcon: World, quail: World, support: Caller, place: DatabaseAddress
) -> None:
    await open_session(support, falcon.tenant_id)
    before = await contents(place)
    fields = "plan { since } usage(input: {period: TODAY}) { asOf } messages { nodes { id } } message(id: $m) { id }"
    text = f"query ($id: ID!, $m: ID!) {{ tenant(id: $id) {{ name {fields} }} }}"
    answers = []
    for message in (quail.message, falcon.message, "no id"):
        answer = (await support.post(query=text, variables={"id": quail.tenant_id, "m": message})).json()
        assert answer["data"]["tenant"] == {
            "name": "Quiet Quails",
            "plan": None,
            "usage": None,
            "messages": None,
            "message": None,
        }
        assert {one["extensions"]["code"] for one in answer["errors"]} == {"FORBIDDEN"}
        assert {one["message"] for one in answer["errors"]} == {"Open a support session in this tenant first."}
        answers.append([{**one, "extensions": one["extensions"]["code"]} for one in answer["errors"]])
    assert answers.count(answers[0]) == 3
    assert await contents(place) == before
    node = "query ($id: ID!) { node(id: $id) { id } }"
    assert await support.run(node, id=quail.message) == {"node": None}  # looked for in its own tenant


async def test_az_13_every_read_is_written_down_with_its_fields_and_masked_arguments(
    falcon: World, support: Caller
) -> None:
    session = await open_session(support, falcon.tenant_id)
    answer = await support.post(
        query="""query ($id: ID!, $m: ID!, $other: ID!) {
          tenant(id: $id) { a: message(id: $m) { status } b: message(id: $other) { recipient { maskedNumber } } }
          messages(first: 3, filter: {status: [FAILED]}) { nodes { providerReference } }
          node(id: $m) { id ... on Message { segments } }
        }""",
        variables={"id": falcon.tenant_id, "m": falcon.message, "other": falcon.delivered},
    )
    assert "errors" not in answer.json()
    (read,) = [one for one in await log(falcon, session) if one["action"] == "supportRead"]
    assert read["requestId"] == answer.headers["x-request-id"]
    assert read["changes"] == {
        "Tenant.message": True,
        "Tenant.message(id)": [falcon.message, falcon.delivered],
        "Message.status": True,
        "Message.recipient": True,
        "Recipient.maskedNumber": True,
        "Query.messages": True,
        "Query.messages(first)": [3],
        "Query.messages(filter.status)": [["FAILED"]],
        "MessageConnection.nodes": True,
        "Message.providerReference": True,
        "Query.node": True,
        "Query.node(id)": [falcon.message],
        "Message.id": True,
        "Message.segments": True,
    }


async def test_what_reads_nothing_of_the_tenant_is_not_written_down(
    falcon: World, support: Caller, place: DatabaseAddress
) -> None:
    await open_session(support, falcon.tenant_id)
    before = await contents(place)
    await support.run("{ viewer { supportSession { reason } permissions } tenants { nodes { name state } } }")
    assert set(await support.codes("{ contacts { nodes { id } } templates { nodes { id } } }")) == {"FORBIDDEN"}
    assert await contents(place) == before


async def test_what_mutations_answer_with_is_written_down_in_the_session_that_it_was_read_in(
    falcon: World, quail: World, support: Caller
) -> None:
    text = """mutation ($falcon: ID!, $quail: ID!) {
      one: supportSessionStart(input: {tenantId: $falcon, reason: "A ticket"}) {
        supportSession { id tenant { name plan { since } } }
      }
      two: supportSessionStart(input: {tenantId: $quail, reason: "A ticket"}) {
        supportSession { id tenant { name usage(input: {period: TODAY}) { asOf } } }
      }
    }"""
    answer = await support.run(text, falcon=falcon.tenant_id, quail=quail.tenant_id)
    for key, world, expected in (
        ("one", falcon, {"Tenant.plan", "TenantPlan.since"}),
        (
            "two",
            quail,
            {"Tenant.usage", "Tenant.usage(input.period)", "Tenant.usage(input.bucketSize)", "UsageReport.asOf"},
        ),
    ):
        entries = await log(world, answer[key]["supportSession"]["id"])
        (read,) = [one for one in entries if one["action"] == "supportRead"]
        assert set(read["changes"]) == expected
    actions = [one["action"] for one in await log(falcon, answer["one"]["supportSession"]["id"])]
    assert actions == ["supportRead", "supportSessionEnd", "supportSessionStart"]


async def test_two_of_support_in_two_tenants_at_once_never_mix(
    served: Product, falcon: World, quail: World, support: Caller
) -> None:
    colleague = await served.member(None, StaffRole.ISV_SUPPORT)
    sessions = [await open_session(support, falcon.tenant_id), await open_session(colleague, quail.tenant_id)]
    text = "{ messages(first: 100) { nodes { id } } plan { plan { id } } viewer { supportSession { tenant { id } } } }"
    expected = [await one.run(text) for one in (support, colleague)]
    assert [one["viewer"]["supportSession"]["tenant"]["id"] for one in expected] == [falcon.tenant_id, quail.tenant_id]
    assert not {one["id"] for one in expected[0]["messages"]["nodes"]} & {
        one["id"] for one in expected[1]["messages"]["nodes"]
    }
    answers = await asyncio.gather(*((support, colleague)[number % 2].run(text) for number in range(60)))
    assert answers == expected * 30
    for world, session in zip((falcon, quail), sessions, strict=True):
        assert [one["action"] for one in await log(world, session)] == ["supportRead"] * 31 + ["supportSessionStart"]


async def test_a_read_whose_client_hung_up_is_written_down_all_the_same(
    falcon: World, support: Caller, place: DatabaseAddress
) -> None:
    session = await open_session(support, falcon.tenant_id)
    blocking = await asyncpg.connect(**place.credentials())
    transaction = blocking.transaction()
    await transaction.start()
    await blocking.execute("LOCK TABLE usage_day IN ACCESS EXCLUSIVE MODE")  # the usage waits; messages were read
    text = "{ messages(first: 1) { nodes { status } } usage(input: {period: TODAY}) { asOf } }"
    async with httpx2.AsyncClient(trust_env=False, verify=False, timeout=1) as http:
        with pytest.raises(httpx2.ReadTimeout):
            await http.post(support.url, json={"query": text}, headers=support.headers)

    async def told() -> bool:
        return any(one["action"] == "supportRead" for one in await log(falcon, session))

    await until(told)
    await transaction.rollback()
    await blocking.close()
    (read,) = [one for one in await log(falcon, session) if one["action"] == "supportRead"]
    assert {"Query.messages", "Query.usage"} <= set(read["changes"])


async def test_a_read_that_cannot_be_written_down_is_not_answered(
    falcon: World, support: Caller, place: DatabaseAddress
) -> None:
    await open_session(support, falcon.tenant_id)
    connection = await asyncpg.connect(**place.credentials())
    await connection.execute("REVOKE INSERT ON audit_entry FROM portal_app")
    try:
        answer = await support.post(query=READ, variables={"id": falcon.tenant_id})
        told_nothing = await support.post(query="{ tenants(first: 1) { nodes { name } } }")
    finally:
        await connection.execute("GRANT INSERT ON audit_entry TO portal_app")
        await connection.close()
    assert answer.status_code == 500
    assert "data" not in answer.json()
    assert [one["extensions"]["code"] for one in answer.json()["errors"]] == ["INTERNAL"]
    assert "Falcon" not in answer.text
    assert "errors" not in told_nothing.json()  # what is nobody's secret needs no entry


async def test_the_tenant_lets_support_see_content_for_a_time_and_takes_it_back(
    served: Product, quail: World, support: Caller
) -> None:
    body = "query ($id: ID!) { message(id: $id) { body recipient { number } } }"
    session = await open_session(support, quail.tenant_id, minutes=240)
    assert await support.codes(body, id=quail.message) == ["FORBIDDEN"] * 2
    now = served.clock.now()
    made = (await quail.owner.run(GRANT, hours=1))["supportAccessGrant"]
    assert made["errors"] == []
    access = made["supportAccess"]
    assert access["grantedBy"] == {"kind": "MEMBER", "name": "Owner"}
    assert access["expiresAt"] == f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z"
    assert (await quail.owner.run(ACCESS))["supportAccess"]["expiresAt"] == access["expiresAt"]
    assert "bicycle" in (await support.run(body, id=quail.message))["message"]["body"]
    served.clock.advance(timedelta(minutes=1))
    ended = (await quail.owner.run(REVOKE))["supportAccessRevoke"]
    assert (ended["errors"], ended["supportAccess"]) == ([], {"expiresAt": access["expiresAt"]})
    assert await support.codes(body, id=quail.message) == ["FORBIDDEN"] * 2
    assert (await quail.owner.run(ACCESS)) == {"supportAccess": None}
    again = (await quail.owner.run(REVOKE))["supportAccessRevoke"]
    assert [(one["code"], one["path"]) for one in again["errors"]] == [("NOT_FOUND", None)]
    entries = (await quail.owner.run(LOG))["auditLog"]["nodes"]
    assert {"hours": 1} in [one["changes"] for one in entries if one["action"] == "supportAccessGrant"]
    assert [one["changes"] for one in entries if one["action"] == "supportAccessRevoke"] == [{}]
    seen = (await quail.owner.run(SESSIONS))["supportSessions"]["nodes"]
    assert [one["contentGranted"] for one in seen if one["id"] == session] == [True]


async def test_leave_to_see_content_ends_of_itself_and_a_later_session_was_never_granted_any(
    served: Product, quail: World, support: Caller
) -> None:
    await let_support_see_content(quail.owner, hours=1)
    served.clock.advance(timedelta(hours=1))
    session = await open_session(support, quail.tenant_id)
    assert await support.codes("query ($id: ID!) { message(id: $id) { body } }", id=quail.message) == ["FORBIDDEN"]
    assert (await quail.owner.run(ACCESS)) == {"supportAccess": None}
    seen = (await quail.owner.run(SESSIONS))["supportSessions"]["nodes"]
    assert [one["contentGranted"] for one in seen if one["id"] == session] == [False]


@pytest.mark.parametrize("hours", [0, -1, 169])
async def test_leave_for_no_time_or_too_long_is_refused_and_nothing_happens(
    hours: int, quail: World, place: DatabaseAddress
) -> None:
    before = await contents(place)
    made = (await quail.owner.run(GRANT, hours=hours))["supportAccessGrant"]
    assert made["supportAccess"] is None
    assert made["errors"] == [{"code": "INVALID", "path": ["input", "hours"]}]
    assert await contents(place) == before


async def test_of_leaves_that_are_given_at_once_one_holds(quail: World, place: DatabaseAddress) -> None:
    made = await asyncio.gather(*(quail.owner.run(GRANT, hours=hours) for hours in range(1, 9)))
    assert [one["supportAccessGrant"]["errors"] for one in made] == [[]] * 8
    connection = await asyncpg.connect(**place.credentials())
    sql = "SELECT count(*) FROM support_grant WHERE tenant_id = $1 AND revoked_at IS NULL"
    assert await connection.fetchval(sql, quail.tenant.id) == 1
    await connection.close()


async def test_a_grant_that_was_revoked_while_support_was_out_opens_nothing(quail: World, support: Caller) -> None:
    await let_support_see_content(quail.owner)
    await open_session(support, quail.tenant_id)
    await quail.owner.run(REVOKE)
    permissions = (await support.run(MINE))["viewer"]["permissions"]
    assert "MESSAGES_READ" not in permissions
    assert "LOGS_READ" in permissions


@pytest.mark.parametrize("permission", [one for one in Permission if not one.is_of_tenant])
async def test_az_13_no_machine_is_given_what_is_the_isv_s(
    permission: Permission, served: Product, falcon: World
) -> None:
    with pytest.raises(ValueError, match=f"no machine may hold {permission}"):
        await served.machine(falcon.tenant.id, [permission, Permission.USAGE_READ])


async def test_tn_05_a_member_reads_in_one_tenant_also_through_its_memberships(
    served: Product, falcon: World, quail: World
) -> None:
    caller = await served.member(falcon.tenant.id, TenantRole.DEVELOPER)
    async with served.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO membership (tenant_id, id, person_id, role, created_at) SELECT $1, gen_random_uuid(), "
            "person_id, 'ADMINISTRATOR', $3 FROM membership WHERE tenant_id = $2 ORDER BY created_at DESC, id DESC "
            "LIMIT 1",
            quail.tenant.id,
            falcon.tenant.id,
            served.clock.now(),
        )
    fields = "messages { nodes { id } } message(id: $m) { id } plan { since } usage(input: {period: TODAY}) { asOf }"
    text = f"query ($m: ID!) {{ viewer {{ memberships {{ current tenant {{ name {fields} }} }} }} }}"
    answer = (await caller.post(query=text, variables={"m": quail.message})).json()
    own, other = answer["data"]["viewer"]["memberships"]
    assert (own["current"], other["current"]) == (True, False)
    assert own["tenant"]["messages"]["nodes"]
    assert own["tenant"]["message"] is None
    assert own["tenant"]["plan"]
    assert other["tenant"] == {
        "name": "Quiet Quails",
        "messages": None,
        "message": None,
        "plan": None,
        "usage": None,
    }
    assert [one["extensions"]["code"] for one in answer["errors"]] == ["NOT_FOUND"] * 4
