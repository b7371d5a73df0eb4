"""Access tokens: JWTs by RFC 9068, issued here, and the one validator of them."""

import json
import logging
import secrets
from dataclasses import dataclass
from enum import StrEnum
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
_HEADERS = {"alg", "typ", "kid"}  # by name: a key in the header (jwk, jku, x5u) or a crit is never looked at
_TYPES = {"at+jwt", "application/at+jwt"}
_REGISTRY = jws.JWSRegistry(algorithms=[ALGORITHM])
_log = logging.getLogger(__name__)


class InvalidTokenError(Exception):
    """The token proves nothing; why is for the log alone."""


class SubjectKind(StrEnum):
    """Whom a token is about: subjects begin with it, so that no machine is ever taken for a person."""

    CLIENT = "client"
    PERSON = "person"
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class TokenSubject:
    """Whom a token is about, and through which client; machines have no grant, the ISV's staff has no tenant."""

    kind: SubjectKind
    id: UUID
    client_id: str
    tenant_id: UUID | None
    grant_id: UUID | None


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What a valid token says; times are seconds since 1970."""

    subject: TokenSubject
    permissions: frozenset[Permission]
    claims: dict[str, Any]

    @property
    def jti(self) -> str:
        """Its own name, by which it is revoked."""
        jti: str = self.claims["jti"]
        return jti


@dataclass(frozen=True, slots=True)
class _Proven:
    """A token whose signature was checked with this key."""

    kid: str
    key: ECKey
    says: AccessToken


class AccessTokens:
    """Issues and validates them for one issuer, and two audiences: the API to tenants, and to the ISV's staff."""

    def __init__(self, keys: SigningKeys, clock: Clock, *, issuer: str) -> None:
        self._keys = keys
        self._clock = clock
        self._issuer = issuer
        self._rules = {kind: self._rules_of(kind) for kind in SubjectKind}
        self._proven: dict[bytes, _Proven] = {}  # by digest: nobody finds tokens in this process's memory

    def audience(self, *, for_staff: bool = False) -> str:
        """The resource that a token is for (RFC 8707)."""
        return f"{self._issuer}/staff" if for_staff else f"{self._issuer}/graphql"

    def issue(self, key: ECKey, subject: TokenSubject, scope: str) -> str:
        """A token signed with that key."""
        now = self._now()
        claims = {
            "iss": self._issuer,
            "aud": self.audience(for_staff=subject.kind is SubjectKind.STAFF),
            "sub": f"{subject.kind}:{subject.id}",
            "client_id": subject.client_id,
            "scope": scope,
            "iat": now,
            "exp": now + int(TOKEN_LIFETIME.total_seconds()),
            "jti": secrets.token_urlsafe(16),
        }
        own = {"tenant_id": subject.tenant_id, "grant_id": subject.grant_id}
        claims |= {name: str(value) for name, value in own.items() if value is not None}
        header = {"alg": ALGORITHM, "typ": "at+jwt"}
        # A set writes the kid, a bare key does not.
        return jwt.encode(header, claims, KeySet([key]), registry=_REGISTRY)

    async def validate(self, token: str) -> AccessToken:
        """What the token says.

        Raises:
            InvalidTokenError: it is not one of ours, not for us, expired, or malformed.
        """
        try:
            says = (await self._proven_by_now(token)).says
            self._rules[says.subject.kind].validate(says.claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            _log.info("access token refused: %s", type(error).__name__)
            raise InvalidTokenError from None
        return says

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
        return _Proven(header["kid"], key, _read(claims))

    def _rules_of(self, kind: SubjectKind) -> jwt.JWTClaimsRegistry:
        """Staff has an audience of its own, so that neither kind of token is ever good for the other."""
        return jwt.JWTClaimsRegistry(
            now=self._now,
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": self._issuer},
            aud={"essential": True, "value": self.audience(for_staff=kind is SubjectKind.STAFF)},
            exp={"essential": True},
            iat={"essential": True},
            sub={"essential": True},
            jti={"essential": True},
        )

    def _now(self) -> int:
        return int(self._clock.now().timestamp())


def _read(claims: dict[str, Any]) -> AccessToken:
    if not all(_is_text(claims.get(name)) for name in ("sub", "client_id")) or not isinstance(claims.get("scope"), str):
        raise TypeError("a claim is missing")
    if "cnf" in claims:  # RFC 9449, 7.1: a token bound to a key is not for whoever bears it
        raise ValueError("bound to a key")
    kind, _, subject_id = claims["sub"].partition(":")
    subject = TokenSubject(
        SubjectKind(kind), UUID(subject_id), claims["client_id"], _id(claims, "tenant_id"), _id(claims, "grant_id")
    )
    if (subject.tenant_id is None) is not (subject.kind is SubjectKind.STAFF):
        raise ValueError("a tenant is missing, or one too many")
    if (subject.grant_id is None) is not (subject.kind is SubjectKind.CLIENT):
        raise ValueError("a grant is missing, or one too many")
    return AccessToken(subject, permissions_named(claims["scope"].split(" ")), claims)


def _id(claims: dict[str, Any], name: str) -> UUID | None:
    return UUID(claims[name]) if name in claims else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != ""
