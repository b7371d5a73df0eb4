"""Signing in and out, and going on in another tenant; the ids are those of the list of checks."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from auth.passwords import Passwords
from auth.permissions import TenantRole
from auth.sign_in import SignIn
from portal.database import DatabaseRole
from tests.auth.house import CHEAP_HASH, PASSWORD, House, cookie, session_of, turn_to_a_window

EMAIL = "olga@example.com"
RIGHT = {"email": EMAIL, "password": PASSWORD}
WRONG = "E-mail address or password is wrong."


@pytest.fixture
async def olga(house: House, falcon: UUID) -> UUID:
    return await house.person(EMAIL, roles={falcon: TenantRole.OWNER})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_olga(shared_house: House) -> UUID:
    return await shared_house.person(EMAIL)


async def _sessions(house: House) -> int:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        count: int = await tx.value("SELECT count(*) FROM session")
    return count


async def test_as_42_bf_06_the_right_password_begins_a_session(house: House, falcon: UUID, olga: UUID) -> None:
    answer = await house.submit("/sign-in", RIGHT | {"email": f" {EMAIL.title()} ", "return_to": "/messages?first=5"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/messages?first=5")
    secret = session_of(answer)
    attributes = answer.headers["set-cookie"].partition("; ")[2]
    assert sorted(attributes.split("; ")) == ["HttpOnly", "Path=/", "SameSite=lax", "Secure"]
    assert answer.headers["cache-control"] == "no-store"
    assert (await house.who_by_cookie(secret)).json()["tenant"] == str(falcon)


async def test_as_49_the_database_holds_neither_password_nor_session(house: House, olga: UUID) -> None:
    secret = session_of(await house.submit("/sign-in", RIGHT))
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        rows = str([dict(row) for table in ("person", "session") for row in await tx.rows(f"TABLE {table}")])
    assert PASSWORD not in rows
    assert secret not in rows


async def test_bf_07_signing_in_ends_the_old_session(house: House, olga: UUID) -> None:
    old = session_of(await house.submit("/sign-in", RIGHT))
    new = session_of(await house.submit("/sign-in", RIGHT, Cookie=cookie(old)))
    assert new != old
    assert [(await house.who_by_cookie(secret)).status_code for secret in (old, new)] == [401, 200]


async def test_bf_07_a_planted_session_gains_nothing(house: House, olga: UUID) -> None:
    planted = "planted-by-an-attacker"
    answer = await house.submit("/sign-in", RIGHT, Cookie=cookie(planted))
    assert session_of(answer) != planted
    assert (await house.who_by_cookie(planted)).status_code == 401


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"password": "wrong"}, id="AS-25 a wrong password"),
        pytest.param({"email": "nobody@example.com"}, id="AS-25 an unknown address"),
        pytest.param({"password": ""}, id="AS-25 no password"),
        pytest.param({"email": ""}, id="AS-25 no address"),
        pytest.param({"email": "olga"}, id="AS-25 no e-mail address"),
        pytest.param({"email": "olga@example.com\0"}, id="AS-25 a NUL in the address"),
        pytest.param({"password": "x" * 5000}, id="AS-25 an endless password"),
        pytest.param({"password": PASSWORD + "\0"}, id="AS-25 a NUL after the password"),
    ],
)
async def test_what_is_wrong_is_not_told(
    shared_house: House, shared_olga: UUID, fields: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    before = await _sessions(shared_house)
    with caplog.at_level(logging.INFO):
        answer = await shared_house.submit("/sign-in", RIGHT | fields)
    assert answer.status_code == 401
    assert WRONG in answer.text
    assert "set-cookie" not in answer.headers
    assert await _sessions(shared_house) == before
    said = [record.getMessage() for record in caplog.records if record.name.startswith("auth")]
    assert said == ["sign-in refused"]


@pytest.mark.parametrize(
    "sql",
    [
        pytest.param("UPDATE person SET disabled_at = now()", id="disabled"),
        pytest.param("UPDATE person SET password_hash = NULL", id="without a password here"),
    ],
)
async def test_an_account_that_is_closed_looks_like_a_wrong_password(house: House, olga: UUID, sql: str) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(sql)
    answer = await house.submit("/sign-in", RIGHT)
    assert (answer.status_code, WRONG in answer.text) == (401, True)
    assert await _sessions(house) == 0


async def test_a_hash_by_older_parameters_is_made_anew(house: House, olga: UUID) -> None:
    sign_in = SignIn(house.database, Passwords(), house.services.throttle)
    for _ in range(2):
        assert (await sign_in.check(EMAIL, PASSWORD, address="")).person_id == olga
        async with house.database.as_role(DatabaseRole.AUTH) as tx:
            stored = await tx.value("SELECT password_hash FROM person")
        assert stored != CHEAP_HASH
        assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_guessing_is_slowed_down_for_this_account_alone(house: House, falcon: UUID, olga: UUID) -> None:
    turn_to_a_window(house.clock)
    await house.person("adam@example.com", roles={falcon: TenantRole.ADMINISTRATOR})
    statuses = [(await house.submit("/sign-in", RIGHT | {"password": str(n)})).status_code for n in range(11)]
    assert statuses == [401] * 10 + [429]
    right = await house.submit("/sign-in", RIGHT)
    assert (right.status_code, right.headers["retry-after"], await _sessions(house)) == (429, "900", 0)
    assert "Wait 16 minutes" in right.text
    assert (await house.submit("/sign-in", RIGHT | {"email": "adam@example.com"})).status_code == 303
    house.clock.advance(timedelta(minutes=15))
    assert (await house.submit("/sign-in", RIGHT)).status_code == 303


async def test_a_right_password_forgives_the_wrong_ones(house: House, olga: UUID) -> None:
    for _ in range(2):
        statuses = [(await house.submit("/sign-in", RIGHT | {"password": "wrong"})).status_code for _ in range(9)]
        assert statuses == [401] * 9
        assert (await house.submit("/sign-in", RIGHT)).status_code == 303


FORGED = [
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="BF-08 another site"),
    pytest.param({"Sec-Fetch-Site": "same-site"}, id="BF-08 a sibling site"),
    pytest.param({"Origin": "https://evil.example.com"}, id="BF-08 a foreign origin"),
    pytest.param({"Origin": "null"}, id="BF-08 a hidden origin"),
    pytest.param({}, id="BF-08 neither site nor origin"),
]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/session/tenant"])
@pytest.mark.parametrize("headers", FORGED)
async def test_a_form_of_another_page_does_nothing(
    shared_house: House, shared_olga: UUID, path: str, headers: dict[str, str]
) -> None:
    session = await shared_house.services.sessions.start(shared_olga)
    before = await _sessions(shared_house)
    sent = headers | {"Cookie": cookie(session)}
    answer = await shared_house.http.post(path, data=RIGHT | {"tenant": "falcon-flights"}, headers=sent)
    assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    assert await _sessions(shared_house) == before
    assert (await shared_house.who_by_cookie(session)).status_code == 200


async def test_an_old_browser_signs_in_by_its_origin(house: House, olga: UUID) -> None:
    answer = await house.http.post("/sign-in", data=RIGHT, headers={"Origin": house.public_url})
    assert answer.status_code == 303


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("return_to", "location"),
    [
        pytest.param("https://evil.example.com", "/", id="BF-14 an address"),
        pytest.param("//evil.example.com", "/", id="BF-14 a host"),
        pytest.param("/\\evil.example.com", "/", id="BF-14 a backslash"),
        pytest.param("/\t/evil.example.com", "/", id="BF-14 a tab"),
        pytest.param("/\n/evil.example.com", "/", id="BF-14 a line end"),
        pytest.param("/x\r\nSet-Cookie: a=b", "/", id="BF-14 a header"),
        pytest.param("javascript:alert(1)", "/", id="BF-14 a script"),
        pytest.param("messages", "/", id="BF-14 a relative path"),
        pytest.param("", "/", id="BF-14 nothing"),
        pytest.param("/messages", "/messages", id="BF-14 a path"),
        pytest.param("/ä?q=ö", "/%C3%A4?q=%C3%B6", id="BF-14 letters beyond ASCII"),
    ],
)
async def test_one_stays_with_the_portal(shared_house: House, shared_olga: UUID, return_to: str, location: str) -> None:
    answer = await shared_house.submit("/sign-in", RIGHT | {"return_to": return_to})
    assert (answer.status_code, answer.headers["location"]) == (303, location)


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("status", "request_parts"),
    [
        pytest.param(415, {"json": RIGHT}, id="JSON"),
        pytest.param(415, {"files": {"email": b"x"}}, id="multipart"),
        pytest.param(413, {"data": {"email": "x" * 20_000}}, id="too large"),
        pytest.param(400, {"content": "email=a&email=b", "form": True}, id="a repeated field"),
        pytest.param(400, {"content": b"email=\xff", "form": True}, id="not UTF-8"),
    ],
)
async def test_a_malformed_form_is_refused(shared_house: House, status: int, request_parts: dict[str, Any]) -> None:
    parts = dict(request_parts)
    headers = {"Sec-Fetch-Site": "same-origin"}
    if parts.pop("form", False):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    assert (await shared_house.http.post("/sign-in", headers=headers, **parts)).status_code == status


async def test_as_41_as_44_the_page_is_closed_to_frames_and_foreign_content(house: House) -> None:
    answer = await house.http.get("/sign-in", params={"return_to": '/"><script>alert(1)</script>'})
    assert (answer.status_code, answer.headers["x-frame-options"]) == (200, "DENY")
    policy = answer.headers["content-security-policy"]
    assert policy == "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert "<script" not in answer.text
    assert "Owl Inc. messaging" in answer.text


async def test_the_page_brings_its_style(house: House) -> None:
    answer = await house.http.get("/sign-in/style.css")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css; charset=utf-8")


async def test_a_refusal_is_announced_and_keeps_the_address(house: House) -> None:
    answer = await house.submit("/sign-in", {"email": 'a"<b>@example.com', "password": "x", "return_to": "/messages"})
    assert "<title>Error: Sign in" in answer.text
    assert 'role="alert" tabindex="-1" autofocus' in answer.text
    assert 'value="a&#34;&lt;b&gt;@example.com"' in answer.text
    assert 'name="return_to" value="/messages"' in answer.text


async def test_bf_12_signing_out_ends_the_session(house: House, olga: UUID) -> None:
    secret = session_of(await house.submit("/sign-in", RIGHT))
    answer = await house.submit("/sign-out", {}, Cookie=cookie(secret))
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert "Max-Age=0" in answer.headers["set-cookie"]
    assert (await house.who_by_cookie(secret)).status_code == 401
    assert (await house.http.get("/sign-out")).status_code == 405


async def test_signing_out_without_a_session_is_no_error(house: House) -> None:
    assert (await house.submit("/sign-out", {})).status_code == 303


@pytest.fixture
async def both(house: House, falcon: UUID, freestyle: UUID) -> UUID:
    return await house.person("dora@example.com", roles={falcon: TenantRole.DEVELOPER, freestyle: TenantRole.SUPPORT})


async def test_tn_05_another_tenant_means_another_session(
    house: House, falcon: UUID, freestyle: UUID, both: UUID
) -> None:
    old = await house.services.sessions.start(both)
    assert (await house.who_by_cookie(old)).json()["tenant"] == str(falcon)
    answer = await house.submit("/session/tenant", {"tenant": str(freestyle)}, Cookie=cookie(old))
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    new = session_of(answer)
    assert (await house.who_by_cookie(new)).json()["tenant"] == str(freestyle)
    assert (await house.who_by_cookie(old)).status_code == 401


async def test_a_page_may_choose_the_tenant_by_slug_and_json(house: House, freestyle: UUID, both: UUID) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        slug = await tx.value("SELECT slug FROM tenant WHERE id = $1", freestyle)
    headers = {"Cookie": cookie(await house.services.sessions.start(both)), "Sec-Fetch-Site": "same-origin"}
    answer = await house.http.post("/session/tenant", json={"tenant": slug}, headers=headers)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await house.who_by_cookie(session_of(answer))).json()["tenant"] == str(freestyle)


async def test_choosing_a_tenant_does_not_make_a_session_longer(house: House, freestyle: UUID, both: UUID) -> None:
    secret = await house.services.sessions.start(both)
    for _ in range(14):
        house.clock.advance(timedelta(hours=11, minutes=59))
        secret = session_of(await house.submit("/session/tenant", {"tenant": str(freestyle)}, Cookie=cookie(secret)))
    house.clock.advance(timedelta(minutes=14))
    assert (await house.who_by_cookie(secret)).status_code == 401


async def test_a_foreign_and_an_absent_tenant_look_the_same(
    house: House, olga: UUID, falcon: UUID, freestyle: UUID
) -> None:
    secret = await house.services.sessions.start(olga)
    answers = [
        await house.submit("/session/tenant", {"tenant": tenant}, Cookie=cookie(secret))
        for tenant in (str(freestyle), "no-such-tenant", "\0")
    ]
    answers.append(await house.submit("/session/tenant", {"slug": "x"}, Cookie=cookie(secret)))
    assert {(answer.status_code, answer.text) for answer in answers} == {(404, "There is no such tenant.")}
    assert (await house.who_by_cookie(secret)).json()["tenant"] == str(falcon)


@pytest.mark.parametrize("body", ["[]", "{", '{"tenant": 1}', "[" * 9000])
async def test_a_choice_that_is_no_object_of_texts_is_refused(house: House, olga: UUID, body: str) -> None:
    secret = await house.services.sessions.start(olga)
    headers = {"Cookie": cookie(secret), "Sec-Fetch-Site": "same-origin", "Content-Type": "application/json"}
    assert (await house.http.post("/session/tenant", content=body, headers=headers)).status_code == 400
    assert (await house.who_by_cookie(secret)).status_code == 200


async def test_without_a_session_there_is_no_tenant_to_choose(house: House, falcon: UUID) -> None:
    answers = [
        await house.submit("/session/tenant", {"tenant": str(falcon)}, **headers)
        for headers in (dict[str, str](), {"Cookie": cookie("made up")})
    ]
    assert [answer.status_code for answer in answers] == [401, 401]
