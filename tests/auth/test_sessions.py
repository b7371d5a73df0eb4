"""The browser's session at the API: what it opens, and what it takes to use it; the ids are those of the checks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from auth.authentication import PROOF_HEADER
from auth.permissions import Permission, StaffRole, TenantRole, permissions_of, staff_permissions
from auth.random_secrets import new_secret
from auth.tidying import delete_what_ended
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from tests.auth.house import PASSWORD, House, cookie, serve
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


@pytest.fixture
async def owner(house: House, falcon: UUID) -> UUID:
    return await house.person("olga@example.com", roles={falcon: TenantRole.OWNER})


@pytest.fixture
async def session(house: House, owner: UUID) -> str:
    return await house.services.sessions.start(owner)


async def test_a_session_opens_what_the_role_may(house: House, falcon: UUID, owner: UUID, session: str) -> None:
    answer = await house.who_by_cookie(session)
    assert answer.json() == {
        "key": f"member:{owner}",
        "tenant": str(falcon),
        "permissions": sorted(permissions_of(TenantRole.OWNER)),
    }


async def test_rs_01_without_a_credential_one_is_asked_for(house: House) -> None:
    answer = await house.http.post("/graphql", json={})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.json()["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_session(shared_house: House) -> str:
    return await shared_house.services.sessions.start(await shared_house.person("olga@example.com"))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("headers", "request_parts"),
    [
        pytest.param({"Sec-Fetch-Site": "cross-site"}, {}, id="BF-08 another site"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, {}, id="BF-08 a sibling site"),
        pytest.param({"Sec-Fetch-Site": "none"}, {}, id="BF-08 no page"),
        pytest.param({"Sec-Fetch-Site": "cross-site", "Origin": "OURS"}, {}, id="BF-08 our origin from another site"),
        pytest.param({"Sec-Fetch-Site": None, "Origin": "https://evil.example.com"}, {}, id="BF-08 a foreign origin"),
        pytest.param({"Sec-Fetch-Site": None, "Origin": "null"}, {}, id="BF-08 a hidden origin"),
        pytest.param({"Sec-Fetch-Site": None, "Origin": "OURS.evil.example"}, {}, id="BF-08 an origin like ours"),
        pytest.param({"Sec-Fetch-Site": None}, {}, id="BF-08 neither site nor origin"),
        pytest.param({PROOF_HEADER: None}, {}, id="BF-08 no header of ours"),
        pytest.param({PROOF_HEADER: "0"}, {}, id="BF-08 another value in it"),
        pytest.param({}, {"data": {"query": "{ viewer }"}}, id="BF-08 a form"),
        pytest.param({"Content-Type": "text/plain"}, {"content": "{}"}, id="BF-08 plain text"),
        pytest.param({}, {"files": {"query": b"{}"}}, id="BF-08 multipart"),
        pytest.param({}, {"method": "GET"}, id="BF-09 GET"),
        pytest.param({"Content-Type": "application/json"}, {"method": "GET"}, id="BF-09 GET that claims JSON"),
        pytest.param({}, {"method": "PUT", "json": {}}, id="BF-09 PUT"),
    ],
)
async def test_a_forged_request_is_refused(
    shared_house: House, shared_session: str, headers: dict[str, str | None], request_parts: dict[str, Any]
) -> None:
    own = {PROOF_HEADER: "1", "Sec-Fetch-Site": "same-origin", "Cookie": cookie(shared_session)} | headers
    sent = {name: value.replace("OURS", shared_house.public_url) for name, value in own.items() if value is not None}
    parts = {"method": "POST"} | (request_parts or {"json": {}})
    answer = await shared_house.http.request(url="/graphql", headers=sent, **parts)
    assert answer.status_code == 403
    assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN"}


async def test_bf_08_an_old_browser_proves_itself_by_its_origin(house: House, session: str) -> None:
    headers = {PROOF_HEADER: "1", "Origin": house.public_url, "Cookie": cookie(session)}
    assert (await house.http.post("/graphql", json={}, headers=headers)).status_code == 200


async def test_bf_10_a_token_needs_no_such_proof(house: House, falcon: UUID) -> None:
    token = await house.token(await house.api_client(falcon, Permission.USAGE_READ))
    headers = {"Authorization": f"Bearer {token}", "Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}
    assert (await house.http.post("/graphql", json={}, headers=headers)).status_code == 200


async def test_rs_30_a_token_anywhere_else_is_no_token(house: House, falcon: UUID) -> None:
    token = await house.token(await house.api_client(falcon, Permission.USAGE_READ))
    in_address = await house.http.post("/graphql", json={}, params={"access_token": token})
    in_body = await house.http.post("/graphql", data={"access_token": token})
    assert [in_address.status_code, in_body.status_code] == [401, 401]


async def test_rs_31_two_credentials_are_refused(house: House, falcon: UUID, session: str) -> None:
    token = f"Bearer {await house.token(await house.api_client(falcon, Permission.USAGE_READ))}"
    both = await house.who_by_cookie(session, Authorization=token)
    twice = [("Authorization", token), ("Authorization", token)]
    two = await house.http.post("/graphql", json={}, headers=twice)
    assert [both.status_code, two.status_code] == [400, 400]
    assert both.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_token(shared_house: House) -> str:
    tenant = await make_tenant(shared_house.database, shared_house.clock)
    return await shared_house.token(await shared_house.api_client(tenant, Permission.USAGE_READ))


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("spelling", "status", "challenge"),
    [
        pytest.param("Bearer {}", 200, None, id="RS-32 usual"),
        pytest.param("bearer {}", 200, None, id="RS-32 small"),
        pytest.param("BEARER {}", 200, None, id="RS-32 capitals"),
        pytest.param("Bearer   {}", 200, None, id="RS-32 more spaces"),
        pytest.param("Bearer", 401, 'Bearer error="invalid_token"', id="RS-32 nothing follows"),
        pytest.param("Bearer {} {}", 401, 'Bearer error="invalid_token"', id="RS-32 two tokens"),
        pytest.param("Bearer{}", 401, 'Bearer error="invalid_token"', id="RS-32 no space"),
        pytest.param("{}", 401, "Bearer", id="RS-32 no scheme"),
        pytest.param("Basic {}", 401, "Bearer", id="RS-32 Basic"),
    ],
)
async def test_how_the_header_may_be_spelt(
    shared_house: House, shared_token: str, spelling: str, status: int, challenge: str | None
) -> None:
    answer = await shared_house.who(spelling.replace("{}", shared_token))
    assert (answer.status_code, answer.headers.get("www-authenticate")) == (status, challenge)


ENDS: list[tuple[str, timedelta, int]] = [
    ("BF-12 used within 12 hours", timedelta(hours=11, minutes=59), 200),
    ("BF-12 idle for 12 hours", timedelta(hours=12), 401),
]


@pytest.mark.parametrize(("idle", "status"), [pytest.param(idle, status, id=name) for name, idle, status in ENDS])
async def test_an_idle_session_ends(house: House, session: str, idle: timedelta, status: int) -> None:
    house.clock.advance(idle)
    assert (await house.who_by_cookie(session)).status_code == status


async def test_bf_12_a_session_in_use_ends_after_a_week(house: House, session: str) -> None:
    for _ in range(27):
        house.clock.advance(timedelta(hours=6))
        assert (await house.who_by_cookie(session)).status_code == 200
    house.clock.advance(timedelta(hours=6))
    answer = await house.who_by_cookie(session)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_made_up_session_is_none(house: House) -> None:
    assert (await house.who_by_cookie(new_secret())).status_code == 401


async def test_rs_29_a_disabled_person_is_nobody_at_once(house: House, session: str) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET disabled_at = $1", house.clock.now())
    assert (await house.who_by_cookie(session)).status_code == 401


async def test_rs_29_who_is_removed_keeps_the_session_without_the_tenant(
    house: House, falcon: UUID, owner: UUID, session: str
) -> None:
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("DELETE FROM membership")
    answer = await house.who_by_cookie(session)
    assert answer.json() == {"key": f"member:{owner}", "tenant": None, "permissions": []}


async def test_az_19_a_demotion_holds_on_the_next_request(house: House, falcon: UUID, session: str) -> None:
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE membership SET role = 'BILLING_MANAGER'")
    held = (await house.who_by_cookie(session)).json()["permissions"]
    assert held == sorted(permissions_of(TenantRole.BILLING_MANAGER))


async def test_tn_16_a_closed_tenant_is_left(house: House, falcon: UUID, session: str) -> None:
    async with house.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", falcon)
    assert (await house.who_by_cookie(session)).json()["tenant"] is None


@pytest.mark.parametrize(
    ("role", "held"),
    [
        (StaffRole.ISV_SUPPORT, ["SUPPORT_SESSION", "TENANTS_READ"]),
        (StaffRole.ISV_OPERATOR, sorted(staff_permissions(StaffRole.ISV_OPERATOR))),
    ],
)
async def test_staff_has_no_tenant_and_the_permissions_of_its_own_role(
    house: House, falcon: UUID, role: StaffRole, held: list[str]
) -> None:
    person = await house.person("sam@example.com", staff_role=role, roles={falcon: TenantRole.OWNER})
    answer = await house.who_by_cookie(await house.services.sessions.start(person, second_factor=True))
    assert answer.json() == {"key": f"{role.lower()}:{person}", "tenant": None, "permissions": held}


async def test_a_switch_of_tenant_keeps_when_one_proved_who_one_is(house: House, falcon: UUID, owner: UUID) -> None:
    began = house.clock.now()
    old = await house.services.sessions.start(owner, second_factor=True)
    house.clock.advance(timedelta(hours=1))
    assert await house.services.sessions.switch(old, str(falcon)) is not None
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        row = await tx.row("SELECT authenticated_at, second_factor_at FROM session WHERE ended_at IS NULL")
    assert row is not None
    assert tuple(row) == (began, began)


async def test_what_ended_is_deleted_once_nobody_asks_for_it(house: House, owner: UUID, session: str) -> None:
    sessions = house.services.sessions
    await sessions.end(await sessions.start(owner))
    await house.services.password_reset.ask("olga@example.com")
    await house.staff()
    await house.submit("/sign-in", {"email": "sam@example.com", "password": PASSWORD})
    left = []
    for later in (timedelta(), timedelta(hours=1), timedelta(days=91)):
        house.clock.advance(later)
        await delete_what_ended(house.database, house.clock.now())
        async with house.database.as_role(DatabaseRole.AUTH) as tx:
            tables = ("session", "pending_sign_in", "mailed_link")
            left.append([await tx.value(f"SELECT count(*) FROM {table}") for table in tables])  # noqa: S608  names of this test
    assert left == [[2, 1, 1], [2, 0, 0], [0, 0, 0]]


async def test_a_visitor_of_a_page_is_known_by_the_cookie_alone(house: House, owner: UUID, session: str) -> None:
    seen = [
        (await house.http.get("/page", headers=headers)).text
        for headers in ({"Cookie": cookie(session)}, {"Cookie": cookie("made up")}, {})
    ]
    assert seen == [f"member:{owner}", "nobody", "nobody"]


async def test_authenticating_takes_one_statement_and_writes_once_a_minute(
    address: DatabaseAddress, clock: TurnableClock, falcon: UUID
) -> None:
    said: list[str] = []
    database = await Database.connect(address, on_query=said.append)
    try:
        async with serve(database, clock) as house:
            client = await house.api_client(falcon, Permission.USAGE_READ)
            token = await house.token(client)
            session = await house.services.sessions.start(await house.person("olga@example.com"))
            assert await _statements(said, house, session) == ["SELECT"]
            house.clock.advance(timedelta(minutes=1))
            assert await _statements(said, house, session) == ["SELECT", "UPDATE"]
            assert await _statements(said, house, session) == ["SELECT"]
            await house.who(f"Bearer {token}")  # the keys are known from here on
            said.clear()
            await house.who(f"Bearer {token}")
            asked = [statement for statement in said if statement.startswith("SELECT")]
            assert len(asked) == 2  # who it is, and what it may do
    finally:
        await database.close()


async def _statements(said: list[str], house: House, session: str) -> list[str]:
    said.clear()
    assert (await house.who_by_cookie(session)).status_code == 200
    words = [statement.split()[0] for statement in said]
    return [word for word in words if word not in {"BEGIN", "BEGIN;", "COMMIT"}]
