"""Refresh tokens, each good once, and their families: the ids are those of the list of checks."""

import asyncio
from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest

from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission
from tests.auth.house import House
from tests.auth.oauth.third_party import ThirdParty, holds, member, register

INVALID_GRANT = (400, "invalid_grant")


async def test_as_17_a_refresh_token_used_twice_ends_its_family(
    house: House, application: ThirdParty, session: str
) -> None:
    first = await application.tokens(session)
    second = (await application.refresh(first["refresh_token"])).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert await holds(house, second) == 200
    again = await application.refresh(first["refresh_token"])
    assert (again.status_code, again.json()["error"]) == INVALID_GRANT
    assert [await holds(house, tokens) for tokens in (first, second)] == [401, 401]
    assert (await application.refresh(second["refresh_token"])).status_code == 400


async def test_as_17_ten_refreshes_at_once_have_one_winner_and_end_the_family(
    house: House, application: ThirdParty, session: str
) -> None:
    tokens = await application.tokens(session)
    answers = await asyncio.gather(*(application.refresh(tokens["refresh_token"]) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 400: 9}
    (winner,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert await holds(house, winner) == 401
    assert (await application.refresh(winner["refresh_token"])).status_code == 400


async def test_as_18_another_clients_refresh_burns_nothing(house: House, application: ThirdParty, session: str) -> None:
    other = await register(house, Permission.CONTACTS_READ)
    tokens = await application.tokens(session)
    for _ in range(2):
        stolen = await other.refresh(tokens["refresh_token"])
        assert (stolen.status_code, stolen.json()["error"]) == INVALID_GRANT
    assert await holds(house, tokens) == 200
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


async def test_as_18_without_its_authentication_a_client_refreshes_nothing(house: House, falcon: UUID) -> None:
    method = AuthenticationMethod.CLIENT_SECRET_BASIC
    application = await register(house, Permission.CONTACTS_READ, authentication=method)
    tokens = await application.tokens((await member(house, falcon))[1])
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    for client in ({}, {"client_id": application.client_id}):
        answer = await house.http.post("/oauth/token", data=fields | client)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


async def test_as_19_a_refresh_may_ask_for_less_and_later_for_all(
    house: House, application: ThirdParty, session: str
) -> None:
    tokens = await application.tokens(session)
    narrow = (await application.refresh(tokens["refresh_token"], scope="usage:read")).json()
    assert narrow["scope"] == "usage:read"
    assert (await house.who(f"Bearer {narrow['access_token']}")).json()["permissions"] == ["USAGE_READ"]
    wide = (await application.refresh(narrow["refresh_token"])).json()
    assert wide["scope"] == "contacts:read usage:read"


@pytest.mark.parametrize(
    "scope",
    [
        pytest.param("contacts:read usage:read messages:send", id="AS-19 one more"),
        pytest.param("everything", id="AS-19 none that there is"),
        pytest.param(" ", id="AS-19 blank"),
    ],
)
async def test_a_refresh_for_more_is_refused_and_uses_nothing_up(
    application: ThirdParty, session: str, scope: str
) -> None:
    tokens = await application.tokens(session)
    answer = await application.refresh(tokens["refresh_token"], scope=scope)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


async def test_as_20_a_refresh_token_ends_when_it_is_left_alone_for_a_week(
    house: House, application: ThirdParty, session: str
) -> None:
    tokens = await application.tokens(session)
    house.clock.advance(timedelta(days=6))
    tokens = (await application.refresh(tokens["refresh_token"])).json()
    house.clock.advance(timedelta(days=7))
    answer = await application.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == INVALID_GRANT


async def test_as_20_and_with_its_grant_after_thirty_days_whatever_happens(
    house: House, application: ThirdParty, session: str
) -> None:
    tokens = await application.tokens(session)
    for _ in range(5):
        house.clock.advance(timedelta(days=5, hours=23))
        tokens = (await application.refresh(tokens["refresh_token"])).json()
    house.clock.advance(timedelta(hours=5))
    answer = await application.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.json()["error"]) == INVALID_GRANT
