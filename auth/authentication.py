"""Finds out who makes a request or opens a socket: by an access token or the browser's session, never by both."""

import re
from dataclasses import dataclass, field

from starlette.requests import HTTPConnection, Request

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
_NOBODY = "Sign in, or send an access token."
_BEARER = re.compile(r"bearer +([^\s]+) *", re.IGNORECASE)


class AuthenticationError(Exception):
    """Nobody is known behind the request; what to answer."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


@dataclass(frozen=True, slots=True)
class Credential:
    """What somebody proves itself with, one of both: kept while a connection is open, to be looked at again."""

    session: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)


class Authenticator:
    """Authenticates requests to the API, sockets and visitors of pages."""

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
        credential = _credential(request)
        if credential is None:
            raise _unauthenticated(_NOBODY)
        if credential.session:
            self._require_own_page(request)
        return await self.principal(credential)

    def handshake(self, connection: HTTPConnection) -> Credential | None:
        """The credential that a WebSocket's handshake brings; None: its first message has to bring a token.

        Raises:
            AuthenticationError: two at once, or a cookie without proof of our own page.
        """
        credential = _credential(connection)
        # No page can set Origin, browsers send it with each handshake, and ask no leave for one to another site.
        if credential and credential.session and connection.headers.getlist("origin") != [self._origin]:
            raise AuthenticationError(403, "FORBIDDEN", "By cookie only the portal's own pages may connect.")
        return credential

    async def principal(self, credential: Credential, *, seen: bool = True) -> Principal:
        """Who proves itself with this; not `seen` where nobody did anything just now, so that a session idles on.

        Raises:
            AuthenticationError: it is no longer good, or never was.
        """
        if credential.authorization is not None:
            return await self._by_token(credential.authorization)
        principal = await self._sessions.find(credential.session or "", seen=seen)
        if principal is None:
            raise _unauthenticated("The session has ended: sign in again.")
        return principal

    async def again(self, connection: HTTPConnection) -> Principal:
        """Who stands behind a connection that was let in before.

        Raises:
            AuthenticationError: nobody any more.
        """
        credential = _credential(connection)
        if credential is None:
            raise _unauthenticated(_NOBODY)
        return await self.principal(credential, seen=False)

    async def visitor(self, request: Request) -> Principal | None:
        """Who looks at a page; this alone is no leave to change anything, nor to answer with data."""
        secret = request.cookies.get(SESSION_COOKIE)
        return await self._sessions.find(secret) if secret else None

    async def _by_token(self, authorization: str) -> Principal:
        if not authorization.lower().startswith("bearer"):
            raise _unauthenticated(_NOBODY)
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


def _credential(connection: HTTPConnection) -> Credential | None:
    authorizations = connection.headers.getlist("authorization")
    secret = connection.cookies.get(SESSION_COOKIE)
    if len(authorizations) > 1 or (authorizations and secret):
        raise AuthenticationError(400, "BAD_USER_INPUT", "Send one credential: a cookie or one Authorization header.")
    if authorizations:
        return Credential(authorization=authorizations[0])
    return Credential(session=secret) if secret else None


def _unauthenticated(message: str) -> AuthenticationError:
    return AuthenticationError(401, "UNAUTHENTICATED", message, {"WWW-Authenticate": "Bearer"})


def _invalid_token() -> AuthenticationError:
    headers = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    return AuthenticationError(401, "UNAUTHENTICATED", "The access token is not valid.", headers)
