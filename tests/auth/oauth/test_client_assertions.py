"""Clients that prove themselves with their own key (RFC 7523): the ids are those of the list of checks."""

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from auth.api_clients import ApiClientTerms, ClientAuthentication, add_api_client
from auth.permissions import Permission
from auth.public_keys import read_public_keys
from portal.database import DatabaseRole
from tests.auth.forge import encoded
from tests.auth.house import House

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ANY = ["ES256", "RS256", "Ed25519", "HS256"]


@dataclass
class KeyHolder:
    """A machine with a key of its own."""

    house: House
    client_id: str
    key: Key
    alg: str

    def claims(self, **changes: Any) -> dict[str, Any]:
        """The claims of a right assertion, with changes (None: without)."""
        now = int(self.house.clock.now().timestamp())
        usual = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": self.house.public_url,
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(8),
        }
        return {name: value for name, value in (usual | changes).items() if value is not None}

    def assertion(self, key: Key | None = None, header: dict[str, Any] | None = None, **changes: Any) -> str:
        """An assertion, signed."""
        told: dict[str, Any] = {"alg": self.alg, "kid": self.key.kid} | (header or {})
        parts = {name: value for name, value in told.items() if value is not None}
        registry = jws.JWSRegistry(algorithms=_ANY, strict_check_header=False)
        return jwt.encode(parts, self.claims(**changes), key or self.key, registry=registry)

    async def token(self, assertion: str, **fields: str) -> httpx2.Response:
        """Ask for a token with it."""
        usual = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion,
        }
        return await self.house.http.post("/oauth/token", data=usual | fields)


async def _holder(house: House, tenant_id: UUID, key: Key, alg: str = "ES256") -> KeyHolder:
    keys = read_public_keys({"keys": [key.as_dict(private=False)]})
    terms = ApiClientTerms(
        "Shop system", frozenset({Permission.USAGE_READ}), None, ClientAuthentication.PRIVATE_KEY_JWT, keys
    )
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        added = await add_api_client(tx, house.clock.now(), tenant_id, terms)
    return KeyHolder(house, added.client_id, key, alg)


@pytest.fixture
async def holder(house: House, falcon: UUID) -> KeyHolder:
    return await _holder(house, falcon, ECKey.generate_key("P-256", auto_kid=True))


@pytest.mark.parametrize(
    ("alg", "make"),
    [
        pytest.param("ES256", lambda: ECKey.generate_key("P-256", auto_kid=True), id="AS-30 taken: ES256"),
        pytest.param("RS256", lambda: RSAKey.generate_key(2048, auto_kid=True), id="AS-30 taken: RS256"),
        pytest.param("Ed25519", lambda: OKPKey.generate_key("Ed25519", auto_kid=True), id="AS-30 taken: Ed25519"),
    ],
)
async def test_a_machine_proves_itself_with_its_key(
    house: House, falcon: UUID, alg: str, make: Callable[[], Key]
) -> None:
    holder = await _holder(house, falcon, make(), alg)
    answer = await holder.token(holder.assertion())
    assert (answer.status_code, answer.json().get("scope")) == (200, "usage:read")
    assert (await house.who(f"Bearer {answer.json()['access_token']}")).json()["permissions"] == ["USAGE_READ"]


async def test_the_token_endpoint_is_an_audience_too_and_a_kid_may_be_missing(holder: KeyHolder) -> None:
    endpoint = f"{holder.house.public_url}/oauth/token"
    assert (await holder.token(holder.assertion(aud=endpoint))).status_code == 200
    assert (await holder.token(holder.assertion(aud=[endpoint], header={"kid": None}))).status_code == 200
    typed = holder.assertion(header={"typ": "client-authentication+jwt"})
    assert (await holder.token(typed, client_id=holder.client_id)).status_code == 200


def _raw(holder: KeyHolder, header: bytes, **changes: Any) -> str:
    return f"{encoded(header)}.{encoded(json.dumps(holder.claims(**changes)).encode())}."


def _with_own_key(holder: KeyHolder) -> str:
    own = ECKey.generate_key("P-256")
    return holder.assertion(own, header={"kid": None, "jwk": own.as_dict(private=False)})


