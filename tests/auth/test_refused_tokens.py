"""All that the API does not take as an access token: the ids are those of the list of checks."""

import asyncio
import hmac
import json
from collections.abc import Callable
from uuid import uuid4

import pytest
import pytest_asyncio
from joserfc.jwk import ECKey, RSAKey

from auth.permissions import Permission
from tests.auth.forge import Forge, encoded
from tests.auth.house import House
from tests.factories import make_tenant

pytestmark = pytest.mark.asyncio(loop_scope="module")
INVALID = 'Bearer error="invalid_token"'

Spoil = Callable[[Forge], str]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def forge(shared_house: House) -> Forge:
    tenant = await make_tenant(shared_house.database, shared_house.clock)
    client = await shared_house.api_client(tenant, Permission.MESSAGES_SEND, Permission.USAGE_READ)
    return Forge.of(await shared_house.token(client), await shared_house.services.keys.current())


def _unsigned(forge: Forge, alg: str) -> str:
    return _raw(forge, json.dumps(forge.header | {"alg": alg}).encode())


def _raw(forge: Forge, header: bytes) -> str:
    return f"{encoded(header)}.{encoded(json.dumps(forge.claims).encode())}."


def _attackers() -> ECKey:
    return ECKey.generate_key("P-256")


def _with_public_key_as_secret(forge: Forge) -> str:
    signed, _, _ = _unsigned(forge, "HS256").rpartition(".")
    mac = hmac.new(forge.key.as_bytes("PEM", private=False), signed.encode(), "sha256")
    return f"{signed}.{encoded(mac.digest())}"


def _other_payload(forge: Forge) -> str:
    header, _, signature = forge.token().split(".")
    return f"{header}.{encoded(json.dumps(forge.claims | {'scope': 'tenants:read'}).encode())}.{signature}"


def _of_another_issuer(forge: Forge) -> str:
    other = _attackers()
    payload = json.dumps(forge.claims | {"iss": "https://other.example.com"}).encode()
    return forge.token(other, payload, kid=other.thumbprint())


def _with_modulus_as_secret(forge: Forge) -> str:
    signed, _, _ = _unsigned(forge, "HS256").rpartition(".")
    mac = hmac.new(str(forge.key.as_dict(private=False)["x"]).encode(), signed.encode(), "sha256")
    return f"{signed}.{encoded(mac.digest())}"


def _client_assertion(forge: Forge) -> str:
    """What a machine proves itself with, signed by our own key at that."""
    client_id, exp = forge.claims["client_id"], forge.claims["exp"]
    claims = {"iss": client_id, "sub": client_id, "jti": "x", "exp": exp}
    return forge.token(payload=json.dumps(claims).encode(), typ="client-authentication+jwt")


def _id_token(forge: Forge) -> str:
    return forge.token(typ="JWT")


async def test_the_token_that_is_spoilt_below_is_valid(shared_house: House, forge: Forge) -> None:
    answer = await shared_house.who(f"Bearer {forge.token()}")
    assert (answer.status_code, answer.json()["key"]) == (200, "api_" + forge.claims["sub"])
    assert answer.json()["permissions"] == ["MESSAGES_SEND", "USAGE_READ"]
    assert set(forge.claims) == {"iss", "aud", "sub", "client_id", "tenant_id", "scope", "iat", "exp", "jti"}
    assert forge.header == {"alg": "ES256", "typ": "at+jwt", "kid": forge.key.kid}
    assert forge.claims["exp"] - forge.claims["iat"] == 600


REFUSED: list[tuple[str, Spoil]] = [
    ("RS-02 no signature", lambda forge: _unsigned(forge, "none")),
    ("RS-02 no signature, other case", lambda forge: _unsigned(forge, "nOnE")),
    ("RS-02 no signature, right algorithm", lambda forge: _unsigned(forge, "ES256")),
    ("RS-03 the public key as a shared secret", _with_public_key_as_secret),
    ("RS-03 a coordinate as a shared secret", _with_modulus_as_secret),
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
    ("RS-11 a client's assertion", _client_assertion),
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
    ("RS-36 the same subject of another issuer", _of_another_issuer),
    ("RS-35 a person's id as subject", lambda forge: forge.saying(sub=str(uuid4()))),
    ("RS-35 a client that is none", lambda forge: forge.saying(sub=f"client:{uuid4()}")),
    ("TN-06 no tenant", lambda forge: forge.saying(tenant_id=None)),
    ("TN-06 no tenant's id", lambda forge: forge.saying(tenant_id="all")),
    ("TN-04 another tenant", lambda forge: forge.saying(tenant_id=str(uuid4()))),
]


@pytest.mark.parametrize("spoil", [pytest.param(spoil, id=name) for name, spoil in REFUSED])
async def test_a_bad_token_is_refused_without_a_reason(shared_house: House, forge: Forge, spoil: Spoil) -> None:
    answer = await shared_house.http.post(
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
async def test_a_token_within_the_rules_is_taken(shared_house: House, forge: Forge, valid: Spoil) -> None:
    assert (await shared_house.who(f"Bearer {valid(forge)}")).status_code == 200


async def test_rs_06_no_address_in_a_header_is_ever_looked_up(shared_house: House, forge: Forge) -> None:
    called: list[object] = []

    async def called_upon(*connection: object) -> None:
        called.append(connection)

    async with await asyncio.start_server(called_upon, "127.0.0.1", 0) as attacker:
        port = attacker.sockets[0].getsockname()[1]
        keys = f"http://127.0.0.1:{port}/keys"
        for token in (forge.token(_attackers(), jku=keys), forge.token(_attackers(), x5u=keys)):
            assert (await shared_house.who(f"Bearer {token}")).status_code == 401
    assert called == []


async def test_rs_21_a_token_of_a_megabyte_is_refused_before_any_work(shared_house: House) -> None:
    assert (await shared_house.who("Bearer " + "a" * 1_000_000)).status_code in {400, 401, 431}
