"""What follows the first factor, whichever it was: the session, or before it the second factor, or its set-up."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from auth.authentication import SESSION_COOKIE
from auth.random_secrets import hash_of, new_secret
from auth.same_origin import is_own_path
from auth.second_factor.ceremony import Ceremony
from auth.second_factor.factors import Factors, SecondFactors
from auth.sessions import Sessions
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction

PENDING_COOKIE = "__Host-portal_sign_in"
SECOND_FACTOR_PATH = "/sign-in/second-factor"
ENROL_PATH = "/sign-in/enrol"
_LIFETIME = timedelta(minutes=10)
_START = (
    "INSERT INTO pending_sign_in (secret_hash, person_id, return_to, created_at, ends_at) VALUES ($1, $2, $3, $4, $5)"
)
_FIND = "SELECT person_id, return_to FROM pending_sign_in WHERE secret_hash = $1 AND ends_at > $2 FOR UPDATE"


@dataclass(frozen=True, slots=True)
class PendingSignIn:
    """Somebody whose first factor was right; held open, so that of many who go on with it at once one does."""

    tx: Transaction
    ceremony: Ceremony
    person_id: UUID
    return_to: str
    factors: Factors


class SignInSteps:
    """Leads from the first factor to the session; a cookie of its own holds the way between."""

    def __init__(self, database: Database, clock: Clock, sessions: Sessions, factors: SecondFactors) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._factors = factors

    async def after_first_factor(self, request: Request, person_id: UUID, return_to: str) -> Response:
        """The answer to whoever proved a first factor: by password, at another provider, by an invitation.

        A session where no second factor is there or required; else a pending sign-in and the page of the next step.
        `return_to` is where to go in the end.
        """
        now, secret = self._clock.now(), new_secret()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            factors = await self._factors.of(tx, person_id)
            if factors is None:
                return go_to("/sign-in")
            if not factors.count and not factors.required:
                session = await self._sessions.start_in(tx, person_id, instead_of=request.cookies.get(SESSION_COOKIE))
                return with_session(go_to(return_to), session)
            await tx.execute(_START, hash_of(secret), person_id, return_to, now, now + _LIFETIME)
        response = go_to(SECOND_FACTOR_PATH if factors.count else ENROL_PATH)
        response.set_cookie(
            PENDING_COOKIE,
            secret,
            max_age=int(_LIFETIME.total_seconds()),
            path="/",
            secure=True,
            httponly=True,
            samesite="lax",
        )
        return response

    @asynccontextmanager
    async def pending(self, request: Request) -> AsyncIterator[PendingSignIn | None]:
        """The pending sign-in of this browser, for as long as the context lasts; None where there is none any more."""
        secret = hash_of(request.cookies.get(PENDING_COOKIE, ""))
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            row = await tx.row(_FIND, secret, self._clock.now())
            factors = await self._factors.of(tx, row["person_id"]) if row else None
            if row is None or factors is None:
                yield None
            else:
                yield PendingSignIn(tx, Ceremony("pending_sign_in", secret), **row, factors=factors)

    async def complete(self, request: Request, pending: PendingSignIn, response: Response) -> Response:
        """The response with the session that follows the second factor."""
        await pending.tx.execute("DELETE FROM pending_sign_in WHERE secret_hash = $1", pending.ceremony.secret_hash)
        old = request.cookies.get(SESSION_COOKIE)
        session = await self._sessions.start_in(pending.tx, pending.person_id, instead_of=old, second_factor=True)
        response.delete_cookie(PENDING_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return with_session(response, session)


def go_to(path: str) -> Response:
    """A redirect within the portal that no browser repeats a form for (303)."""
    return RedirectResponse(path if is_own_path(path) else "/", 303, {"Cache-Control": "no-store"})


def with_session(response: Response, secret: str) -> Response:
    """The response with the session's cookie."""
    response.set_cookie(SESSION_COOKIE, secret, path="/", secure=True, httponly=True, samesite="lax")
    return response
