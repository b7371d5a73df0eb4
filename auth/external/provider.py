"""The portal as a client of the provider (OpenID Connect Core, authorization code flow with PKCE), on Authlib."""

import asyncio
import hmac
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any
from urllib.parse import quote_plus

import httpx2
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.starlette_client import StarletteOAuth2App
from authlib.oidc.core import CodeIDToken
from joserfc.errors import ClaimError, JoseError

from auth.external.fetching import SECONDS, ProviderError, client_options
from auth.external.published import Kept, Metadata, read_keys, read_metadata
from auth.external.settings import ProviderSettings
from auth.external.transaction import LIFETIME, Transaction
from portal.clock import Clock

_LEEWAY = 60  # seconds that two machines' clocks may differ
_LONGEST_SUBJECT = 255  # OpenID Connect Core, 2
_LONGEST_NAME = 200


class NotProvenError(Exception):
    """What came back proves nobody; the message says why, for the log, and holds nothing of a person."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the provider says of a person; `email` only where it says that the address is the person's own."""

    name: str
    email: str | None


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody whom the provider vouches for; its token lives no longer than the request that brought it."""

    subject: str
    claims: Mapping[str, Any] = field(repr=False)
    access_token: str | None = field(repr=False)


class Provider:
    """Sends people to the provider, and finds out who comes back."""

    def __init__(self, settings: ProviderSettings, clock: Clock, redirect_uri: str) -> None:
        self.settings = settings
        self._clock = clock
        self._redirect_uri = redirect_uri
        self._metadata = Kept(partial(read_metadata, settings.issuer), clock)
        self._keys = Kept(self._read_keys, clock)

    async def leave(self, return_to: str, links: str | None = None) -> tuple[str, Transaction]:
        """Where to send the browser, and what it has to bring back.

        Raises:
            ProviderError: the provider cannot be asked, or is not the one of the settings.
        """
        metadata = await self._metadata.get()
        begun = await self._client(metadata).create_authorization_url(self._redirect_uri)
        return begun["url"], Transaction(
            state=begun["state"],
            nonce=begun["nonce"],
            code_verifier=begun["code_verifier"],
            return_to=return_to,
            ends_at=(self._clock.now() + LIFETIME).timestamp(),
            links=links,
        )

    async def arrive(self, parameters: list[tuple[str, str]], begun: Transaction) -> Arrival:
        """Who came back to the transaction, with these parameters.

        Raises:
            NotProvenError: the response or its ID token is not what was asked for.
            ProviderError: the provider cannot be asked, or answers nonsense.
        """
        metadata = await self._metadata.get()
        code = _code_in(parameters, begun, metadata)
        client = self._client(metadata)
        with _refusing():
            async with asyncio.timeout(SECONDS):
                tokens = await client.fetch_access_token(
                    self._redirect_uri, code=code, code_verifier=begun.code_verifier
                )
                claims = await client.parse_id_token(
                    tokens,
                    begun.nonce,
                    claims_options={"iss": {"value": metadata.issuer}, "aud": {"value": self.settings.client_id}},
                    claims_cls=partial(_IDToken, clock=self._clock, access_token=tokens.get("access_token")),
                    leeway=_LEEWAY,
                )
        if claims is None:
            raise NotProvenError("the answer has no ID token")
        subject = claims["sub"]
        if not 0 < len(subject) <= _LONGEST_SUBJECT or not subject.isprintable():
            raise NotProvenError("the ID token's subject is none")
        return Arrival(subject, claims, tokens.get("access_token"))

    async def profile(self, arrival: Arrival) -> Profile:
        """What the provider says of who arrived: in the ID token, or where it is asked for it (Core, 5.4).

        Raises:
            NotProvenError: it speaks of somebody else.
            ProviderError: it cannot be asked, or answers nonsense.
        """
        claims = dict(arrival.claims)
        metadata = await self._metadata.get()
        told = {"email", "email_verified"} <= claims.keys()
        if not told and metadata.userinfo_endpoint and arrival.access_token:
            # The token alone: with its expiry and a refresh token Authlib would have it renewed.
            token = {"access_token": arrival.access_token, "token_type": "Bearer"}
            with _refusing():
                async with asyncio.timeout(SECONDS):
                    said = await self._client(metadata).userinfo(token=token)
            if said.get("sub") != arrival.subject:  # Core, 5.3.2
                raise NotProvenError("the UserInfo endpoint speaks of somebody else")
            claims |= said
        email, verified = claims.get("email"), claims.get("email_verified")
        own = isinstance(email, str) and verified in (True, "true")  # some providers send the word
        name = claims.get("name")
        named = isinstance(name, str) and name.strip() and name.isprintable()
        return Profile(name=str(name).strip()[:_LONGEST_NAME] if named else "", email=str(email) if own else None)

    async def _read_keys(self) -> dict[str, Any]:
        return await read_keys((await self._metadata.get()).jwks_uri)

    def _client(self, metadata: Metadata) -> "_Client":
        return _Client(
            self._keys,
            framework=None,
            name=self.settings.name,
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            client_kwargs={"scope": self.settings.scopes, "code_challenge_method": "S256", **client_options()},
            client_auth_methods=[("client_secret_basic", _client_secret_basic)],
            **asdict(metadata),
        )


class _Client(StarletteOAuth2App):  # type: ignore[misc]  # Authlib has no types
    """Authlib's client, made for one exchange: it keeps neither metadata nor keys for longer."""

    def __init__(self, keys: Kept[dict[str, Any]], **given: Any) -> None:
        super().__init__(**given)
        self._keys = keys

    async def fetch_jwk_set(self, force: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002  Authlib's signature
        """The provider's keys; `force` where the ID token names one that is not among them."""
        return await (self._keys.again() if force else self._keys.get())


class _IDToken(CodeIDToken):  # type: ignore[misc]  # Authlib has no types
    """Authlib's checks of an ID token, by the portal's clock and with the access token's hash among them."""

    def __init__(self, *given: Any, clock: Clock, access_token: object) -> None:
        super().__init__(*given)
        self.params["access_token"] = access_token
        self._clock = clock

    def validate(self, now: int | None = None, leeway: int = 0) -> None:
        """Check them all; raises joserfc's errors."""
        super().validate(now or int(self._clock.now().timestamp()), leeway)


def _code_in(parameters: list[tuple[str, str]], begun: Transaction, metadata: Metadata) -> str:
    response = dict(parameters)
    if len(response) != len(parameters):
        raise NotProvenError("a parameter of the response is repeated")
    if not hmac.compare_digest(response.get("state", "").encode(), begun.state.encode()):
        raise NotProvenError("the state is another sign-in's")
    promised = metadata.authorization_response_iss_parameter_supported
    if (promised or "iss" in response) and response.get("iss") != metadata.issuer:  # RFC 9207, 2.4
        raise NotProvenError("the response names another issuer, or none")
    if "error" in response:
        raise NotProvenError("the provider let nobody in")
    if not response.get("code"):
        raise NotProvenError("the code is missing")
    return response["code"]


def _client_secret_basic(client: Any, _: str, uri: str, headers: dict[str, str], body: Any) -> Any:
    """Name and secret are form-encoded before they are joined (RFC 6749, 2.3.1), which Authlib leaves out."""
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    return uri, headers, body


@contextmanager
def _refusing() -> Iterator[None]:
    """What the libraries raise about a provider's answers, as the two errors of this room."""
    try:
        yield
    except JoseError as error:
        claim = f" of {error.claim}" if isinstance(error, ClaimError) else ""
        raise NotProvenError(f"the ID token is not valid ({type(error).__name__}{claim})") from error
    except AuthlibBaseError as error:
        raise NotProvenError("the provider gave no tokens for the code") from error
    except (httpx2.HTTPError, TimeoutError) as error:
        raise ProviderError(f"the provider cannot be reached ({type(error).__name__})") from error
    except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
        raise ProviderError(f"the provider's answer cannot be read ({type(error).__name__})") from error
