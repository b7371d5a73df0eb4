"""Finds out who makes a request: by an access token or by the browser's session, never by both."""

import re

from starlette.requests import Request

from auth.api_clients import name_of_api_client
from auth.forms import media_type
from auth.principal import Principal, PrincipalKind
from auth.same_origin import is_same_origin, origin_of
from auth.sessions import Sessions
from auth.tokens import AccessTokens, InvalidTokenError
from portal.database import Database

SESSION_COOKIE = "__Host-portal_session"  # browsers let nobody but this very host set it, and over no plain network
PROOF_HEADER = "X-Portal-Request"  # no form can send it, and another site's script would need a leave that none gets
_BEARER = re.compile(r"bearer +([^\s]+) *", re.IGNORECASE)


class AuthenticationError(Exception):
    """Nobody is known behind the request; what to answer."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


class Authenticator:
    """Authenticates requests to the API and visitors of pages."""

    def __init__(self, database: Database, sessions: Sessions, tokens: AccessTokens, public_url: str) -> None:
        self._database = database
        self._sessions = sessions
        self._tokens = tokens
        self._origin = origin_of(public_url)

    async def authenticate(self, request: Request) -> Principal:
        """Who makes this API request.

        Raises:
            AuthenticationError: no credential, a bad one, two at once, or a cookie without proof of our own page.
        """
        authorizations = request.headers.getlist("authorization")
        secret = request.cookies.get(SESSION_COOKIE)
        if len(authorizations) > 1 or (authorizations and secret):
            raise AuthenticationError(
                400, "BAD_USER_INPUT", "Send one credential: a cookie or one Authorization header."
            )
        if authorizations:
            return await self._by_token(authorizations[0])
        if secret:
            self._require_own_page(request)
            principal = await self._sessions.find(secret)
            if principal is not None:
                return principal
            raise _unauthenticated("The session has ended: sign in again.")
        raise _unauthenticated("Sign in, or send an access token.")

    async def visitor(self, request: Request) -> Principal | None:
        """Who looks at a page; this alone is no leave to change anything, nor to answer with data."""
        secret = request.cookies.get(SESSION_COOKIE)
        return await self._sessions.find(secret) if secret else None

    async def _by_token(self, authorization: str) -> Principal:
        if not authorization.lower().startswith("bearer"):
            raise _unauthenticated("Sign in, or send an access token.")
        sent = _BEARER.fullmatch(authorization)
        if sent is None:
            raise _invalid_token()
        try:
            token = await self._tokens.validate(sent[1])
        except InvalidTokenError:
            raise _invalid_token() from None
        name = await name_of_api_client(self._database, token.tenant_id, token.api_client_id)
        if name is None:
            raise _invalid_token()
        return Principal(
            kind=PrincipalKind.API_CLIENT,
            id=token.api_client_id,
            name=name,
            tenant_id=token.tenant_id,
            token_permissions=token.permissions,
            client_id=token.client_id,
        )

    def _require_own_page(self, request: Request) -> None:
        own_page = (
            request.method == "POST"
            and media_type(request) == "application/json"
            and request.headers.getlist(PROOF_HEADER) == ["1"]
            and is_same_origin(request, self._origin)
        )
        if not own_page:
            raise AuthenticationError(
                403,
                "FORBIDDEN",
                f"By cookie only the portal's own pages may ask: with POST, JSON and {PROOF_HEADER}: 1.",
            )


def _unauthenticated(message: str) -> AuthenticationError:
    return AuthenticationError(401, "UNAUTHENTICATED", message, {"WWW-Authenticate": "Bearer"})


def _invalid_token() -> AuthenticationError:
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return AuthenticationError(401, "UNAUTHENTICATED", "The access token is not valid.", headers)
