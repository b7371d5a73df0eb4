"""One's own account: second factors, password, sessions and applications, and the proof that it is oneself."""

import asyncio
import html
import json
import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pyotp
import pytest

from auth.permissions import TenantRole
from auth.second_factor.recovery_codes import make_recovery_codes
from portal.database import DatabaseRole
from tests.auth.authenticator import Authenticator
from tests.auth.house import PASSWORD, House, cookie, session_of, turn_to_a_window

EMAIL = "olga@example.com"
NEW = "four quiet green owls"
ACCOUNT, CONFIRM, SET_UP = "/account", "/account/confirm", "/account/second-factor"
REMOVE, CODES = f"{SET_UP}/remove", "/account/recovery-codes"
CHANGE = {"old": PASSWORD, "new": NEW, "again": NEW}


@pytest.fixture
async def olga(house: House, falcon: UUID) -> UUID:
    return await house.person(EMAIL, roles={falcon: TenantRole.OWNER})


@pytest.fixture
async def session(house: House, olga: UUID) -> str:
    return await house.services.sessions.start(olga)


async def _page(house: House, session: str, path: str = ACCOUNT) -> httpx2.Response:
    return await house.http.get(path, headers={"Cookie": cookie(session)})


async def _send(house: House, session: str, path: str, **fields: str) -> httpx2.Response:
    return await house.submit(path, fields, Cookie=cookie(session))


async def _alive(house: House, *sessions: str) -> list[bool]:
    return [(await house.who_by_cookie(session)).status_code == 200 for session in sessions]


async def _value(house: House, sql: str) -> object:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        return await tx.value(sql)


async def _add_app(house: House, session: str) -> tuple[str, httpx2.Response]:
    page = await _page(house, session, SET_UP)
    secret = page.text.partition('<code class="secret">')[2].partition("</code>")[0]
    return secret, await _send(house, session, SET_UP, code=pyotp.TOTP(secret).at(house.clock.now()))


async def test_the_account_says_what_there_is(house: House, falcon: UUID, olga: UUID, session: str) -> None:
    await house.services.sessions.start(olga)
    await house.grant(olga, falcon)
    page = await _page(house, session)
    assert page.status_code == 200
    for said in (EMAIL, "not confirmed yet", "You have none", "in 2 browsers", "Calendar for Falcon Flights"):
        assert said in page.text
    assert "script" not in page.headers["content-security-policy"]


async def test_an_app_is_added_and_asked_for_from_then_on(house: House, olga: UUID, session: str) -> None:
    secret, done = await _add_app(house, session)
    assert (done.status_code, done.text.count("<li><code>")) == (200, 10)
    assert "Authenticator app" in (await _page(house, session)).text
    answer = await house.submit("/sign-in", {"email": EMAIL, "password": PASSWORD})
    assert answer.headers["location"] == "/sign-in/second-factor"
    assert [mail.text.splitlines()[0] for mail in await house.mails()] == [
        "A second factor was added to your account: a new authenticator app."
    ]
    assert secret not in str(await _value(house, "SELECT secret FROM totp"))


async def test_a_wrong_code_adds_nothing(house: House, session: str) -> None:
    await _page(house, session, SET_UP)
    answer = await _send(house, session, SET_UP, code="000000")
    assert (answer.status_code, await _value(house, "SELECT count(*) FROM totp")) == (400, 0)
    assert await house.mails() == []


async def test_a_passkey_is_added_and_removed(house: House, session: str) -> None:
    page = await _page(house, session, SET_UP)
    found = re.search('data-options="([^"]+)"', page.text)
    assert found is not None
    made = Authenticator(house.public_url).create(json.loads(html.unescape(found[1])))
    assert (await _send(house, session, SET_UP, passkey=made, name="<Key> of Olga")).status_code == 200
    replayed = await _send(house, session, SET_UP, passkey=made, name="again")
    assert (replayed.status_code, await _value(house, "SELECT count(*) FROM passkey")) == (400, 1)
    assert "“&lt;Key&gt; of Olga”" in (await _page(house, session)).text
    removed = await _send(house, session, REMOVE, passkey=str(await _value(house, "SELECT id FROM passkey")))
    assert (removed.status_code, removed.headers["location"]) == (303, "/account?notice=factor")
    counts = [await _value(house, f"SELECT count(*) FROM {table}") for table in ("passkey", "recovery_code")]  # noqa: S608  names of this test
    assert counts == [0, 0]


async def test_a_passkey_whose_name_cannot_be_shown_gets_another(house: House, session: str) -> None:
    found = re.search('data-options="([^"]+)"', (await _page(house, session, SET_UP)).text)
    assert found is not None
    made = Authenticator(house.public_url).create(json.loads(html.unescape(found[1])))
    assert (await _send(house, session, SET_UP, passkey=made, name="Key\0")).status_code == 200
    assert await _value(house, "SELECT name FROM passkey") == "Passkey"


async def test_a_new_app_takes_the_place_of_the_old(house: House, session: str) -> None:
    old, _ = await _add_app(house, session)
    house.clock.advance(timedelta(minutes=1))
    new, answer = await _add_app(house, session)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=factor")
    assert old != new
    assert await _value(house, "SELECT count(*) FROM totp") == 1


