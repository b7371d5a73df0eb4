"""What the API takes as an access token, and all that it does not: the ids are those of the list of checks."""

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from auth.api_clients import NewApiClient
from auth.permissions import Permission
from portal.database import DatabaseRole
from tests.auth.house import House

ANY_HEADER = jws.JWSRegistry(algorithms=["ES256", "HS256", "RS256", "none"], strict_check_header=False)
INVALID = 'Bearer error="invalid_token"'


@dataclass(frozen=True, slots=True)
class Forge:
    """A valid token's parts, to be spoilt one at a time."""

    header: dict[str, Any]
    claims: dict[str, Any]
    key: ECKey

    def token(self, key: Any = None, payload: bytes | None = None, **header: Any) -> str:
        """A token with other headers (None: without), payload or key."""
        parts = {name: value for name, value in (self.header | header).items() if value is not None}
        body = json.dumps(self.claims).encode() if payload is None else payload
        return jws.serialize_compact(parts, body, key or self.key, registry=ANY_HEADER)

    def saying(self, **claims: Any) -> str:
        """A token with other claims (None: without)."""
        parts = {name: value for name, value in (self.claims | claims).items() if value is not None}
        return self.token(payload=json.dumps(parts).encode())


Spoil = Callable[[Forge], str]


@pytest.fixture
async def client(house: House, falcon: UUID) -> NewApiClient:
    return await house.api_client(falcon, Permission.MESSAGES_SEND, Permission.USAGE_READ)


@pytest.fixture
async def forge(house: House, client: NewApiClient) -> Forge:
    header, claims, _ = (await house.token(client)).split(".")
    return Forge(_decoded(header), _decoded(claims), await house.services.keys.current())


def _decoded(segment: str) -> dict[str, Any]:
    parts: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return parts


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _unsigned(forge: Forge, alg: str) -> str:
    return _raw(forge, json.dumps(forge.header | {"alg": alg}).encode())


def _raw(forge: Forge, header: bytes) -> str:
    return f"{_encoded(header)}.{_encoded(json.dumps(forge.claims).encode())}."


def _attackers() -> ECKey:
    return ECKey.generate_key("P-256")


def _with_public_key_as_secret(forge: Forge) -> str:
    signed, _, _ = _unsigned(forge, "HS256").rpartition(".")
    mac = hmac.new(forge.key.as_bytes("PEM", private=False), signed.encode(), "sha256")
    return f"{signed}.{_encoded(mac.digest())}"


def _other_payload(forge: Forge) -> str:
    header, _, signature = forge.token().split(".")
    return f"{header}.{_encoded(json.dumps(forge.claims | {'scope': 'tenants:read'}).encode())}.{signature}"


def _id_token(forge: Forge) -> str:
    return forge.token(typ="JWT")


async def test_the_token_that_is_spoilt_below_is_valid(house: House, forge: Forge, client: NewApiClient) -> None:
    answer = await house.who(f"Bearer {forge.token()}")
    assert (answer.status_code, answer.json()["key"]) == (200, f"api_client:{client.id}")
    assert answer.json()["permissions"] == ["MESSAGES_SEND", "USAGE_READ"]
    assert set(forge.claims) == {"iss", "aud", "sub", "client_id", "tenant_id", "scope", "iat", "exp", "jti"}
    assert forge.header == {"alg": "ES256", "typ": "at+jwt", "kid": forge.key.kid}
    assert forge.claims["exp"] - forge.claims["iat"] == 600


