"""Access tokens: JWTs by RFC 9068, issued here, and the one validator of them."""

import json
import logging
import secrets
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from auth.keys import LEEWAY, TOKEN_LIFETIME, SigningKeys
from auth.permissions import Permission, permissions_named
from portal.clock import Clock

ALGORITHM = "ES256"
LONGEST_TOKEN = 4096  # looked at before any cryptography
_MOST_PROVEN = 1000  # tokens whose signature need not be checked again: it costs more than a small query
_CLIENT = "client:"  # people's subjects begin otherwise, so that no machine is ever taken for a person
_HEADERS = {"alg", "typ", "kid"}  # by name: a key in the header (jwk, jku, x5u) or a crit is never looked at
_OWN_CLAIMS = ("sub", "client_id", "tenant_id")
_TYPES = {"at+jwt", "application/at+jwt"}
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])
_log = logging.getLogger(__name__)


class InvalidTokenError(Exception):
    """The token proves nothing; why is for the log alone."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid token of an API client says."""

    api_client_id: UUID
    client_id: str
    tenant_id: UUID
    permissions: frozenset[Permission]


@dataclass(frozen=True, slots=True)
class _Proven:
    """A token whose signature was checked with this key."""

    kid: str
    key: ECKey
    claims: dict[str, Any]
    says: AccessToken


class AccessTokens:
    """Issues and validates them for one issuer and one audience."""

    def __init__(self, keys: SigningKeys, clock: Clock, *, issuer: str, audience: str) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._claims = jwt.JWTClaimsRegistry(
            now=self._now,
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": issuer},
            aud={"essential": True, "value": audience},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            jti={"essential": True},
        )
        self._proven: dict[bytes, _Proven] = {}  # by digest: nobody finds tokens in this process's memory
        self.audience = audience

    def issue(self, key: ECKey, *, api_client_id: UUID, client_id: str, tenant_id: UUID, scope: str) -> str:
        """A token for an API client, signed with that key."""
        now = self._now()
        claims = {
            "iss": self._issuer,
            "aud": self.audience,
            "sub": f"{_CLIENT}{api_client_id}",
            "client_id": client_id,
            "tenant_id": str(tenant_id),
            "scope": scope,
            "iat": now,
            "exp": now + int(TOKEN_LIFETIME.total_seconds()),
            "jti": secrets.token_urlsafe(16),
        }
        header = {"alg": ALGORITHM, "typ": "at+jwt"}
        # A set writes the kid, a bare key does not.
        return jwt.encode(header, claims, KeySet([key]), registry=_REGISTRY)

    async def validate(self, token: str) -> AccessToken:
        """What the token says.

        Raises:
            InvalidTokenError: it is not one of ours, not for us, expired, or malformed.
        """
        try:
            proven = await self._proven_by_now(token)
            self._claims.validate(proven.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            _log.info("access token refused: %s", type(error).__name__)
            raise InvalidTokenError from None
        return proven.says

    async def _proven_by_now(self, token: str) -> _Proven:
        digest = sha256(token.encode("ascii")).digest()
        proven = self._proven.get(digest)
        # Keys are read anew every minute: a signature is believed no longer than the key that it was checked with.
        if proven is None or await self._keys.public(proven.kid) is not proven.key:
            proven = await self._prove(token)
            if len(self._proven) >= _MOST_PROVEN:
                self._proven.clear()
            self._proven[digest] = proven
        return proven

    async def _prove(self, token: str) -> _Proven:
        if len(token) > LONGEST_TOKEN:
            raise ValueError("too long")
        signed = jws.extract_compact(token.encode("ascii"), registry=_REGISTRY)
        header = signed.headers()
        if set(header) != _HEADERS or not all(_is_text(header[name]) for name in _HEADERS):
            raise ValueError("a header parameter is missing or unknown")
        if header["typ"] not in _TYPES or header["alg"] != ALGORITHM:
            raise ValueError("not an access token")
        key = await self._keys.public(header["kid"])
        if key is None:
            raise ValueError("unknown key")
        if not jws.validate_compact(signed, KeySet([key]), registry=_REGISTRY):  # a set looks at the key's `use` too
            raise ValueError("bad signature")
        claims = json.loads(signed.payload)
        if not isinstance(claims, dict):
            raise TypeError("the payload is no object")
        return _Proven(header["kid"], key, claims, _read(claims))

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _read(claims: dict[str, Any]) -> AccessToken:
    if not all(_is_text(claims.get(name)) for name in _OWN_CLAIMS) or not isinstance(claims.get("scope"), str):
        raise TypeError("a claim is missing")
    if "cnf" in claims:  # RFC 9449, 7.1: a token bound to a key is not for whoever bears it
        raise ValueError("bound to a key")
    subject: str = claims["sub"]
    if not subject.startswith(_CLIENT):
        raise ValueError("not a subject that holds tokens")
    permissions = permissions_named(claims["scope"].split(" "))
    return AccessToken(UUID(subject.removeprefix(_CLIENT)), claims["client_id"], UUID(claims["tenant_id"]), permissions)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