Spoil = Callable[[KeyHolder], str]
REFUSED: list[tuple[str, Spoil]] = [
    ("AS-30 for another server", lambda holder: holder.assertion(aud="https://other.example.com")),
    ("AS-30 for us and another", lambda holder: holder.assertion(aud=[holder.house.public_url, "https://other"])),
    ("AS-30 for the API", lambda holder: holder.assertion(aud=f"{holder.house.public_url}/graphql")),
    ("AS-30 for nobody", lambda holder: holder.assertion(aud=None)),
    ("AS-30 expired", lambda holder: holder.assertion(exp=holder.claims()["iat"] - 31)),
    ("AS-30 no expiry", lambda holder: holder.assertion(exp=None)),
    ("AS-30 an expiry as text", lambda holder: holder.assertion(exp="soon")),
    ("AS-30 good for too long", lambda holder: holder.assertion(exp=holder.claims()["iat"] + 331)),
    ("AS-30 good for ever", lambda holder: holder.assertion(exp=1e300)),
    ("AS-30 not good yet", lambda holder: holder.assertion(nbf=holder.claims()["iat"] + 60)),
    ("AS-30 another issuer", lambda holder: holder.assertion(iss="client_other")),
    ("AS-30 no issuer", lambda holder: holder.assertion(iss=None)),
    ("AS-30 another subject", lambda holder: holder.assertion(sub="client_other")),
    ("AS-30 a subject that is a list", lambda holder: holder.assertion(sub=[holder.client_id])),
    ("AS-30 a subject that is half a character", lambda holder: _raw(holder, b'{"alg":"ES256"}', sub="\ud800")),
    ("AS-30 no jti", lambda holder: holder.assertion(jti=None)),
    ("AS-30 a jti that is a number", lambda holder: holder.assertion(jti=7)),
    ("AS-30 a jti with a NUL", lambda holder: holder.assertion(jti="\0")),
    ("AS-30 a jti beyond measure", lambda holder: holder.assertion(jti="x" * 201)),
    ("AS-30 no signature", lambda holder: _raw(holder, b'{"alg":"none"}')),
    ("AS-30 a shared secret", lambda holder: holder.assertion(OctKey.import_key("s" * 32), header={"alg": "HS256"})),
    ("AS-30 an unknown key", lambda holder: holder.assertion(header={"kid": "unknown"})),
    ("AS-30 another key of that name", lambda holder: holder.assertion(ECKey.generate_key("P-256"))),
    ("AS-30 a key in the header", _with_own_key),
    ("AS-30 an access token's type", lambda holder: holder.assertion(header={"typ": "at+jwt"})),
    ("AS-30 a critical header", lambda holder: _raw(holder, b'{"alg":"ES256","crit":["x"],"x":1}')),
    ("AS-30 too large", lambda holder: holder.assertion(x="x" * 4096)),
    ("AS-30 no JWT", lambda _: "a.b.c"),
    ("AS-30 beyond ASCII", lambda _: "ä.ö.ü"),
]


@pytest.mark.parametrize("spoil", [pytest.param(spoil, id=name) for name, spoil in REFUSED])
async def test_a_bad_assertion_proves_nobody(holder: KeyHolder, spoil: Spoil) -> None:
    answer = await holder.token(spoil(holder))
    assert (answer.status_code, answer.json()) == (
        401,
        {"error": "invalid_client", "error_description": "Client authentication failed."},
    )
    async with holder.house.database.as_role(DatabaseRole.AUTH) as tx:
        assert await tx.value("SELECT count(*) FROM used_assertion") == 0
    assert (await holder.token(holder.assertion())).status_code == 200


async def test_as_30_an_assertion_is_good_once(holder: KeyHolder) -> None:
    assertion = holder.assertion()
    assert [(await holder.token(assertion)).status_code for _ in range(2)] == [200, 401]


async def test_as_30_of_ten_at_once_one_is_the_first(holder: KeyHolder) -> None:
    assertion = holder.assertion()
    answers = await asyncio.gather(*(holder.token(assertion) for _ in range(10)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 401: 9}


async def test_as_30_the_key_of_another_client_proves_nobody(house: House, falcon: UUID, holder: KeyHolder) -> None:
    other = await _holder(house, falcon, ECKey.generate_key("P-256", auto_kid=True))
    assert (await holder.token(holder.assertion(other.key, header={"kid": other.key.kid}))).status_code == 401
    assert (await other.token(other.assertion())).status_code == 200


async def test_as_31_a_client_without_keys_is_refused(house: House, falcon: UUID, holder: KeyHolder) -> None:
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client SET public_keys = NULL")
    answer = await holder.token(holder.assertion())
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    by_secret = await house.api_client(falcon, Permission.USAGE_READ)
    named = holder.assertion(iss=by_secret.client_id, sub=by_secret.client_id)
    assert (await holder.token(named)).status_code == 401


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param({"client_assertion_type": "saml2-bearer"}, 401, id="AS-30 another type of assertion"),
        pytest.param({"client_id": "client_other"}, 400, id="AS-26 another client's name"),
        pytest.param({"client_secret": "x"}, 400, id="AS-26 a secret too"),
    ],
)
async def test_what_contradicts_the_assertion_is_refused(
    holder: KeyHolder, fields: dict[str, str], status: int
) -> None:
    assert (await holder.token(holder.assertion(), **fields)).status_code == status


async def test_as_26_basic_and_an_assertion_are_two_ways(holder: KeyHolder) -> None:
    answer = await holder.house.http.post(
        "/oauth/token",
        data={
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": holder.assertion(),
        },
        auth=(holder.client_id, "x"),
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_client_ends_at_its_expiry_with_all_of_its_tokens(
    house: House, falcon: UUID, holder: KeyHolder
) -> None:
    token = (await holder.token(holder.assertion())).json()["access_token"]
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client SET expires_at = $1", house.clock.now() + timedelta(minutes=1))
    assert (await house.who(f"Bearer {token}")).status_code == 200
    house.clock.advance(timedelta(minutes=1))
    assert (await house.who(f"Bearer {token}")).status_code == 401
    assert (await holder.token(holder.assertion())).status_code == 401


async def test_the_last_use_is_written_down_at_most_once_a_minute(
    house: House, falcon: UUID, holder: KeyHolder
) -> None:
    async def last_used() -> object:
        async with house.database.for_tenant(falcon, read_only=True) as tx:
            return await tx.value("SELECT last_used_at FROM api_client")

    assert (await holder.token(holder.assertion(aud="x"))).status_code == 401
    assert await last_used() is None
    first = house.clock.now()
    await holder.token(holder.assertion())
    house.clock.advance(timedelta(seconds=59))
    await holder.token(holder.assertion())
    assert await last_used() == first
    house.clock.advance(timedelta(seconds=1))
    await holder.token(holder.assertion())
    assert await last_used() == first + timedelta(minutes=1)
