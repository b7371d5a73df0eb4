"""The second factor at sign-in: who is asked, what is right, and that each proof is good once."""

import asyncio
import logging
from datetime import timedelta
from uuid import UUID

import httpx2
import pyotp
import pytest

from auth.authentication import SESSION_COOKIE
from auth.permissions import StaffRole, TenantRole
from auth.second_factor.recovery_codes import make_recovery_codes
from auth.second_factor.totp import set_totp
from auth.sign_in_steps import PENDING_COOKIE
from portal.database import DatabaseRole
from portal.encryption import SecretBox
from tests.auth.house import PASSWORD, SECRET, House, cookie, cookies_of, session_of, turn_to_a_window
from tests.waiting import until

EMAIL = "sam@example.com"
STEP = timedelta(seconds=30)
FACTOR = "/sign-in/second-factor"
ENROL = "/sign-in/enrol"


@pytest.fixture
async def staff(house: House) -> tuple[UUID, str]:
    return await house.staff(EMAIL)


async def _begin(house: House, email: str = EMAIL, return_to: str = "/") -> httpx2.Response:
    return await house.submit("/sign-in", {"email": email, "password": PASSWORD, "return_to": return_to})


async def _pending(house: House, email: str = EMAIL) -> str:
    return f"{PENDING_COOKIE}={cookies_of(await _begin(house, email))[PENDING_COOKIE]}"


async def _prove(house: House, pending: str, **fields: str) -> httpx2.Response:
    return await house.submit(FACTOR, fields, Cookie=pending)


async def _rows(house: House, table: str) -> int:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        count: int = await tx.value(f"SELECT count(*) FROM {table}")  # noqa: S608  a name of this file
    return count


def _code(house: House, secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(house.clock.now() + steps * STEP)


async def test_the_password_alone_begins_no_session(house: House, staff: tuple[UUID, str]) -> None:
    answer = await _begin(house, return_to="/messages")
    assert (answer.status_code, answer.headers["location"]) == (303, FACTOR)
    assert list(cookies_of(answer)) == [PENDING_COOKIE]
    attributes = answer.headers["set-cookie"].partition("; ")[2]
    assert sorted(attributes.split("; ")) == ["HttpOnly", "Max-Age=600", "Path=/", "SameSite=lax", "Secure"]
    assert await _rows(house, "session") == 0
    secret = cookies_of(answer)[PENDING_COOKIE]
    assert (await house.who_by_cookie(secret)).status_code == 401


async def test_as_42_the_right_code_begins_the_session(house: House, staff: tuple[UUID, str]) -> None:
    person, secret = staff
    pending = f"{PENDING_COOKIE}={cookies_of(await _begin(house, return_to='/messages'))[PENDING_COOKIE]}"
    answer = await _prove(house, pending, code=_code(house, secret))
    assert (answer.status_code, answer.headers["location"]) == (303, "/messages")
    assert cookies_of(answer)[PENDING_COOKIE] == '""'
    assert (await house.who_by_cookie(session_of(answer))).json()["key"] == f"isv_support:{person}"
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        row = await tx.row("SELECT second_factor_at, authenticated_at FROM session")
    assert row is not None
    assert tuple(row) == (house.clock.now(), house.clock.now())
    assert await _rows(house, "pending_sign_in") == 0


async def test_bf_07_the_second_factor_ends_the_old_session(house: House, staff: tuple[UUID, str]) -> None:
    person, secret = staff
    old = await house.services.sessions.start(person, second_factor=True)
    pending = await _pending(house)
    answer = await house.submit(FACTOR, {"code": _code(house, secret)}, Cookie=f"{pending}; {cookie(old)}")
    statuses = [(await house.who_by_cookie(each)).status_code for each in (old, session_of(answer))]
    assert statuses == [401, 200]


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 303), (0, 303), (1, 303), (2, 401)])
async def test_a_clock_may_be_one_step_off(house: House, staff: tuple[UUID, str], steps: int, status: int) -> None:
    answer = await _prove(house, await _pending(house), code=_code(house, staff[1], steps))
    assert answer.status_code == status
    assert await _rows(house, "session") == (1 if status == 303 else 0)


async def test_a_code_is_good_once_and_so_are_those_before_it(house: House, staff: tuple[UUID, str]) -> None:
    secret = staff[1]
    code, before, after = _code(house, secret), _code(house, secret, -1), _code(house, secret, 1)
    tried = [
        (await _prove(house, await _pending(house), code=each)).status_code for each in (code, code, before, after)
    ]
    assert tried == [303, 401, 401, 303]


async def test_many_uses_of_one_code_at_once_have_one_winner(house: House, staff: tuple[UUID, str]) -> None:
    code = _code(house, staff[1])
    pendings = [await _pending(house) for _ in range(5)]
    answers = await asyncio.gather(*(_prove(house, pending, code=code) for pending in pendings))
    assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401, 401]
    assert await _rows(house, "session") == 1


