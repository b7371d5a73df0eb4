"""The tenant's leave for ISV support to see content: for a time, taken back, and never anybody else's."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from portal.database.address import DatabaseAddress
from tests.product import Caller, Product
from tests.schema.rows import let_support_see_content, open_session
from tests.schema.support import ACCESS, GRANT, LOG, MINE, REVOKE, SESSIONS
from tests.schema.world import World, contents

pytestmark = pytest.mark.asyncio(loop_scope="module")


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
    hours: int, quail: World, onlooker: asyncpg.Connection
) -> None:
    before = await contents(onlooker)
    made = (await quail.owner.run(GRANT, hours=hours))["supportAccessGrant"]
    assert made["supportAccess"] is None
    assert made["errors"] == [{"code": "INVALID", "path": ["input", "hours"]}]
    assert await contents(onlooker) == before


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
