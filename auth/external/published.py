"""What the provider publishes of itself: its metadata (OpenID Connect Discovery) and its keys (RFC 7517)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import httpx2
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.external.fetching import ProviderError, fetch_document
from portal.clock import Clock

_FRESH = timedelta(minutes=15)
_AGAIN = timedelta(seconds=5)
# Signatures alone: no "none", and no HMAC, whose key would be the client's secret.
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
)
_KEY_TYPES = frozenset({"RSA", "EC", "OKP"})

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the portal goes by of the provider's metadata, under the names that the standards give (RFC 8414, 2).

    No more than this reaches the HTTP client, to which a member called `proxy` or `verify` would be an order.
    """

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    id_token_signing_alg_values_supported: list[str]
    token_endpoint_auth_method: str
    authorization_response_iss_parameter_supported: bool


class Kept(Generic[T]):
    """One document of the provider: read when somebody needs it, once for all who wait, and kept for a while."""

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._turn = asyncio.Lock()
        self._kept: tuple[T, datetime] | None = None
        self._failure: ProviderError | None = None
        self._rests_until: datetime | None = None

    async def get(self) -> T:
        """The document, no older than a quarter of an hour.

        Raises:
            ProviderError: it cannot be had now.
        """
        async with self._turn:
            if self._kept is None or self._clock.now() - self._kept[1] >= _FRESH:
                return await self._renewed()
            return self._kept[0]

    async def again(self) -> T:
        """The document as it is now, for whoever misses something in it; the kept one where it was looked for just now.

        Raises:
            ProviderError: it cannot be had now.
        """
        async with self._turn:
            if self._kept is not None and self._resting():
                return self._kept[0]
            renewed = await self._renewed()
            self._rests_until = self._clock.now() + _AGAIN
            return renewed

    async def _renewed(self) -> T:
        if self._failure and self._resting():  # who waited for an attempt that failed need not wait for their own
            raise ProviderError(str(self._failure))
        self._failure = None
        try:
            document = await self._read()
        except ProviderError as error:
            self._failure, self._rests_until = error, self._clock.now() + _AGAIN
            raise
        self._kept = document, self._clock.now()
        return document

    def _resting(self) -> bool:
        return self._rests_until is not None and self._clock.now() < self._rests_until


async def read_metadata(issuer: str) -> Metadata:
    """The metadata of exactly this issuer.

    Raises:
        ProviderError: it cannot be had, is another's, or offers nothing that the portal accepts.
    """
    document = await fetch_document(issuer.rstrip("/") + "/.well-known/openid-configuration")
    named = document.get("issuer")
    if named != issuer:  # to the letter: OpenID Connect Discovery, 4.3
        raise ProviderError(f"OIDC_ISSUER is {issuer}, but the metadata there names the issuer {str(named)[:200]!r}")
    offered = _texts(document, "id_token_signing_alg_values_supported")
    algorithms = sorted(_ALGORITHMS.intersection(offered))
    if not algorithms:
        raise ProviderError("the metadata offers no algorithm of ID tokens that the portal accepts")
    return Metadata(
        issuer=issuer,
        authorization_endpoint=_endpoint(document, "authorization_endpoint", issuer),
        token_endpoint=_endpoint(document, "token_endpoint", issuer),
        jwks_uri=_endpoint(document, "jwks_uri", issuer),
        userinfo_endpoint=_endpoint(document, "userinfo_endpoint", issuer) if "userinfo_endpoint" in document else None,
        id_token_signing_alg_values_supported=algorithms,
        token_endpoint_auth_method=_authentication(document),
        authorization_response_iss_parameter_supported=(
            document.get("authorization_response_iss_parameter_supported") is True
        ),
    )


async def read_keys(url: str) -> dict[str, Any]:
    """The provider's public keys for signatures, as a JSON Web Key Set.

    Raises:
        ProviderError: they cannot be had or read.
    """
    keys = (await fetch_document(url)).get("keys")
    if not isinstance(keys, list):
        raise ProviderError(f"{url} is no set of keys")
    usable = [
        key for key in keys if isinstance(key, dict) and key.get("kty") in _KEY_TYPES and key.get("use", "sig") == "sig"
    ]
    try:
        KeySet.import_key_set({"keys": usable})
    except (JoseError, KeyError, TypeError, ValueError):
        raise ProviderError(f"{url} holds no key for signatures, or one that cannot be read") from None
    return {"keys": usable}


def _endpoint(document: dict[str, Any], name: str, issuer: str) -> str:
    try:
        url = httpx2.URL(document[name])
    except (httpx2.InvalidURL, KeyError, TypeError):
        raise ProviderError(f"the metadata's {name} is no address") from None
    if not url.host or url.userinfo:
        raise ProviderError(f"the metadata's {name} is no address")
    if url.scheme not in {"https", httpx2.URL(issuer).scheme}:
        raise ProviderError(f"the metadata's {name} is not https")
    return str(url)


def _authentication(document: dict[str, Any]) -> str:
    name = "token_endpoint_auth_methods_supported"
    offered = _texts(document, name) if name in document else ["client_secret_basic"]  # the default of RFC 8414, 2
    for method in ("client_secret_basic", "client_secret_post"):
        if method in offered:
            return method
    raise ProviderError("the metadata offers no authentication by client secret")


def _texts(document: dict[str, Any], name: str) -> list[str]:
    values = document.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
