"""The token endpoint, and what others read about it: the ids are those of the list of checks."""

import asyncio
import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote_plus
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio

from auth.api_clients import NewApiClient
from auth.permissions import Permission, TenantRole
from portal.database import DatabaseRole
from tests.auth.house import House, turn_to_a_window
from tests.factories import make_tenant

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture
async def client(house: House, falcon: UUID) -> NewApiClient:
    return await house.api_client(falcon, Permission.MESSAGES_SEND, Permission.USAGE_READ)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_client(shared_house: House) -> NewApiClient:
    tenant = await make_tenant(shared_house.database, shared_house.clock)
    return await shared_house.api_client(tenant, Permission.MESSAGES_SEND, Permission.USAGE_READ)


def _basic(client: NewApiClient) -> tuple[str, str]:
    return client.client_id, client.client_secret


async def test_as_24_a_token_by_basic_is_not_stored_and_comes_alone(house: House, client: NewApiClient) -> None:
    answer = await house.http.post("/oauth/token", data=GRANT, auth=_basic(client))
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    body = answer.json()
    token = body.pop("access_token")
    assert body == {"token_type": "Bearer", "expires_in": 600, "scope": "messages:send usage:read"}
    assert (await house.who(f"Bearer {token}")).json()["permissions"] == ["MESSAGES_SEND", "USAGE_READ"]


async def test_as_27_a_client_proves_itself_in_the_way_it_is_registered_for(
    house: House, falcon: UUID, client: NewApiClient
) -> None:
    in_body = GRANT | {"client_id": client.client_id, "client_secret": client.client_secret}
    for registered, by_basic, by_post in (
        ("CLIENT_SECRET_BASIC", 200, 401),
        ("CLIENT_SECRET_POST", 401, 200),
        ("PRIVATE_KEY_JWT", 401, 401),
    ):
        async with house.database.for_tenant(falcon) as tx:
            await tx.execute("UPDATE api_client SET authentication = $1", registered)
        answers = [
            await house.http.post("/oauth/token", data=GRANT, auth=_basic(client)),
            await house.http.post("/oauth/token", data=in_body),
        ]
        assert [answer.status_code for answer in answers] == [by_basic, by_post]
        assert {answer.json().get("error") for answer in answers if answer.status_code == 401} == {"invalid_client"}


async def test_a_client_may_ask_for_less(house: House, client: NewApiClient) -> None:
    token = await house.token(client, "usage:read")
    assert (await house.who(f"Bearer {token}")).json()["permissions"] == ["USAGE_READ"]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    "scope",
    [
        pytest.param("contacts:read", id="AS-22 not this client's"),
        pytest.param("messages:send contacts:read", id="AS-22 partly this client's"),
        pytest.param("tenants:read", id="AS-22 no machine's"),
        pytest.param("everything", id="AS-22 nobody's"),
        pytest.param("MESSAGES:SEND", id="AS-22 in capitals"),
        pytest.param("messages:send\tusage:read", id="AS-22 parted by a tab"),
        pytest.param(" ", id="AS-22 blank"),
        pytest.param("\0", id="AS-22 a NUL"),
    ],
)
async def test_a_scope_beyond_the_clients_is_refused_whole(
    shared_house: House, shared_client: NewApiClient, scope: str
) -> None:
    answer = await shared_house.http.post("/oauth/token", data=GRANT | {"scope": scope}, auth=_basic(shared_client))
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


async def test_az_11_the_scopes_shrink_with_the_role_of_who_made_the_client(house: House, falcon: UUID) -> None:
    maker = await house.person("dora@example.com", roles={falcon: TenantRole.DEVELOPER})
    client = await house.api_client(falcon, Permission.MESSAGES_SEND, Permission.USAGE_READ, created_by=maker)
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE membership SET role = 'SUPPORT' WHERE person_id = $1", maker)
    answer = await house.http.post("/oauth/token", data=GRANT, auth=_basic(client))
    assert answer.json()["scope"] == "usage:read"
    asked = await house.http.post("/oauth/token", data=GRANT | {"scope": "messages:send"}, auth=_basic(client))
    assert (asked.status_code, asked.json()["error"]) == (400, "invalid_scope")


async def test_as_25_unknown_client_and_wrong_secret_look_the_same(house: House, client: NewApiClient) -> None:
    wrong = await house.http.post("/oauth/token", data=GRANT, auth=(client.client_id, "wrong"))
    unknown = await house.http.post("/oauth/token", data=GRANT, auth=("client_unknown", "wrong"))
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)
    assert _without_date(wrong) == _without_date(unknown)
    assert wrong.json() == {"error": "invalid_client", "error_description": "Client authentication failed."}