async def test_many_steps_with_one_pending_sign_in_have_one_winner(house: House, staff: tuple[UUID, str]) -> None:
    codes = [_code(house, staff[1], steps) for steps in (-1, 0, 1)]
    pending = await _pending(house)
    answers = await asyncio.gather(*(_prove(house, pending, code=code) for code in codes))
    assert [answer.status_code for answer in answers].count(303) == 1
    assert await _rows(house, "session") == 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "\0" * 6, "x" * 9000])
async def test_what_is_no_code_is_refused(house: House, staff: tuple[UUID, str], code: str) -> None:
    answer = await _prove(house, await _pending(house), code=code)
    assert answer.status_code == 401
    assert "That is not right, or was used before." in answer.text
    assert await _rows(house, "session") == 0


async def test_spaces_in_a_code_do_not_matter(house: House, staff: tuple[UUID, str]) -> None:
    code = _code(house, staff[1])
    assert (await _prove(house, await _pending(house), code=f" {code[:3]} {code[3:]} ")).status_code == 303


async def test_guessing_codes_is_slowed_down_whatever_is_tried(house: House, staff: tuple[UUID, str]) -> None:
    turn_to_a_window(house.clock)
    wrong = [{"code": "0"}, {"recovery_code": "0"}, {"passkey": "{}"}, {"code": "1"}, {"code": "2"}]
    pending = await _pending(house)
    assert [(await _prove(house, pending, **fields)).status_code for fields in wrong] == [401] * 5
    answer = await _prove(house, await _pending(house), code=_code(house, staff[1]))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "900")
    assert await _rows(house, "session") == 0
    house.clock.advance(timedelta(minutes=15))
    assert (await _prove(house, await _pending(house), code=_code(house, staff[1]))).status_code == 303


async def test_a_pending_sign_in_ends_after_ten_minutes(house: House, staff: tuple[UUID, str]) -> None:
    pending = await _pending(house)
    house.clock.advance(timedelta(minutes=10))
    for answer in (
        await _prove(house, pending, code=_code(house, staff[1])),
        await house.http.get(FACTOR, headers={"Cookie": pending}),
        await house.http.get(ENROL, headers={"Cookie": pending}),
        await house.submit(ENROL, {"code": _code(house, staff[1])}, Cookie=pending),
    ):
        assert (answer.status_code, "sign in again" in answer.text) == (401, True)
    assert await _rows(house, "session") == 0


@pytest.mark.parametrize("path", [FACTOR, ENROL])
async def test_without_the_first_factor_there_is_no_second_step(house: House, path: str) -> None:
    shown = [
        await house.http.get(path, headers=headers)
        for headers in (dict[str, str](), {"Cookie": f"{PENDING_COOKIE}=made-up"})
    ]
    assert [answer.status_code for answer in shown] == [401, 401]
    assert "E-mail address" in shown[0].text


async def test_who_is_disabled_meanwhile_gets_no_further(house: House, staff: tuple[UUID, str]) -> None:
    pending = await _pending(house)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET disabled_at = $1", house.clock.now())
    assert (await _prove(house, pending, code=_code(house, staff[1]))).status_code == 401
    assert await _rows(house, "session") == 0


async def test_a_member_with_an_app_is_asked_too_and_one_without_is_not(house: House, falcon: UUID) -> None:
    olga = await house.person("olga@example.com", roles={falcon: TenantRole.OWNER})
    assert SESSION_COOKIE in cookies_of(await _begin(house, "olga@example.com"))
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await set_totp(tx, SecretBox(SECRET), olga, pyotp.random_base32(), at=house.clock.now())
    answer = await _begin(house, "olga@example.com")
    assert (answer.headers["location"], list(cookies_of(answer))) == (FACTOR, [PENDING_COOKIE])


async def test_a_recovery_code_is_good_once(house: House, staff: tuple[UUID, str]) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        code, other, *_ = await make_recovery_codes(tx, staff[0], at=house.clock.now())
        rows = str([dict(row) for row in await tx.rows("TABLE recovery_code")])
    assert code not in rows
    assert code.replace("-", "") not in rows
    typed = f" {code.upper().replace('-', ' ')}"
    tried = [(await _prove(house, await _pending(house), recovery_code=each)).status_code for each in (typed, code)]
    assert tried == [303, 401]
    assert (await _prove(house, await _pending(house), recovery_code=other)).status_code == 303


async def test_many_uses_of_one_recovery_code_at_once_have_one_winner(house: House, staff: tuple[UUID, str]) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        code, *_ = await make_recovery_codes(tx, staff[0], at=house.clock.now())
    pendings = [await _pending(house) for _ in range(5)]
    answers = await asyncio.gather(*(_prove(house, pending, recovery_code=code) for pending in pendings))
    assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401, 401]


async def test_a_code_of_another_person_proves_nothing(house: House, staff: tuple[UUID, str]) -> None:
    _, other = await house.staff("other@example.com")
    assert (await _prove(house, await _pending(house), code=_code(house, other))).status_code == 401


