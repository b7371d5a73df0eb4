"""Revocation and introspection: the ids are those of the list of checks."""

import asyncio
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from auth.api_clients import NewApiClient
from auth.oauth.authentication_method import AuthenticationMethod
from auth.permissions import Permission
from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.auth.forge import decoded
from tests.auth.house import House, serve
from tests.auth.oauth.third_party import ThirdParty, member, register

INACTIVE = {"active": False}


@pytest.fixture
async def client(house: House, falcon: UUID) -> NewApiClient:
    return await house.api_client(falcon, Permission.USAGE_READ)


@pytest.fixture
async def application(house: House) -> ThirdParty:
    return await register(house, Permission.USAGE_READ)


@pytest.fixture
async def tokens(house: House, falcon: UUID, application: ThirdParty) -> dict[str, str]:
    return await application.tokens((await member(house, falcon))[1])


async def _post(house: House, path: str, client: NewApiClient, token: str, **fields: str) -> httpx2.Response:
    auth = (client.client_id, client.client_secret)
    return await house.http.post(path, data={"token": token} | fields, auth=auth)


async def _revoke(house: House, client: NewApiClient, token: str, **fields: str) -> httpx2.Response:
    answer = await _post(house, "/oauth/revoke", client, token, **fields)
    assert answer.headers["cache-control"] == "no-store"
    return answer


async def _status(house: House, client: NewApiClient, token: str) -> object:
    answer = await _post(house, "/oauth/introspect", client, token)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    return answer.json()


async def test_as_35_rs_29_a_revoked_access_token_is_refused_at_once(house: House, client: NewApiClient) -> None:
    token, other = await house.token(client), await house.token(client)
    assert (await house.who(f"Bearer {token}")).status_code == 200
    for _ in range(2):
        answer = await _revoke(house, client, token, token_type_hint="a hint that nobody knows")
        assert (answer.status_code, answer.json()) == (200, {})
    refused = await house.who(f"Bearer {token}")
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (await house.who(f"Bearer {other}")).status_code == 200


async def test_rs_19_a_token_is_revoked_by_its_jti_however_it_is_spelt(house: House, client: NewApiClient) -> None:
    token = await house.token(client)
    assert (await _revoke(house, client, f"{token}=")).status_code == 200  # no token of ours, so nothing is revoked
    assert (await house.who(f"Bearer {token}")).status_code == 200
    await _revoke(house, client, token)
    for spelling in (token, f"{token}=", f"{token}=="):
        assert (await house.who(f"Bearer {spelling}")).status_code == 401


async def test_as_35_a_revoked_refresh_token_ends_its_family(
    house: House, application: ThirdParty, tokens: dict[str, str]
) -> None:
    answer = await application.post("/oauth/revoke", token=tokens["refresh_token"], token_type_hint="refresh_token")
    assert (answer.status_code, answer.json()) == (200, {})
    assert (await application.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}
    assert (await house.who(f"Bearer {tokens['access_token']}")).status_code == 401


async def test_as_35_an_access_token_of_a_person_ends_alone(
    house: House, application: ThirdParty, tokens: dict[str, str]
) -> None:
    assert (await application.post("/oauth/revoke", token=tokens["access_token"])).status_code == 200
    assert (await house.who(f"Bearer {tokens['access_token']}")).status_code == 401
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "ä", "\0", "portal_refresh_x", "x" * 5000])
async def test_as_35_an_unknown_token_is_as_good_as_revoked(house: House, client: NewApiClient, token: str) -> None:
    answer = await _revoke(house, client, token)
    assert (answer.status_code, answer.json()) == (200, {})


async def test_as_35_another_clients_token_stays(
    house: House, falcon: UUID, client: NewApiClient, application: ThirdParty, tokens: dict[str, str]
) -> None:
    other = await house.api_client(falcon, Permission.USAGE_READ)
    third = await register(house, Permission.USAGE_READ)
    own = await house.token(client)
    for token in (own, tokens["access_token"], tokens["refresh_token"]):
        assert (await _revoke(house, other, token)).status_code == 200
        assert (await third.post("/oauth/revoke", token=token)).status_code == 200
    assert (await house.who(f"Bearer {own}")).status_code == 200
    assert (await house.who(f"Bearer {tokens['access_token']}")).status_code == 200
    assert (await application.refresh(tokens["refresh_token"])).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
