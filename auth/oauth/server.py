"""Authlib's authorization server, made for one request: its hooks are synchronous, so what they ask is known before.

What a grant makes is kept here until it is written down in the request's transaction.
"""

import re
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request
from authlib.oauth2.rfc6749.errors import InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import (
    AuthorizationCodeGrant,
    BaseGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750.token import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from joserfc.jwk import ECKey
from starlette.responses import JSONResponse, Response

from auth.keys import TOKEN_LIFETIME
from auth.oauth.clients import MachineClient, OAuthClient
from auth.oauth.errors import RefusedClientError
from auth.oauth.grants import FoundVoucher, Grant, NewCode
from auth.permissions import Permission
from auth.random_secrets import new_secret
from auth.tokens import AccessTokens, SubjectKind, TokenSubject

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # the SHA-256 of a verifier has this one length (RFC 7636, 4.2)
_TO_BE_SENT_ON = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


class _S256(CodeChallenge):  # type: ignore[misc]  # Authlib ships no types
    """PKCE of every client, with S256 alone: Authlib asks it of public clients, and takes `plain` by default."""

    def validate_code_challenge(self, grant: BaseGrant, redirect_uri: str | None) -> None:  # noqa: ARG002  Authlib's names
        fields = grant.request.payload.data
        if not _CHALLENGE.fullmatch(fields.get("code_challenge", "")) or fields.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE is required: send code_challenge, and code_challenge_method=S256.")


class _ClientCredentials(ClientCredentialsGrant):  # type: ignore[misc]  # Authlib ships no types
    """For machines; how they prove themselves was looked at before."""


class _Code(AuthorizationCodeGrant):  # type: ignore[misc]  # Authlib ships no types
    """For applications: a code is made at the consent, and exchanged once."""

    def generate_authorization_code(self) -> str:
        """A code that secret scanners find."""
        return new_secret("portal_code_")

    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        """To be written down with the consent."""
        challenge = request.payload.data["code_challenge"]
        self.server.new_code = NewCode(code, request.payload.redirect_uri, challenge, request.scope)

    def query_authorization_code(self, *_: object) -> FoundVoucher | None:
        """The code that was found before."""
        found: FoundVoucher | None = self.server.voucher
        return found

    def delete_authorization_code(self, _: FoundVoucher) -> None:
        """Nothing: it was taken before, and stays so that a second use is known."""

    def authenticate_user(self, found: FoundVoucher) -> Grant:
        """Whom the token is about."""
        return found.grant


class _Refresh(RefreshTokenGrant):  # type: ignore[misc]  # Authlib ships no types
    """For applications: each use brings a new refresh token."""

    INCLUDE_NEW_REFRESH_TOKEN = True

    def validate_token_request(self) -> None:
        """Authlib's checks, and that the application may still ask for these scopes: before anything is used up."""
        super().validate_token_request()
        if self.client.get_allowed_scope(self.request.payload.scope or self.request.refresh_token.get_scope()) is None:
            raise InvalidScopeError

    def authenticate_refresh_token(self, _: str) -> FoundVoucher | None:
        """The token that was found before."""
        found: FoundVoucher | None = self.server.voucher
        return found

    def authenticate_user(self, found: FoundVoucher) -> Grant:
        """Whom the token is about."""
        return found.grant

    def revoke_old_credential(self, _: FoundVoucher) -> None:
        """Nothing: it was taken before."""


GRANTS: tuple[tuple[type[BaseGrant], list[Any]], ...] = (
    (_ClientCredentials, []),
    (_Code, [_S256()]),
    (_Refresh, []),
)
GRANT_TYPES = tuple(grant.GRANT_TYPE for grant, _ in GRANTS)


class _Request(OAuth2Request):  # type: ignore[misc]  # Authlib ships no types
    """A request whose parameters were read before; its address is the configured one: a proxy may change the other."""

    def __init__(self, method: str, uri: str, fields: dict[str, str]) -> None:
        super().__init__(method, uri)
        self.payload = BasicOAuth2Payload(fields)

    @property
    def form(self) -> dict[str, str]:
        """The parameters."""
        fields: dict[str, str] = self.payload.data
        return fields


class Server(AuthorizationServer):  # type: ignore[misc]  # Authlib ships no types
    """The server for one request of this client: None when none was proven."""

    def __init__(self, issuer: str, client: OAuthClient | None) -> None:
        super().__init__(scopes_supported=[permission.scope for permission in Permission])
        self._issuer = issuer
        self._client = client
        self.voucher: FoundVoucher | None = None
        self.new_code: NewCode | None = None
        self.new_refresh_token: str | None = None
        for grant, extensions in GRANTS:
            self.register_grant(grant, extensions)

    def issue_with(self, tokens: AccessTokens, key: ECKey, voucher: FoundVoucher | None) -> None:
        """Make tokens with this key, for this code or refresh token."""
        self.voucher = voucher

        def access_token(client: OAuthClient, grant_type: str, user: Grant | None, scope: str) -> str:  # noqa: ARG001  Authlib's names
            return tokens.issue(key, _subject(client, user), scope)

        def refresh_token(**_: object) -> str:
            self.new_refresh_token = new_secret("portal_refresh_")
            return self.new_refresh_token

        lifetime = int(TOKEN_LIFETIME.total_seconds())
        generator = BearerTokenGenerator(access_token, refresh_token, expires_generator=lambda *_: lifetime)
        self.register_token_generator("default", generator)

    def request(self, method: str, path: str, fields: dict[str, str]) -> OAuth2Request:
        """The request as Authlib reads it."""
        return _Request(method, f"{self._issuer}{path}", fields)

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        """It was made before."""
        return request

    def query_client(self, _: str) -> OAuthClient | None:
        """The client that was found before."""
        return self._client

    def authenticate_client(self, *_: object) -> OAuthClient:
        """The client that was proven before."""
        if self._client is None:
            raise RefusedClientError
        return self._client

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Nothing to keep of an access token: it proves itself, and what it allows is read with each use."""

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: dict[str, Any] | str, headers: list[tuple[str, str]]) -> Response:
        """Authlib's answer as Starlette's; who is sent on is told by whom, in errors too (RFC 9207, 2)."""
        told = dict(headers)
        if location := told.get("Location"):
            # 303: no browser sends the consent's form again, to the application (RFC 9700, 4.12).
            sent_on = {"Location": add_params_to_uri(location, [("iss", self._issuer)]), **_TO_BE_SENT_ON}
            return Response(None, 303, sent_on)
        return JSONResponse(body, status, told)


def _subject(client: OAuthClient, grant: Grant | None) -> TokenSubject:
    if grant is not None:
        kind = SubjectKind.PERSON if grant.tenant_id else SubjectKind.STAFF
        return TokenSubject(kind, grant.person_id, client.client_id, grant.tenant_id, grant.id)
    if not isinstance(client, MachineClient):  # no other client may use a grant without a person
        raise TypeError("a token is a machine's, or a person's")
    return TokenSubject(SubjectKind.CLIENT, client.id, client.client_id, client.tenant_id, None)
