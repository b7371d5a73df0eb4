"""Forgotten passwords and the e-mail address: mailed addresses are good once, and tell nobody who has an account."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from auth.permissions import TenantRole
from auth.random_secrets import hash_of
from portal.database import DatabaseRole
from portal.mail.queue import Mail
from tests.auth.house import CHEAP_HASH, PASSWORD, House, cookie, turn_to_a_window
from tests.waiting import until

EMAIL = "olga@example.com"
NEW = "four quiet green owls"
FORGOTTEN, RESET, VERIFY = "/password/forgotten", "/password/reset", "/email/verify"


@pytest.fixture
async def olga(house: House, falcon: UUID) -> UUID:
    return await house.person(EMAIL, roles={falcon: TenantRole.OWNER})


async def _mailed(house: House, number: int = 1) -> Mail:
    async def there() -> bool:
        return len(await house.mails()) >= number

    await until(there)
    return (await house.mails())[number - 1]


def _token(mail: Mail) -> str:
    found = re.search(r"\?token=(\S+)", mail.text)
    assert found is not None
    return found[1]


async def _ask(house: House, number: int = 1) -> str:
    assert (await house.submit(FORGOTTEN, {"email": EMAIL})).status_code == 200
    return _token(await _mailed(house, number))


async def _reset(house: House, token: str, password: str = NEW, again: str | None = None) -> httpx2.Response:
    return await house.submit(RESET, {"token": token, "password": password, "again": again or password})


async def _sign_in(house: House, password: str) -> int:
    return (await house.submit("/sign-in", {"email": EMAIL, "password": password})).status_code


async def test_a_forgotten_password_is_set_anew_by_a_mailed_address(house: House, olga: UUID) -> None:
    answer = await house.submit(FORGOTTEN, {"email": f" {EMAIL.upper()} "})
    assert (answer.status_code, "If there is an account" in answer.text) == (200, True)
    mail = await _mailed(house)
    assert (mail.to, mail.subject) == (EMAIL, "Set a new password for Owl Inc. messaging")
    assert f"{house.public_url}{RESET}?token=" in mail.text
    shown = await house.http.get(RESET, params={"token": _token(mail)})
    assert (shown.status_code, "New password again" in shown.text) == (200, True)
    house.clock.advance(timedelta(seconds=1))
    done = await _reset(house, _token(mail))
    assert (done.status_code, done.headers["location"]) == (303, "/sign-in?notice=password")
    assert "Your new password is set." in (await house.http.get(done.headers["location"])).text
    assert [await _sign_in(house, each) for each in (PASSWORD, NEW)] == [401, 303]
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        row = await tx.row("SELECT password_changed_at, email_verified_at FROM person")
    assert row is not None
    assert tuple(row) == (house.clock.now(), house.clock.now())
    assert (await _mailed(house, 2)).text.startswith("A new password was set")


async def test_bf_12_a_new_password_ends_sessions_and_grants(house: House, falcon: UUID, olga: UUID) -> None:
    sessions = [await house.services.sessions.start(olga) for _ in range(2)]
    await house.grant(olga, falcon)
    await _reset(house, await _ask(house))
    assert [(await house.who_by_cookie(session)).status_code for session in sessions] == [401, 401]
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await tx.value("SELECT revoked_at FROM oauth_grant") == house.clock.now()


async def test_a_new_password_is_no_way_around_the_second_factor(house: House) -> None:
    await house.staff(EMAIL)
    done = await _reset(house, await _ask(house))
    assert done.status_code == 303
    answer = await house.submit("/sign-in", {"email": EMAIL, "password": NEW})
    assert answer.headers["location"] == "/sign-in/second-factor"


async def test_the_address_is_good_once(house: House, olga: UUID) -> None:
    token = await _ask(house)
    assert (await _reset(house, token)).status_code == 303
    again = await _reset(house, token, "another password of length")
    assert (again.status_code, "no longer good" in again.text) == (400, True)
    assert await _sign_in(house, NEW) == 303


async def test_ten_uses_of_one_address_at_once_have_one_winner(house: House, olga: UUID) -> None:
    token = await _ask(house)
    answers = await asyncio.gather(*(_reset(house, token, f"password number {n}") for n in range(10)))
    assert sorted(answer.status_code for answer in answers) == [303] + [400] * 9
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 303)
    assert await _sign_in(house, f"password number {winner}") == 303


async def test_the_address_is_good_for_an_hour(house: House, olga: UUID) -> None:
    token = await _ask(house)
    house.clock.advance(timedelta(minutes=59, seconds=59))
    assert (await house.http.get(RESET, params={"token": token})).status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert (await house.http.get(RESET, params={"token": token})).status_code == 400
    assert (await _reset(house, token)).status_code == 400
    assert await _sign_in(house, PASSWORD) == 303


async def test_a_newer_address_ends_the_older(house: House, olga: UUID) -> None:
    older = await _ask(house)
    house.clock.advance(timedelta(seconds=1))
    newer = await _ask(house, 2)
    assert [(await _reset(house, token)).status_code for token in (older, newer)] == [400, 303]


async def test_a_changed_password_ends_the_address(house: House, olga: UUID) -> None:
    token = await _ask(house)
    session = cookie(await house.services.sessions.start(olga))
    changed = await house.submit("/account/password", {"old": PASSWORD, "new": NEW, "again": NEW}, Cookie=session)
    assert changed.status_code == 303
    assert (await _reset(house, token, "a password of the attacker")).status_code == 400
    assert await _sign_in(house, NEW) == 303


@pytest.mark.parametrize("token", ["", "made-up", "\0", "ä" * 400])
async def test_a_made_up_address_opens_nothing(house: House, olga: UUID, token: str) -> None:
    assert (await _reset(house, token)).status_code == 400
    assert (await house.http.get(RESET, params={"token": token})).status_code == 400
    assert (await house.submit(VERIFY, {"token": token})).status_code == 400
    assert await _sign_in(house, PASSWORD) == 303


@pytest.mark.parametrize(
    ("password", "again", "said"),
    [
        ("short", "short", "Use at least 12 characters"),
        ("x" * 1025, "x" * 1025, "Use at most 1024 characters"),
        (NEW, NEW + "!", "The two passwords differ"),
        ("olga@example.com", "olga@example.com", "little more than your e-mail address"),
        ("Olga-Example.com", "Olga-Example.com", "little more than your e-mail address"),
        ("Owl Inc. messaging1", "Owl Inc. messaging1", "little more than your e-mail address"),
        ("abababababab", "abababababab", "repeats itself"),
    ],
)
async def test_a_password_that_may_not_be_one_keeps_the_address_good(
    house: House, olga: UUID, password: str, again: str, said: str
) -> None:
    token = await _ask(house)
    answer = await _reset(house, token, password, again)
    assert (answer.status_code, said in answer.text) == (400, True)
    assert await _sign_in(house, PASSWORD) == 303
    assert (await _reset(house, token)).status_code == 303


async def test_the_answer_is_the_same_whether_or_not_there_is_an_account(house: House, olga: UUID) -> None:
    await house.person("closed@example.com")
    await house.person("elsewhere@example.com")
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET disabled_at = created_at WHERE email = 'closed@example.com'")
        await tx.execute("UPDATE person SET password_hash = NULL WHERE email = 'elsewhere@example.com'")
    asked = ("nobody@example.com", "closed@example.com", "elsewhere@example.com", "no address", "", "\0", EMAIL)
    answers = [await house.submit(FORGOTTEN, {"email": email}) for email in asked]
    assert {(answer.status_code, answer.text) for answer in answers} == {(200, answers[0].text)}
    assert (await _mailed(house)).to == EMAIL
    assert len(await house.mails()) == 1


async def test_mails_are_asked_for_a_few_times_only(house: House, olga: UUID) -> None:
    turn_to_a_window(house.clock)
    for email in (EMAIL, "nobody@example.com"):
        statuses = [(await house.submit(FORGOTTEN, {"email": email})).status_code for _ in range(6)]
        assert statuses == [200] * 5 + [429]
    await _mailed(house, 5)
    assert len(await house.mails()) == 5


async def test_as_49_the_database_holds_no_mailed_address(house: House, olga: UUID) -> None:
    token = await _ask(house)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        (row,) = await tx.rows("SELECT * FROM mailed_link")
    async with house.database.as_role(DatabaseRole.WORKER) as tx:
        (mail,) = await tx.rows("SELECT * FROM outgoing_mail")
    assert row["secret_hash"] == hash_of(token)
    assert token not in str((dict(row), dict(mail)))


@pytest.mark.parametrize("path", [FORGOTTEN, RESET, VERIFY])
async def test_a_form_of_another_page_changes_nothing(house: House, olga: UUID, path: str) -> None:
    token = await _ask(house)
    sent = {"email": EMAIL, "token": token, "password": NEW, "again": NEW}
    answer = await house.http.post(path, data=sent, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert await _sign_in(house, PASSWORD) == 303
    assert len(await house.mails()) == 1


async def test_an_address_that_a_program_opens_changes_nothing(house: House, olga: UUID) -> None:
    session = await house.services.sessions.start(olga)
    assert (await house.submit("/account/email", {}, Cookie=cookie(session))).status_code == 303
    token = _token(await _mailed(house))
    assert (await house.http.get(VERIFY, params={"token": token})).status_code == 200
    assert not await _verified(house)
    answer = await house.submit(VERIFY, {"token": token})
    assert (answer.status_code, "confirmed" in answer.text) == (200, True)
    assert await _verified(house)
    assert (await house.submit(VERIFY, {"token": token})).status_code == 400


async def test_an_address_is_good_for_its_own_purpose_alone(house: House, olga: UUID) -> None:
    session = await house.services.sessions.start(olga)
    await house.submit("/account/email", {}, Cookie=cookie(session))
    verification = _token(await _mailed(house))
    assert (await _reset(house, verification)).status_code == 400
    house.clock.advance(timedelta(seconds=1))
    reset = await _ask(house, 2)
    assert (await house.submit(VERIFY, {"token": reset})).status_code == 400
    assert not await _verified(house)


async def test_an_address_proves_no_other_e_mail_address(house: House, olga: UUID) -> None:
    session = await house.services.sessions.start(olga)
    await house.submit("/account/email", {}, Cookie=cookie(session))
    token = _token(await _mailed(house))
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET email = 'other@example.com'")
    assert (await house.submit(VERIFY, {"token": token})).status_code == 400
    assert not await _verified(house)


async def test_a_disabled_person_resets_nothing(house: House, olga: UUID) -> None:
    token = await _ask(house)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET disabled_at = created_at")
    assert (await _reset(house, token)).status_code == 400
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await tx.value("SELECT password_hash FROM person") == CHEAP_HASH


async def _verified(house: House) -> bool:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        return await tx.value("SELECT email_verified_at FROM person") is not None