REFUSED: list[tuple[str, Spoil]] = [
    ("RS-02 no signature", lambda forge: _unsigned(forge, "none")),
    ("RS-02 no signature, other case", lambda forge: _unsigned(forge, "nOnE")),
    ("RS-02 no signature, right algorithm", lambda forge: _unsigned(forge, "ES256")),
    ("RS-03 the public key as a shared secret", _with_public_key_as_secret),
    ("RS-03 another algorithm", lambda forge: forge.token(RSAKey.generate_key(2048), alg="RS256")),
    ("RS-04 another key of the same name", lambda forge: forge.token(_attackers())),
    ("RS-05 a key in the header", lambda forge: forge.token(key := _attackers(), jwk=key.as_dict(private=False))),
    ("RS-05 our own key in the header", lambda forge: forge.token(jwk=forge.key.as_dict(private=False))),
    ("RS-06 an address of keys", lambda forge: forge.token(_attackers(), jku="http://127.0.0.1:9/jwks")),
    ("RS-06 an address of certificates", lambda forge: forge.token(_attackers(), x5u="http://127.0.0.1:9/x")),
    ("RS-07 a path as the key's name", lambda forge: forge.token(_attackers(), kid="../../etc/passwd")),
    ("RS-07 SQL as the key's name", lambda forge: forge.token(_attackers(), kid="' or 1=1")),
    ("RS-07 a NUL in the key's name", lambda forge: forge.token(_attackers(), kid="\0")),
    ("RS-07 a number as the key's name", lambda forge: _raw(forge, b'{"alg":"ES256","typ":"at+jwt","kid":1}')),
    ("RS-07 a list as the key's name", lambda forge: _raw(forge, b'{"alg":"ES256","typ":"at+jwt","kid":[]}')),
    ("RS-08 an unknown critical header", lambda forge: _raw(forge, b'{"alg":"ES256","crit":["x"],"x":1}')),
    ("RS-08 a payload that is not encoded", lambda forge: _raw(forge, b'{"alg":"ES256","crit":["b64"],"b64":false}')),
    ("RS-09 no type", lambda forge: forge.token(typ=None)),
    ("RS-10 an ID token", _id_token),
    ("RS-11 a logout token", lambda forge: forge.token(typ="logout+jwt")),
    ("RS-11 a DPoP proof", lambda forge: forge.token(typ="dpop+jwt")),
    ("RS-11 an identity assertion", lambda forge: forge.token(typ="oauth-id-jag+jwt")),
    ("RS-12 for another API", lambda forge: forge.saying(aud="https://other.example.com/graphql")),
    ("RS-12 for the client itself", lambda forge: forge.saying(aud=forge.claims["client_id"])),
    ("RS-12 for nobody", lambda forge: forge.saying(aud=None)),
    ("RS-12 for an empty list", lambda forge: forge.saying(aud=[])),
    ("RS-12 for a list without us", lambda forge: forge.saying(aud=["https://other.example.com"])),
    ("RS-12 for an object", lambda forge: forge.saying(aud={forge.claims["aud"]: 1})),
    ("RS-14 another issuer", lambda forge: forge.saying(iss="https://other.example.com")),
    ("RS-14 no issuer", lambda forge: forge.saying(iss=None)),
    ("RS-14 the issuer with a slash", lambda forge: forge.saying(iss=forge.claims["iss"] + "/")),
    ("RS-14 the issuer in capitals", lambda forge: forge.saying(iss=forge.claims["iss"].upper())),
    ("RS-14 a list of issuers", lambda forge: forge.saying(iss=[forge.claims["iss"]])),
    ("RS-15 expired", lambda forge: forge.saying(exp=forge.claims["iat"] - 31)),
    ("RS-15 no expiry", lambda forge: forge.saying(exp=None)),
    ("RS-15 an expiry as text", lambda forge: forge.saying(exp=str(forge.claims["exp"]))),
    ("RS-15 an expiry beyond numbers", lambda forge: forge.saying(exp=float("inf"))),
    ("RS-15 an expiry that is no number", lambda forge: forge.saying(exp=float("nan"))),
    ("RS-16 not valid yet", lambda forge: forge.saying(nbf=forge.claims["iat"] + 60)),
    ("RS-16 issued in the future", lambda forge: forge.saying(iat=forge.claims["iat"] + 60)),
    ("RS-17 no subject", lambda forge: forge.saying(sub=None)),
    ("RS-17 an empty subject", lambda forge: forge.saying(sub="")),
    ("RS-17 no client", lambda forge: forge.saying(client_id=None)),
    ("RS-17 a client that is no text", lambda forge: forge.saying(client_id=7)),
    ("RS-17 no jti", lambda forge: forge.saying(jti=None)),
    ("RS-17 no iat", lambda forge: forge.saying(iat=None)),
    ("RS-17 no scope", lambda forge: forge.saying(scope=None)),
    ("RS-18 a changed payload", _other_payload),
    ("RS-18 a shorter signature", lambda forge: forge.token()[:-2]),
    ("RS-18 a longer signature", lambda forge: forge.token() + "AA"),
    ("RS-19 padding", lambda forge: forge.token() + "=="),
    ("RS-20 a payload that is a list", lambda forge: forge.token(payload=b"[]")),
    ("RS-20 a payload that is not JSON", lambda forge: forge.token(payload=b"{")),
    ("RS-20 a payload that is not UTF-8", lambda forge: forge.token(payload=b'{"a":"\xff"}')),
    ("RS-20 a payload nested deeply", lambda forge: forge.token(payload=b"[" * 2000)),
    ("RS-20 a header nested deeply", lambda forge: _raw(forge, b"[" * 2000)),
    ("RS-20 a header that is a list", lambda forge: _raw(forge, b'["alg","typ","kid"]')),
    ("RS-20 a header that is text", lambda forge: _raw(forge, b'"alg b64"')),
    ("RS-20 a header that is a number", lambda forge: _raw(forge, b"1")),
    ("RS-20 five parts", lambda _: "a.b.c.d.e"),
    ("RS-20 three letters", lambda _: "a.b.c"),
    ("RS-20 letters beyond ASCII", lambda _: "ä.ö.ü"),
    ("RS-21 16 KB", lambda forge: forge.saying(x="x" * 16_000)),
    ("RS-23 no key's name", lambda forge: forge.token(kid=None)),
    ("RS-33 bound to a key", lambda forge: forge.saying(cnf={"jkt": "x"})),
    ("RS-35 a person's id as subject", lambda forge: forge.saying(sub=str(uuid4()))),
    ("RS-35 a client that is none", lambda forge: forge.saying(sub=f"client:{uuid4()}")),
    ("TN-06 no tenant", lambda forge: forge.saying(tenant_id=None)),
    ("TN-06 no tenant's id", lambda forge: forge.saying(tenant_id="all")),
    ("TN-04 another tenant", lambda forge: forge.saying(tenant_id=str(uuid4()))),
]


