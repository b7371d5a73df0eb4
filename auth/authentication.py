"""Finds out who makes a request: by an access token or by the browser's session, never by both."""

import re

from starlette.requests import Request

from auth.forms import media_type
from auth.oauth.holders import find_holder
from auth.principal import Principal
from auth.same_origin import is_same_origin, origin_of
from auth.sessions import Sessions
from auth.tokens import AccessTokens, InvalidTokenError
from portal.clock import Clock
from portal.database import Database, DatabaseRole

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

    def __init__(
        self, database: Database, clock: Clock, sessions: Sessions, tokens: AccessTokens, public_url: str
    ) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self.tokens = tokens
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
            token = await self.tokens.validate(sent[1])
        except InvalidTokenError:
            raise _invalid_token() from None
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            holder = await find_holder(tx, self._clock.now(), token)
        if holder is None:
            raise _invalid_token()
        return holder

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