async def test_as_29_a_failed_authentication_names_its_way(house: House, client: NewApiClient) -> None:
    answer = await house.http.post("/oauth/token", data=GRANT, auth=(client.client_id, "wrong"))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Basic realm="token endpoint"')


async def test_as_23_a_client_without_a_secret_gets_nothing(house: House, client: NewApiClient) -> None:
    answer = await house.http.post("/oauth/token", data=GRANT | {"client_id": client.client_id})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("extra", "error"),
    [
        pytest.param({"client_secret": "x"}, "invalid_request", id="AS-26 a secret twice"),
        pytest.param({"client_assertion": "x"}, "invalid_request", id="AS-26 an assertion too"),
        pytest.param({"client_id": "another"}, "invalid_request", id="AS-26 another client's name"),
        pytest.param({"grant_type": "password"}, "unsupported_grant_type", id="AS-06 a password"),
        pytest.param({"grant_type": "authorization_code"}, "unauthorized_client", id="AS-23 a code, as a machine"),
        pytest.param({"grant_type": "refresh_token"}, "unauthorized_client", id="AS-23 a refresh token, as a machine"),
        pytest.param({"grant_type": "ä\0"}, "unsupported_grant_type", id="AS-06 letters beyond ASCII"),
        pytest.param({"grant_type": ""}, "invalid_request", id="AS-32 an empty grant type"),
        pytest.param({"resource": "https://other.example.com"}, "invalid_target", id="AS-33 another API"),
    ],
)
async def test_a_token_request_that_breaks_the_rules(
    shared_house: House, shared_client: NewApiClient, extra: dict[str, str], error: str
) -> None:
    answer = await shared_house.http.post("/oauth/token", data=GRANT | extra, auth=_basic(shared_client))
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["cache-control"] == "no-store"


async def test_as_33_a_token_may_be_asked_for_this_very_api(house: House, client: NewApiClient) -> None:
    resource = {"resource": f"{house.public_url}/graphql"}
    assert (await house.http.post("/oauth/token", data=GRANT | resource, auth=_basic(client))).status_code == 200


async def test_as_28_basic_credentials_are_form_encoded(house: House, falcon: UUID) -> None:
    client = await house.api_client(falcon, Permission.USAGE_READ)
    odd = NewApiClient(client.id, "a:b %+ü", client.client_secret)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO api_client_lookup (client_id, tenant_id, api_client_id) VALUES ($1, $2, $3)",
            *(odd.client_id, falcon, odd.id),
        )
    encoded = base64.b64encode(f"{quote_plus(odd.client_id)}:{odd.client_secret}".encode()).decode()
    answer = await house.http.post("/oauth/token", data=GRANT, headers={"Authorization": f"basic {encoded}"})
    assert answer.status_code == 200


FORM = "application/x-www-form-urlencoded"


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("status", "request_parts"),
    [
        pytest.param(405, {"method": "GET"}, id="AS-32 GET"),
        pytest.param(405, {"method": "PUT", "data": GRANT}, id="AS-32 PUT"),
        pytest.param(400, {"params": {"scope": "usage:read"}, "data": GRANT}, id="AS-32 a parameter in the address"),
        pytest.param(415, {"json": GRANT}, id="AS-32 JSON"),
        pytest.param(415, {"content": "grant_type=x", "type": "text/plain"}, id="AS-32 plain text"),
        pytest.param(415, {"content": "grant_type=x"}, id="AS-32 no type"),
        pytest.param(415, {"files": {"grant_type": b"client_credentials"}}, id="AS-32 multipart"),
        pytest.param(400, {"content": "grant_type=a&grant_type=b", "type": FORM}, id="AS-32 a repeated parameter"),
        pytest.param(400, {"content": "grant_type=%zz", "type": FORM}, id="AS-32 a broken escape"),
        pytest.param(400, {"content": "grant_type=%ff", "type": FORM}, id="AS-32 escaped bytes that are not UTF-8"),
        pytest.param(400, {"content": b"grant_type=\xff", "type": FORM}, id="AS-32 bytes that are not UTF-8"),
        pytest.param(400, {"content": "a=1&" * 1000, "type": FORM}, id="AS-32 a thousand parameters"),
        pytest.param(400, {"content": "", "type": FORM}, id="AS-32 an empty body"),
        pytest.param(413, {"content": "a" * 1_000_000, "type": FORM}, id="AS-32 a megabyte"),
        pytest.param(401, {"data": GRANT, "authorization": "Basic"}, id="AS-32 Basic without credentials"),
        pytest.param(401, {"data": GRANT, "authorization": "Basic !!!"}, id="AS-32 Basic that is no base64"),
        pytest.param(401, {"data": GRANT, "authorization": "Basic /w=="}, id="AS-32 Basic that is not UTF-8"),
        pytest.param(401, {"data": GRANT, "authorization": "Basic YQ=="}, id="AS-32 Basic without a colon"),
        pytest.param(401, {"data": GRANT, "authorization": "Basic JWZmOiVmZg=="}, id="AS-32 Basic with broken escapes"),
        pytest.param(401, {"data": GRANT, "authorization": "Basic JTAwOiUwMA=="}, id="AS-32 Basic with NULs"),
        pytest.param(401, {"data": GRANT, "authorization": "Bearer x"}, id="AS-32 Bearer"),
        pytest.param(401, {"data": GRANT | {"client_id": "\0", "client_secret": "\0"}}, id="AS-32 NULs"),
    ],
)
async def test_a_malformed_token_request_is_the_clients_fault(
    shared_house: House, status: int, request_parts: dict[str, Any]
) -> None:
    parts = {"method": "POST"} | request_parts
    headers = {"Content-Type": parts.pop("type", None), "Authorization": parts.pop("authorization", None)}
    sent = {name: value for name, value in headers.items() if value is not None}
    answer = await shared_house.http.request(url="/oauth/token", headers=sent, **parts)
    assert answer.status_code == status
    assert "access_token" not in answer.text