async def test_new_recovery_codes_end_the_old(house: House, olga: UUID, session: str) -> None:
    _, first = await _add_app(house, session)
    second = await _send(house, session, CODES)
    codes = [re.findall("<li><code>([^<]+)", answer.text) for answer in (first, second)]
    assert [len(each) for each in codes] == [10, 10]
    assert not set(codes[0]) & set(codes[1])
    assert await _value(house, "SELECT count(*) FROM recovery_code") == 10


async def test_without_a_second_factor_there_are_no_recovery_codes(house: House, session: str) -> None:
    assert (await _send(house, session, CODES)).status_code == 303
    assert await _value(house, "SELECT count(*) FROM recovery_code") == 0


async def test_staff_keeps_the_last_second_factor(house: House) -> None:
    sam, _ = await house.staff()
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await make_recovery_codes(tx, sam, at=house.clock.now())
    session = await house.services.sessions.start(sam, second_factor=True)
    answer = await _send(house, session, REMOVE, totp="1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=last")
    assert "Your role needs a second factor" in (await _page(house, session, answer.headers["location"])).text
    counts = [await _value(house, f"SELECT count(*) FROM {table}") for table in ("totp", "recovery_code")]  # noqa: S608  names of this test
    assert counts == [1, 10]
    assert await house.mails() == []


async def test_of_two_that_are_removed_at_once_staff_keeps_one(house: House) -> None:
    sam, _ = await house.staff()
    session = await house.services.sessions.start(sam, second_factor=True)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO passkey (id, person_id, credential_id, public_key, sign_count, name, created_at) "
            "VALUES ($1, $1, 'x', 'x', 0, 'Key', $2)",
            *(sam, house.clock.now()),
        )
    other = await house.services.sessions.start(sam, second_factor=True)
    answers = await asyncio.gather(
        _send(house, session, REMOVE, totp="1"), _send(house, other, REMOVE, passkey=str(sam))
    )
    places = sorted(answer.headers["location"] for answer in answers)
    assert places == ["/account?notice=factor", "/account?notice=last"]
    assert await _value(house, "SELECT (SELECT count(*) FROM totp) + (SELECT count(*) FROM passkey)") == 1


CHANGES = [(SET_UP, {"code": "1"}), (REMOVE, {"totp": "1"}), (CODES, {})]


@pytest.mark.parametrize(("path", "fields"), CHANGES, ids=[path for path, _ in CHANGES])
async def test_factors_are_changed_by_who_proved_it_a_short_while_ago(
    house: House, session: str, path: str, fields: dict[str, str]
) -> None:
    await _add_app(house, session)
    state = (
        "SELECT (SELECT array_agg(secret) FROM totp)::text || (SELECT array_agg(code_hash) FROM recovery_code)::text"
    )
    before = await _value(house, state)
    house.clock.advance(timedelta(minutes=15))
    answer = await _send(house, session, path, **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{CONFIRM}?return_to=/account")
    assert await _value(house, state) == before


async def test_the_password_proves_it_again_and_changes_the_session(house: House, session: str) -> None:
    house.clock.advance(timedelta(minutes=15))
    shown = await _page(house, session, SET_UP)
    assert (shown.status_code, shown.headers["location"]) == (303, f"{CONFIRM}?return_to={SET_UP}")
    wrong = await _send(house, session, CONFIRM, password="wrong", return_to=SET_UP)
    assert (wrong.status_code, "The password is wrong." in wrong.text) == (401, True)
    assert (await _page(house, session, SET_UP)).status_code == 303
    right = await _send(house, session, CONFIRM, password=PASSWORD, return_to=SET_UP)
    assert (right.status_code, right.headers["location"]) == (303, SET_UP)
    renewed = session_of(right)
    assert await _alive(house, session, renewed) == [False, True]
    assert (await _page(house, renewed, SET_UP)).status_code == 200


async def test_a_choice_of_tenant_is_no_proof(house: House, falcon: UUID, session: str) -> None:
    house.clock.advance(timedelta(minutes=15))
    other = session_of(await _send(house, session, "/session/tenant", tenant=str(falcon)))
    assert (await _page(house, other, SET_UP)).status_code == 303


async def test_staff_keeps_its_second_factor_when_the_session_is_renewed(house: House) -> None:
    sam, _ = await house.staff()
    session = await house.services.sessions.start(sam, second_factor=True)
    renewed = session_of(await _send(house, session, CONFIRM, password=PASSWORD))
    assert await _alive(house, renewed) == [True]


async def test_guessing_the_password_here_is_slowed_down_as_at_sign_in(house: House, session: str) -> None:
    turn_to_a_window(house.clock)
    session = await house.services.sessions.start(UUID(str(await _value(house, "SELECT id FROM person"))))
    statuses = [(await _send(house, session, CONFIRM, password=str(n))).status_code for n in range(5)]
    statuses += [
        (await _send(house, session, "/account/password", **CHANGE | {"old": "x"})).status_code for _ in "12345"
    ]
    assert statuses == [401] * 10
    assert (await _send(house, session, CONFIRM, password=PASSWORD)).status_code == 429
    assert (await _send(house, session, "/account/password", **CHANGE)).status_code == 429


async def test_bf_12_a_changed_password_ends_every_other_session(
    house: House, falcon: UUID, olga: UUID, session: str
) -> None:
    other = await house.services.sessions.start(olga)
    await house.grant(olga, falcon)
    answer = await _send(house, session, "/account/password", **CHANGE)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=password")
    assert await _alive(house, session, other, session_of(answer)) == [False, False, True]
    assert await _value(house, "SELECT revoked_at FROM oauth_grant") == house.clock.now()
    statuses = [
        (await house.submit("/sign-in", {"email": EMAIL, "password": password})).status_code
        for password in (PASSWORD, NEW)
    ]
    assert statuses == [401, 303]
    assert [mail.text.splitlines()[0] for mail in await house.mails()] == ["Your password was changed."]


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"old": "wrong"}, 401, "The password is wrong."),
        ({"old": ""}, 401, "The password is wrong."),
        ({"again": "other"}, 400, "The two new passwords differ."),
        ({"new": "short", "again": "short"}, 400, "at least 12 characters"),
        ({"new": EMAIL, "again": EMAIL}, 400, "little more than your e-mail address"),
    ],
)
async def test_a_password_is_not_changed_to_what_may_not_be_one(
    house: House, olga: UUID, session: str, fields: dict[str, str], status: int, said: str
) -> None:
    other = await house.services.sessions.start(olga)
    before = await _value(house, "SELECT password_hash FROM person")
    answer = await _send(house, session, "/account/password", **CHANGE | fields)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert await _value(house, "SELECT password_hash FROM person") == before
    assert await _alive(house, session, other) == [True, True]


