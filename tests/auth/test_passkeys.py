"""Passkeys at sign-in, by an authenticator in software: what is right, and everything near it that is not."""

import asyncio
import html
import json
import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
import pytest

from auth.permissions import StaffRole
from auth.sign_in_steps import PENDING_COOKIE
from portal.database import DatabaseRole
from tests.auth.authenticator import Authenticator
from tests.auth.house import PASSWORD, House, cookies_of, session_of

EMAIL = "sam@example.com"
FACTOR = "/sign-in/second-factor"
ENROL = "/sign-in/enrol"


@pytest.fixture
async def sam(house: House) -> UUID:
    return await house.person(EMAIL, staff_role=StaffRole.ISV_SUPPORT)


@pytest.fixture
async def authenticator(house: House, sam: UUID) -> Authenticator:
    """Sam's, registered at the first sign-in."""
    made = Authenticator(house.public_url)
    pending, options = await _begin(house, ENROL)
    answer = await house.submit(ENROL, {"passkey": made.create(options), "name": " Laptop "}, Cookie=pending)
    assert (answer.status_code, answer.text.count("<li><code>")) == (200, 10)
    return made


async def _begin(house: House, path: str = FACTOR, email: str = EMAIL) -> tuple[str, dict[str, Any]]:
    answer = await house.submit("/sign-in", {"email": email, "password": PASSWORD})
    pending = f"{PENDING_COOKIE}={cookies_of(answer)[PENDING_COOKIE]}"
    return pending, await _options(house, path, pending)


async def _options(house: House, path: str, pending: str) -> dict[str, Any]:
    page = await house.http.get(path, headers={"Cookie": pending})
    found = re.search('data-options="([^"]+)"', page.text)
    assert found is not None, page.text
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


async def _prove(house: House, pending: str, response: str) -> httpx2.Response:
    return await house.submit(FACTOR, {"passkey": response}, Cookie=pending)


async def _sessions(house: House) -> int:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        count: int = await tx.value("SELECT count(*) FROM session")
    return count


async def test_a_passkey_signs_in_again_and_again(house: House, sam: UUID, authenticator: Authenticator) -> None:
    for _ in range(2):
        pending, options = await _begin(house)
        answer = await _prove(house, pending, authenticator.get(options))
        assert answer.status_code == 303
        assert (await house.who_by_cookie(session_of(answer))).json()["key"] == f"isv_support:{sam}"
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        row = await tx.row("SELECT name, sign_count, last_used_at FROM passkey")
    assert row is not None
    assert tuple(row) == ("Laptop", 3, house.clock.now())


async def test_what_a_passkey_signed_is_good_once(house: House, authenticator: Authenticator) -> None:
    pending, options = await _begin(house)
    response = authenticator.get(options)
    assert (await _prove(house, pending, response)).status_code == 303
    assert (await _prove(house, pending, response)).status_code == 401
    later, _ = await _begin(house)
    assert (await _prove(house, later, response)).status_code == 401


async def test_of_many_that_send_one_signature_at_once_one_signs_in(house: House, authenticator: Authenticator) -> None:
    pending, options = await _begin(house)
    before, response = await _sessions(house), authenticator.get(options)
    answers = await asyncio.gather(*(_prove(house, pending, response) for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [303, 401, 401, 401, 401]
    assert await _sessions(house) == before + 1


def _spoilt(change: Callable[[Authenticator], None]) -> Callable[[Authenticator, dict[str, Any]], str]:
    def respond(authenticator: Authenticator, options: dict[str, Any]) -> str:
        change(authenticator)
        return authenticator.get(options)

    return respond


WRONG: dict[str, Callable[[Authenticator, dict[str, Any]], str]] = {
    "another origin": _spoilt(lambda own: setattr(own, "origin", "https://evil.example.com")),
    "another host": _spoilt(lambda own: setattr(own, "host", "evil.example.com")),
    "another key": _spoilt(lambda own: setattr(own, "key", Authenticator("").key)),
    "an unknown passkey": _spoilt(lambda own: setattr(own, "id", b"unknown")),
    "a counter that goes back": _spoilt(lambda own: setattr(own, "count", -1)),
    "another challenge": lambda own, options: own.get(options | {"challenge": "AAAA"}),
    "a registration": lambda own, options: own.create(options),
    "no JSON": lambda _, __: "{",
    "no object": lambda _, __: "[]",
    "nothing in it": lambda _, __: "{}",
    "parts of other kinds": lambda own, options: json.dumps({**json.loads(own.get(options)), "response": 1}),
    "no base64": lambda own, options: json.dumps({**json.loads(own.get(options)), "rawId": "ä"}),
    "deep JSON": lambda _, __: "[" * 4000,
}


@pytest.mark.parametrize("respond", WRONG.values(), ids=WRONG.keys())
async def test_what_is_near_a_passkey_proves_nothing(
    house: House, authenticator: Authenticator, respond: Callable[[Authenticator, dict[str, Any]], str]
) -> None:
    pending, options = await _begin(house)
    before = await _sessions(house)
    answer = await _prove(house, pending, respond(authenticator, options))
    assert (answer.status_code, "That is not right" in answer.text) == (401, True)
    assert await _sessions(house) == before


async def test_a_passkey_of_another_person_proves_nothing(house: House, authenticator: Authenticator) -> None:
    await house.staff("other@example.com")
    answer = await house.submit("/sign-in", {"email": "other@example.com", "password": PASSWORD})
    pending = f"{PENDING_COOKIE}={cookies_of(answer)[PENDING_COOKIE]}"
    _, options = await _begin(house)
    assert (await _prove(house, pending, authenticator.get(options))).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda own: setattr(own, "origin", "https://evil.example.com"), id="another origin"),
        pytest.param(lambda own: setattr(own, "host", "evil.example.com"), id="another host"),
    ],
)
async def test_a_passkey_of_another_place_is_not_registered(
    house: House, sam: UUID, change: Callable[[Authenticator], None]
) -> None:
    made = Authenticator(house.public_url)
    change(made)
    pending, options = await _begin(house, ENROL)
    answer = await house.submit(ENROL, {"passkey": made.create(options), "name": "Evil"}, Cookie=pending)
    assert (answer.status_code, await _sessions(house)) == (400, 0)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await tx.value("SELECT count(*) FROM passkey") == 0


async def test_one_passkey_is_registered_once_whoever_brings_it(house: House, authenticator: Authenticator) -> None:
    await house.person("other@example.com", staff_role=StaffRole.ISV_OPERATOR)
    pending, options = await _begin(house, ENROL, "other@example.com")
    answer = await house.submit(ENROL, {"passkey": authenticator.create(options), "name": "x"}, Cookie=pending)
    assert answer.status_code == 400
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await tx.value("SELECT count(*) FROM passkey") == 1


async def test_the_browser_is_told_the_domain_and_what_is_there(house: House, authenticator: Authenticator) -> None:
    _, options = await _begin(house)
    assert (options["rpId"], len(options["allowCredentials"])) == ("localhost", 1)
