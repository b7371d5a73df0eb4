"""What ISV support may read in its session; each read is in the tenant's audit log before the answer leaves."""

import asyncio

import asyncpg
import pytest

from auth.permissions import StaffRole
from portal.database.address import DatabaseAddress
from tests.product import Caller, Product
from tests.schema.rows import open_session
from tests.schema.support import READ, log
from tests.schema.world import World, contents
from tests.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_az_13_without_a_session_support_sees_names_and_states_and_nothing_is_written_down(
    falcon: World, quail: World, support: Caller, onlooker: asyncpg.Connection
) -> None:
    before = await contents(onlooker)
    text = "{ tenants(first: 100) { nodes { id name state } } viewer { permissions } }"
    found = await support.run(text)
    assert {falcon.tenant_id, quail.tenant_id} <= {one["id"] for one in found["tenants"]["nodes"]}
    assert found["viewer"]["permissions"] == ["SUPPORT_SESSION", "TENANTS_READ"]
    fields = "plan { since } usage(input: {period: TODAY}) { asOf } messages { nodes { id } } message(id: $m) { id }"
    text = f"query ($id: ID!, $m: ID!) {{ tenant(id: $id) {{ name {fields} }} }}"
    errors = await support.errors(text, id=falcon.tenant_id, m=falcon.message)
    assert [one["extensions"]["code"] for one in errors] == ["FORBIDDEN"] * 4
    assert await contents(onlooker) == before


async def test_az_13_az_15_in_its_session_support_reads_no_other_tenant_and_neither_log_tells_that_it_did(
    falcon: World, quail: World, support: Caller, onlooker: asyncpg.Connection
) -> None:
    await open_session(support, falcon.tenant_id)
    before = await contents(onlooker)
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
    assert await contents(onlooker) == before
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
    falcon: World, support: Caller, onlooker: asyncpg.Connection
) -> None:
    await open_session(support, falcon.tenant_id)
    before = await contents(onlooker)
    await support.run("{ viewer { supportSession { reason } permissions } tenants { nodes { name state } } }")
    assert set(await support.codes("{ contacts { nodes { id } } templates { nodes { id } } }")) == {"FORBIDDEN"}
    assert await contents(onlooker) == before


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


async def _has_read(world: World, session: str) -> bool:
    return any(one["action"] == "supportRead" for one in await log(world, session))


async def test_a_read_whose_client_hung_up_is_written_down_all_the_same(
    falcon: World, support: Caller, place: DatabaseAddress
) -> None:
    session = await open_session(support, falcon.tenant_id)
    blocking = await asyncpg.connect(**place.credentials())
    waiting = "SELECT count(*) > 0 FROM pg_locks WHERE relation = 'usage_day'::regclass AND NOT granted"
    text = "{ messages(first: 1) { nodes { status } } usage(input: {period: TODAY}) { asOf } }"
    try:
        async with blocking.transaction():
            await blocking.execute("LOCK TABLE usage_day IN ACCESS EXCLUSIVE MODE")  # so that the usage is awaited
            asking = asyncio.create_task(support.post(query=text))
            await until(lambda: blocking.fetchval(waiting))
            asking.cancel()  # which closes its connection
            await until(lambda: _has_read(falcon, session))
    finally:
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
