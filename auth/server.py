"""The OAuth token endpoint: Authlib's authorization server, fed with what was read from the database before.

Authlib's hooks are synchronous and the database is not. So each request is read and its client proven first; then a
server object made for this one request runs Authlib's grant over that, without waiting for anything.
"""

import base64
import binascii
import logging
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from authlib.consts import default_json_headers
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, OAuth2Error
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant
from authlib.oauth2.rfc6749.models import ClientMixin
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750.token import BearerTokenGenerator
from joserfc.jwk import ECKey
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from auth.api_clients import ProvenApiClient, prove_api_client
from auth.forms import BadFormError, read_form
from auth.keys import TOKEN_LIFETIME, SigningKeys
from auth.permissions import Permission, machine_permissions
from auth.throttle import Purpose, Throttle, address_of
from auth.tokens import AccessTokens
from portal.clock import Clock
from portal.database import Database

GRANT_TYPES = ("client_credentials",)
CLIENT_AUTHENTICATION = ("client_secret_basic", "client_secret_post")
_log = logging.getLogger(__name__)


class InvalidTargetError(OAuth2Error):  # type: ignore[misc]  # Authlib ships no types
    """The token was asked for another API (RFC 8707)."""

    error = "invalid_target"
    description = "This server issues tokens for its own API alone."


class RefusedClientError(InvalidClientError):  # type: ignore[misc]  # Authlib ships no types
    """One answer for an unknown client, a wrong secret and none at all: nobody learns which clients exist."""

    def __init__(self) -> None:
        super().__init__(status_code=401, description="Client authentication failed.")

    def get_headers(self) -> list[tuple[str, str]]:
        """Basic is the way to prove a client (RFC 6749, 5.2)."""
        return [*default_json_headers, ("WWW-Authenticate", 'Basic realm="token endpoint"')]


@dataclass(frozen=True, slots=True)
class _Credentials:
    """What the client showed."""

    client_id: str
    secret: str = field(repr=False)


class _Client(ClientMixin):  # type: ignore[misc]  # Authlib ships no types
    """A proven client, as Authlib asks for it."""

    def __init__(self, proven: ProvenApiClient) -> None:
        self.proven = proven

    def get_client_id(self) -> str:
        """The public name of the client."""
        return self.proven.client_id

    def check_grant_type(self, grant_type: str) -> bool:
        """Every API client may use what this server offers."""
        return grant_type in GRANT_TYPES

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """All that was asked for or, when nothing was, all there is; None refuses: nothing is narrowed in silence."""
        allowed = [permission.scope for permission in Permission if permission in self.proven.permissions]
        asked = set(scope.split(" ")) - {""} if scope else set(allowed)
        if not asked or not asked <= set(allowed):
            return None
        return " ".join(one for one in allowed if one in asked)


class _Grant(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """Client credentials, by either way of sending a secret."""

    TOKEN_ENDPOINT_AUTH_METHODS = CLIENT_AUTHENTICATION


class _Server(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """Authlib's server for one request whose client and signing key are known already."""

    def __init__(self, client: _Client | None, key: ECKey, tokens: AccessTokens) -> None:
        super().__init__(scopes_supported=sorted(permission.scope for permission in machine_permissions()))
        self._client = client
        self._key = key
        self._tokens = tokens
        lifetime = int(TOKEN_LIFETIME.total_seconds())
        self.register_token_generator(
            "default", BearerTokenGenerator(self._access_token, expires_generator=lambda *_: lifetime)
        )
        self.register_grant(_Grant)

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        """It was made before."""
        return request

    def authenticate_client(self, *_: object) -> _Client:
        """The client that was proven before."""
        if self._client is None:
            raise RefusedClientError
        return self._client

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing to keep: the token proves itself, and what it allows is read with each use."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: dict[str, Any], headers: list[tuple[str, str]]) -> Response:
        """Authlib's answer as Starlette's."""
        return JSONResponse(body, status, dict(headers))

    def _access_token(self, client: _Client, grant_type: str, user: None, scope: str) -> str:  # noqa: ARG002  Authlib's names
        proven = client.proven
        return self._tokens.issue(
            self._key, api_client_id=proven.id, client_id=proven.client_id, tenant_id=proven.tenant_id, scope=scope
        )


class TokenEndpoint:
    """Answers `POST /oauth/token`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        keys: SigningKeys,
        tokens: AccessTokens,
        throttle: Throttle,
        *,
        url: str,
    ) -> None:
        self._database = database
        self._clock = clock
        self._keys = keys
        self._tokens = tokens
        self._url = url
        self._throttle = throttle

    async def answer(self, request: Request) -> Response:
        """A token, or an error by RFC 6749, 5.2."""
        try:
            if request.url.query:
                raise InvalidRequestError("Parameters belong into the body.")
            fields = await read_form(request)
            credentials = _credentials(request, fields)
            if "grant_type" not in fields:
                raise InvalidRequestError("The parameter grant_type is missing.")
            if fields.get("resource", self._tokens.audience) != self._tokens.audience:
                raise InvalidTargetError
        except BadFormError as error:
            return _error(InvalidRequestError(str(error), status_code=error.status))
        except OAuth2Error as error:
            return _error(error)
        guesser = (Purpose.TOKEN, credentials.client_id if credentials else "", address_of(request))
        if credentials and (wait := await self._throttle.attempt(*guesser)):
            refusal = InvalidRequestError("Too many failed attempts: try again later.", status_code=429)
            return _error(refusal, {"Retry-After": str(wait)})
        proven = await self._prove(credentials)
        if proven:
            await self._throttle.succeeded(*guesser)
        elif credentials:
            _log.info("token request refused: client authentication failed")
        server = _Server(_Client(proven) if proven else None, await self._keys.current(), self._tokens)
        # The configured address, not the one that the request claims: a proxy may have changed that.
        asked = OAuth2Request("POST", self._url)
        asked.payload = BasicOAuth2Payload(fields)
        response: Response = server.create_token_response(asked)
        return response

    async def _prove(self, credentials: _Credentials | None) -> ProvenApiClient | None:
        if credentials is None:
            return None
        return await prove_api_client(self._database, self._clock.now(), credentials.client_id, credentials.secret)


def _credentials(request: Request, fields: dict[str, str]) -> _Credentials | None:
    """The client's id and secret, sent in one way (RFC 6749, 2.3)."""
    authorizations = request.headers.getlist("authorization")
    basic = _basic(authorizations[0]) if authorizations else None
    ways = [*authorizations, *(name for name in ("client_secret", "client_assertion") if name in fields)]
    if len(ways) > 1 or (basic and fields.get("client_id", basic.client_id) != basic.client_id):
        raise InvalidRequestError("Authenticate the client in one way only.")
    if authorizations:
        return basic
    if "client_id" in fields and "client_secret" in fields:
        return _Credentials(fields["client_id"], fields["client_secret"])
    return None


def _basic(authorization: str) -> _Credentials | None:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
        # Both are form-encoded before they are joined (RFC 6749, 2.3.1).
        client_id, secret = (unquote_plus(part, errors="strict") for part in (client_id, secret))
    except (binascii.Error, ValueError):
        return None
    return _Credentials(client_id, secret) if colon and client_id and secret else None


def _error(error: OAuth2Error, headers: dict[str, str] | None = None) -> Response:
    status, body, own = error()
    return JSONResponse(body, status, {**dict(own), **(headers or {})})