@pytest.mark.parametrize("role", StaffRole)
async def test_staff_sets_a_second_factor_up_before_there_is_a_session(house: House, role: StaffRole) -> None:
    person = await house.person(EMAIL, staff_role=role)
    answer = await _begin(house, return_to="/messages")
    assert (answer.headers["location"], list(cookies_of(answer))) == (ENROL, [PENDING_COOKIE])
    pending = await _pending(house)
    page = await house.http.get(ENROL, headers={"Cookie": pending})
    secret = page.text.partition('<code class="secret">')[2].partition("</code>")[0]
    assert "<svg" in page.text
    wrong = await house.submit(ENROL, {"code": "000000"}, Cookie=pending)
    assert (wrong.status_code, secret in wrong.text, await _rows(house, "totp")) == (400, True, 0)
    done = await house.submit(ENROL, {"code": _code(house, secret)}, Cookie=pending)
    assert done.status_code == 200
    assert done.text.count("<li><code>") == 10
    assert (await house.who_by_cookie(session_of(done))).json()["key"] == f"{role.lower()}:{person}"
    replayed = await house.submit(ENROL, {"code": _code(house, secret)}, Cookie=pending)
    assert (replayed.status_code, "<li><code>" in replayed.text) == (401, False)
    assert (await _prove(house, await _pending(house), code=_code(house, secret))).status_code == 401  # it was used
    assert (await _prove(house, await _pending(house), code=_code(house, secret, 1))).status_code == 303
    code = done.text.partition("<li><code>")[2].partition("</code>")[0]
    assert (await _prove(house, await _pending(house), recovery_code=code)).status_code == 303


async def test_setting_up_another_is_no_way_around_the_one_there_is(house: House, staff: tuple[UUID, str]) -> None:
    pending = await _pending(house)
    shown = await house.http.get(ENROL, headers={"Cookie": pending})
    sent = await house.submit(ENROL, {"code": "000000"}, Cookie=pending)
    assert [(each.status_code, each.headers["location"]) for each in (shown, sent)] == [(303, FACTOR)] * 2
    assert await _rows(house, "session") == 0


async def test_a_session_without_a_second_factor_is_none_for_staff(house: House, staff: tuple[UUID, str]) -> None:
    session = await house.services.sessions.start(staff[0])
    assert (await house.who_by_cookie(session)).status_code == 401


async def test_as_49_the_database_holds_no_secret_of_an_app_and_no_pending_sign_in(house: House) -> None:
    await house.person(EMAIL, staff_role=StaffRole.ISV_SUPPORT)
    pending = await _pending(house)
    page = await house.http.get(ENROL, headers={"Cookie": pending})
    secret = page.text.partition('<code class="secret">')[2].partition("</code>")[0]
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        rows = str([dict(row) for row in await tx.rows("TABLE pending_sign_in")])
    assert secret not in rows
    assert pending.partition("=")[2] not in rows


@pytest.mark.parametrize("path", [FACTOR, ENROL])
async def test_a_form_of_another_page_goes_no_step_further(house: House, staff: tuple[UUID, str], path: str) -> None:
    headers = {"Cookie": await _pending(house), "Sec-Fetch-Site": "cross-site"}
    answer = await house.http.post(path, data={"code": _code(house, staff[1])}, headers=headers)
    assert answer.status_code == 403
    assert (await _rows(house, "session"), await _rows(house, "pending_sign_in")) == (0, 1)


async def test_as_41_as_44_the_pages_are_closed_to_frames_and_foreign_content(house: House) -> None:
    await house.person(EMAIL, staff_role=StaffRole.ISV_SUPPORT)
    answer = await house.http.get(ENROL, headers={"Cookie": await _pending(house)})
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "script-src 'self'"
    )
    own = (answer.headers["x-frame-options"], answer.headers["cache-control"], answer.headers["referrer-policy"])
    assert own == ("DENY", "no-store", "same-origin")
    assert "style=" not in answer.text
    assert "http" not in answer.text.replace(house.public_url, "")


async def test_nothing_of_signing_in_is_in_the_logs(
    house: House, staff: tuple[UUID, str], caplog: pytest.LogCaptureFixture
) -> None:
    wrong, right = "000000", _code(house, staff[1])
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        recovery, *_ = await make_recovery_codes(tx, staff[0], at=house.clock.now())
    with caplog.at_level(logging.DEBUG):
        pending = await _pending(house)
        await _prove(house, pending, code=wrong)
        await _prove(house, pending, recovery_code=recovery + "x")
        await _prove(house, pending, passkey="{}")
        session = session_of(await _prove(house, pending, code=right))
        await house.submit("/account/password", {"old": "x", "new": "y", "again": "y"}, Cookie=cookie(session))
        await house.submit("/password/forgotten", {"email": EMAIL})
        await until(lambda: _mailed(house))
    said = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith(("auth", "portal")))
    assert said.count("second factor refused") == 3
    secret = pending.partition("=")[2]
    for hidden in (EMAIL, PASSWORD, wrong, right, recovery, staff[1], secret, session, str(staff[0])):
        assert hidden not in said


async def _mailed(house: House) -> bool:
    return bool(await house.mails())