async def test_as_34_guessing_is_slowed_down_and_others_go_on(house: House, falcon: UUID, client: NewApiClient) -> None:
    turn_to_a_window(house.clock)
    other = await house.api_client(falcon, Permission.USAGE_READ)
    statuses = [
        (await house.http.post("/oauth/token", data=GRANT, auth=(client.client_id, "wrong"))).status_code
        for _ in range(11)
    ]
    assert statuses == [401] * 10 + [429]
    right = await house.http.post("/oauth/token", data=GRANT, auth=_basic(client))
    assert (right.status_code, right.headers["retry-after"]) == (429, "900")
    await house.token(other)
    house.clock.advance(timedelta(minutes=15))
    await house.token(client)


async def test_as_34_a_client_may_come_with_many_requests_at_once(house: House, client: NewApiClient) -> None:
    asked = (house.http.post("/oauth/token", data=GRANT, auth=_basic(client)) for _ in range(30))
    assert {answer.status_code for answer in await asyncio.gather(*asked)} == {200}


async def test_rs_29_a_disabled_client_is_nobody_at_once(house: House, falcon: UUID, client: NewApiClient) -> None:
    token = await house.token(client)
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client SET disabled_at = $1", house.clock.now())
    answer = await house.who(f"Bearer {token}")
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer error="invalid_token"')
    assert (await house.http.post("/oauth/token", data=GRANT, auth=_basic(client))).status_code == 401


async def test_tn_16_a_closed_tenants_clients_are_nobody(house: House, falcon: UUID, client: NewApiClient) -> None:
    token = await house.token(client)
    async with house.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", falcon)
    assert (await house.who(f"Bearer {token}")).status_code == 401
    assert (await house.http.post("/oauth/token", data=GRANT, auth=_basic(client))).status_code == 401


async def test_an_expired_secret_is_a_wrong_one(house: House, falcon: UUID, client: NewApiClient) -> None:
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client_secret SET expires_at = $1", house.clock.now())
    assert (await house.http.post("/oauth/token", data=GRANT, auth=_basic(client))).status_code == 401


async def test_as_49_secrets_are_stored_as_hashes(house: House, falcon: UUID, client: NewApiClient) -> None:
    async with house.database.for_tenant(falcon) as tx:
        rows = [
            str(dict(row)) for table in ("api_client", "api_client_secret") for row in await tx.rows(f"TABLE {table}")
        ]
    assert len(rows) == 2
    assert not any(client.client_secret in row for row in rows)
    assert f"'hint': '{client.client_secret[-4:]}'" in rows[1]


async def test_as_39_the_published_keys_hold_nothing_private(house: House) -> None:
    answer = await house.http.get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
    assert answer.headers["cache-control"] == "public, max-age=60"


async def test_as_50_the_issuer_is_configured_not_claimed(house: House, client: NewApiClient) -> None:
    spoofed = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "https"}
    answer = await house.http.post("/oauth/token", data=GRANT, auth=_basic(client), headers=spoofed)
    assert (await house.who(f"Bearer {answer.json()['access_token']}")).status_code == 200


def _without_date(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "date"}
