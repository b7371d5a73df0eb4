"""Client assertions: a client proves itself with a short-lived JWT that its own key signed (RFC 7523).

joserfc's registries are used directly: Authlib's class goes by the machine's clock, and bounds no assertion's lifetime.
"""

import logging
from datetime import timedelta
from typing import Any

import orjson
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from auth.oauth.clients import OAuthClient
from portal.clock import Clock
from portal.database import Transaction

_KEYS: dict[str, type[ECKey | RSAKey | OKPKey]] = {"ES256": ECKey, "RS256": RSAKey, "Ed25519": OKPKey}
ALGORITHMS = tuple(_KEYS)
_LONGEST = 4096
_LONGEST_JTI = 200
_LONGEST_LIFETIME = timedelta(minutes=5)
_LEEWAY = timedelta(seconds=30)
_TYPES = {None, "JWT", "client-authentication+jwt"}
_REGISTRY = jws.JWSRegistry(algorithms=list(ALGORITHMS))
_USE = "INSERT INTO used_assertion (client_id, jti, expires_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"
_log = logging.getLogger(__name__)


def client_named_in(assertion: str) -> str | None:
    """The client that the assertion claims to be of; nothing is proven yet."""
    try:
        subject = _opened(assertion)[1].get("sub")
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    return subject if isinstance(subject, str) and subject else None


class ClientAssertions:
    """Checks them for the names that this server goes by."""

    def __init__(self, clock: Clock, *, audiences: tuple[str, ...]) -> None:
        self._clock = clock
        self._audiences = audiences

    async def proves(self, tx: Transaction, client: OAuthClient, assertion: str) -> bool:
        """Whether the client signed it, for us, a moment ago, and shows it for the first time."""
        try:
            header, claims = _opened(assertion)
            jws.deserialize_compact(assertion, _key_for(client, header), registry=_REGISTRY)
            self._check(client, claims)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            _log.info("client assertion refused: %s", type(error).__name__)
            return False
        # Remembered for as long as it would be good; of many at once one is the first.
        until = self._clock.now() + _LONGEST_LIFETIME + 2 * _LEEWAY
        return await tx.execute(_USE, client.client_id, claims["jti"], until) == 1

    def _check(self, client: OAuthClient, claims: dict[str, Any]) -> None:
        now = int(self._clock.now().timestamp())
        rules = jwt.JWTClaimsRegistry(
            now=now,
            leeway=int(_LEEWAY.total_seconds()),
            iss={"essential": True, "value": client.client_id},
            sub={"essential": True, "value": client.client_id},
            exp={"essential": True},
            jti={"essential": True},
        )
        rules.validate(claims)
        # One audience: an assertion that is good elsewhere too could be shown there by whoever gets it.
        audience = claims.get("aud")
        if audience not in self._audiences and audience not in [[one] for one in self._audiences]:
            raise ValueError("for somebody else")
        if claims["exp"] > now + (_LONGEST_LIFETIME + _LEEWAY).total_seconds():
            raise ValueError("good for too long")
        jti = claims["jti"]
        if not isinstance(jti, str) or len(jti) > _LONGEST_JTI or not jti.isprintable():
            raise ValueError("no usable jti")


def _opened(assertion: str) -> tuple[dict[str, Any], dict[str, Any]]:
    if len(assertion) > _LONGEST:
        raise ValueError("too long")
    signed = jws.extract_compact(assertion.encode("ascii"), registry=_REGISTRY)
    header = signed.headers()
    if header.get("alg") not in ALGORITHMS or header.get("typ") not in _TYPES or "crit" in header:
        raise ValueError("no client assertion")
    claims = orjson.loads(signed.payload)  # strict: half a surrogate pair is no text
    if not isinstance(claims, dict):
        raise TypeError("the payload is no object")
    return header, claims


def _key_for(client: OAuthClient, header: dict[str, Any]) -> KeySet:
    """The one registered key that the header names or, without a name, the only one of its kind."""
    kind, name = _KEYS[header["alg"]], header.get("kid")
    registered = (client.public_keys or {}).get("keys", ())
    fitting = [key for key in registered if key.get("kty") == kind.key_type and name in (None, key.get("kid"))]
    if len(fitting) != 1:
        raise ValueError("no key, or not clear which")
    return KeySet([kind.import_key(fitting[0])])  # a set looks at the key's `use` too