@pytest.mark.parametrize("spoil", [pytest.param(spoil, id=name) for name, spoil in REFUSED])
async def test_a_bad_token_is_refused_without_a_reason(house: House, forge: Forge, spoil: Spoil) -> None:
    answer = await house.http.post(
        "/graphql", json={}, headers={b"Authorization": f"Bearer {spoil(forge)}".encode("latin-1")}
    )
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, INVALID)
    message = "The access token is not valid."
    assert answer.json() == {"errors": [{"message": message, "extensions": {"code": "UNAUTHENTICATED"}}]}


@pytest.mark.parametrize(
    "valid",
    [
        pytest.param(lambda forge: forge.saying(aud=["https://other", forge.claims["aud"]]), id="RS-13 a list with us"),
        pytest.param(lambda forge: forge.saying(exp=forge.claims["iat"] - 29), id="RS-15 within the leeway"),
        pytest.param(lambda forge: forge.saying(iat=forge.claims["iat"] + 29), id="RS-16 within the leeway"),
        pytest.param(lambda forge: forge.token(typ="application/at+jwt"), id="RS-09 the long type"),
    ],
)
async def test_a_token_within_the_rules_is_taken(house: House, forge: Forge, valid: Spoil) -> None:
    assert (await house.who(f"Bearer {valid(forge)}")).status_code == 200


async def test_rs_21_a_token_of_a_megabyte_is_refused_before_any_work(house: House) -> None:
    assert (await house.who("Bearer " + "a" * 1_000_000)).status_code in {400, 401, 431}


async def test_rs_22_a_key_meant_for_encryption_signs_nothing(house: House, forge: Forge) -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    await _publish(house, ECKey.import_key(key.as_dict(private=False), {"use": "enc"}))
    house.clock.advance(timedelta(seconds=5))
    assert (await house.who(f"Bearer {forge.token(key, kid=key.kid)}")).status_code == 401


async def test_rs_24_a_new_key_is_found_at_once_and_the_old_one_goes_on(house: House, forge: Forge) -> None:
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    house.clock.advance(timedelta(seconds=5))
    await _publish(house, key := ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True))
    assert (await house.who(f"Bearer {forge.token(key, kid=key.kid)}")).status_code == 200
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200


async def test_rs_25_a_withdrawn_keys_tokens_are_refused_within_a_minute(house: House, forge: Forge) -> None:
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE signing_key SET retired_at = $1", house.clock.now() - timedelta(hours=1))
    house.clock.advance(timedelta(minutes=1))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 401


async def test_a_retired_key_is_believed_as_long_as_its_last_token_lives(
    house: House, forge: Forge, client: NewApiClient
) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE signing_key SET retired_at = $1", house.clock.now())
    house.clock.advance(timedelta(minutes=9))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    fresh = await house.token(client)
    assert _decoded(fresh.partition(".")[0])["kid"] != forge.key.kid
    assert (await house.who(f"Bearer {fresh}")).status_code == 200
    assert len((await house.http.get("/.well-known/jwks.json")).json()["keys"]) == 2
    house.clock.advance(timedelta(minutes=2))
    assert len((await house.http.get("/.well-known/jwks.json")).json()["keys"]) == 1


async def test_an_expired_token_is_refused(house: House, forge: Forge) -> None:
    house.clock.advance(timedelta(minutes=10, seconds=29))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 401


async def _publish(house: House, key: ECKey) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO signing_key (kid, public_jwk, private_key, created_at) VALUES ($1, $2, '', $3)",
            *(key.kid, json.dumps(key.as_dict(private=False)), house.clock.now() - timedelta(days=1)),
        )
