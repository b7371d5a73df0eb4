"""Forges access tokens: a valid one, taken apart, to be spoilt one part at a time."""

import base64
import json
from dataclasses import dataclass
from typing import Any, Self

from joserfc import jws
from joserfc.jwk import ECKey

ANY_HEADER = jws.JWSRegistry(algorithms=["ES256", "HS256", "RS256", "none"], strict_check_header=False)


@dataclass(frozen=True, slots=True)
class Forge:
    """The parts of a valid token."""

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

    @classmethod
    def of(cls, token: str, key: ECKey) -> Self:
        """A valid token's parts."""
        header, claims, _ = token.split(".")
        return cls(decoded(header), decoded(claims), key)


def decoded(segment: str) -> dict[str, Any]:
    """A token's segment, read."""
    parts: dict[str, Any] = json.loads(base64.urlsafe_b64decode(segment + "=="))
    return parts


def encoded(value: bytes) -> str:
    """Bytes as a token's segment."""
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