async def test_bf_12_signing_out_everywhere_ends_it_all(house: House, falcon: UUID, olga: UUID, session: str) -> None:
    adam = await house.person("adam@example.com", roles={falcon: TenantRole.DEVELOPER})
    others = [await house.services.sessions.start(person) for person in (olga, adam)]
    await house.grant(olga, falcon)
    await house.grant(adam, falcon, "Mail")
    answer = await _send(house, session, "/account/sign-out-everywhere")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    assert await _alive(house, session, *others) == [False, False, True]
    revoked = await _value(house, "SELECT array_agg(client_id) FROM oauth_grant WHERE revoked_at IS NOT NULL")
    assert revoked == ["Calendar"]


async def test_an_application_is_withdrawn_by_its_person_alone(
    house: House, falcon: UUID, olga: UUID, session: str
) -> None:
    adam = await house.person("adam@example.com", roles={falcon: TenantRole.DEVELOPER})
    own, foreign = await house.grant(olga, falcon), await house.grant(adam, falcon, "Mail")
    for grant in (str(own), str(foreign), "nonsense", ""):
        answer = await _send(house, session, "/account/applications/withdraw", grant=grant)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=withdrawn")
    revoked = await _value(house, "SELECT array_agg(id) FROM oauth_grant WHERE revoked_at IS NOT NULL")
    assert revoked == [own]
    assert "None acts for you." in (await _page(house, session)).text


async def test_a_confirmed_address_is_shown(house: House, session: str) -> None:
    answer = await _send(house, session, "/account/email")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?notice=mail")
    (mail,) = await house.mails()
    token = mail.text.partition("token=")[2].split()[0]
    assert (await house.submit("/email/verify", {"token": token})).status_code == 200
    page = await _page(house, session)
    assert f"{EMAIL}: confirmed." in page.text
    assert "Mail me" not in page.text


async def test_who_has_no_password_here_signs_in_again_to_prove_it(house: House, session: str) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET password_hash = NULL")
    house.clock.advance(timedelta(minutes=15))
    page = await _page(house, session, f"{CONFIRM}?return_to=/account")
    assert (page.status_code, "sign out and in again" in page.text) == (200, True)
    assert (await _send(house, session, CONFIRM, password="")).status_code == 401
    assert "Old password" not in (await _page(house, session)).text


PATHS = [SET_UP, REMOVE, CODES, CONFIRM, "/account/password", "/account/email", "/account/sign-out-everywhere"]


@pytest.mark.parametrize("path", [*PATHS, "/account/applications/withdraw"])
async def test_nothing_is_done_without_a_session_or_for_another_page(
    house: House, falcon: UUID, olga: UUID, session: str, path: str
) -> None:
    await house.grant(olga, falcon)
    fields = CHANGE | {"password": PASSWORD, "code": "1", "totp": "1", "grant": "1"}
    signed_out = await house.submit(path, fields)
    assert (signed_out.status_code, signed_out.headers["location"]) == (303, "/sign-in?return_to=/account")
    headers = {"Cookie": cookie(session), "Sec-Fetch-Site": "cross-site"}
    assert (await house.http.post(path, data=fields, headers=headers)).status_code == 403
    assert await _alive(house, session) == [True]
    assert await _value(house, "SELECT count(*) FROM oauth_grant WHERE revoked_at IS NULL") == 1
    assert await house.mails() == []