async def test_as_36_nobody_learns_or_ends_anything_unauthenticated(
    house: House, client: NewApiClient, application: ThirdParty, path: str
) -> None:
    token = await house.token(client)
    wrong = (client.client_id, "wrong")
    asked = [
        await house.http.post(path, data={"token": token}),
        await house.http.post(path, data={"token": token}, auth=wrong),
        await house.http.post(path, data={"token": token, "client_id": client.client_id}),
        await house.http.post(path, data={"token": token}, headers={"Authorization": f"Bearer {token}"}),
    ]
    if path == "/oauth/introspect":  # whoever names itself is no resource server
        asked.append(await application.post(path, token=token))
    for answer in asked:
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
        assert answer.headers["www-authenticate"].startswith("Basic")
    assert (await house.who(f"Bearer {token}")).status_code == 200


@pytest.mark.parametrize("path", ["/oauth/revoke", "/oauth/introspect"])
async def test_as_32_a_malformed_request_is_the_clients_fault(house: House, client: NewApiClient, path: str) -> None:
    auth = (client.client_id, client.client_secret)
    statuses = [
        (await house.http.get(path, auth=auth)).status_code,
        (await house.http.post(path, json={"token": "x"}, auth=auth)).status_code,
        (await house.http.post(path, data={}, auth=auth)).status_code,
        (await house.http.post(f"{path}?token=x", data={"token": "x"}, auth=auth)).status_code,
        (await house.http.post(path, data={"token_type_hint": "x"}, auth=auth)).status_code,
        (await house.http.post(path, content="a" * 1_000_000, auth=auth)).status_code,
    ]
    assert statuses == [405, 415, 415, 400, 400, 415]


async def test_as_37_an_api_client_learns_of_its_tenants_tokens(
    house: House, falcon: UUID, client: NewApiClient, tokens: dict[str, str]
) -> None:
    other = await house.api_client(falcon, Permission.USAGE_READ)
    own = await house.token(client)
    told = await _status(house, other, own)
    assert told == {"active": True, "token_type": "Bearer"} | decoded(own.split(".")[1])
    told = await _status(house, client, tokens["access_token"])
    assert told == {"active": True, "token_type": "Bearer"} | {
        name: value for name, value in decoded(tokens["access_token"].split(".")[1]).items() if name != "grant_id"
    }


async def test_as_37_of_anything_else_only_that_it_is_not_active(
    house: House, freestyle: UUID, client: NewApiClient, tokens: dict[str, str]
) -> None:
    stranger = await house.api_client(freestyle, Permission.USAGE_READ)
    own, revoked = await house.token(client), await house.token(client)
    await _revoke(house, client, revoked)
    for asking, token in (
        (stranger, own),
        (stranger, tokens["access_token"]),
        (client, tokens["refresh_token"]),
        (client, revoked),
        (client, f"{own}="),
        (client, "unknown"),
        (client, "\0"),
    ):
        assert await _status(house, asking, token) == INACTIVE
    house.clock.advance(timedelta(minutes=11))
    assert await _status(house, client, own) == INACTIVE


async def test_many_at_once_on_a_cold_process_do_not_wait_for_each_other(
    address: DatabaseAddress, house: House, client: NewApiClient
) -> None:
    token = await house.token(client)
    database = await Database.connect(address, pool_size=2)
    try:
        async with serve(database, house.clock) as cold:
            asked = (_post(cold, path, client, token) for path in ("/oauth/introspect", "/oauth/revoke") * 10)
            answers = await asyncio.wait_for(asyncio.gather(*asked), 20)
    finally:
        await database.close()
    assert {answer.status_code for answer in answers} == {200}


async def test_as_37_a_confidential_application_learns_of_its_own_tokens_alone(house: House, falcon: UUID) -> None:
    method = AuthenticationMethod.CLIENT_SECRET_POST
    first, second = [await register(house, Permission.USAGE_READ, authentication=method) for _ in range(2)]

    async def status(of: ThirdParty, token: str) -> object:
        fields = {"client_id": of.client_id, "client_secret": of.secret or "", "token": token}
        return (await house.http.post("/oauth/introspect", data=fields)).json()

    _, session = await member(house, falcon)
    fields = {
        "grant_type": "authorization_code",
        "code": await first.code(session),
        "redirect_uri": first.redirect_uri,
        "code_verifier": first.verifier,
        "client_id": first.client_id,
        "client_secret": first.secret,
    }
    token = (await house.http.post("/oauth/token", data=fields)).json()["access_token"]
    told = await status(first, token)
    assert isinstance(told, dict)
    assert (told["active"], told["client_id"]) == (True, first.client_id)
    assert await status(second, token) == INACTIVE
