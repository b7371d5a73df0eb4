"""A person's own account, behind the browser's session: what is there, and whether the person proved it is them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from starlette.requests import Request

from auth.authentication import SESSION_COOKIE
from auth.mailed_links import LinkPurpose, MailedLinks
from auth.passwords import set_password
from auth.random_secrets import hash_of
from auth.second_factor.ceremony import Ceremony
from auth.second_factor.factors import Factors, SecondFactors
from auth.sessions import Sessions
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction

_RECENT = timedelta(minutes=15)  # how long a proof is enough to change what proves
_PERSON = """
SELECT name, password_hash IS NOT NULL AS has_password, email_verified_at IS NOT NULL AS email_verified,
  coalesce(authenticated_at > $3, false) AS proven
FROM person JOIN session ON person_id = person.id AND secret_hash = $2 AND ended_at IS NULL WHERE person.id = $1
FOR UPDATE OF session
"""
_HOLD = "SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE"  # before its sessions, as whoever switches tenants does
_APPLICATIONS = """
SELECT oauth_grant.id, oauth_application.name, tenant.name AS tenant, oauth_grant.scopes, oauth_grant.created_at
FROM oauth_grant JOIN oauth_application USING (client_id) LEFT JOIN tenant ON tenant.id = tenant_id
WHERE person_id = $1 AND revoked_at IS NULL AND expires_at > $2
ORDER BY oauth_application.name, oauth_grant.created_at, oauth_grant.id
"""
_WITHDRAW = "UPDATE oauth_grant SET revoked_at = $3 WHERE person_id = $1 AND id = $2 AND revoked_at IS NULL"


@dataclass(frozen=True, slots=True)
class Application:
    """A program that acts for the person, in a tenant; `id` is the grant's."""

    id: UUID
    name: str
    tenant: str | None
    scopes: list[str]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Account:
    """The account of whoever has the session, open for as long as its transaction.

    `proven`: whether the person signed in, or gave the password again, a short while ago.
    """

    tx: Transaction
    ceremony: Ceremony
    person_id: UUID
    name: str
    has_password: bool
    email_verified: bool
    proven: bool
    factors: Factors


class Accounts:
    """Opens them, and says what is not part of signing in."""

    def __init__(
        self, database: Database, clock: Clock, sessions: Sessions, factors: SecondFactors, links: MailedLinks
    ) -> None:
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._factors = factors
        self._links = links

    @asynccontextmanager
    async def opened(self, request: Request) -> AsyncIterator[Account | None]:
        """The account behind this browser's session, or None where there is no session."""
        secret = request.cookies.get(SESSION_COOKIE, "")
        principal = await self._sessions.find(secret)
        if principal is None:
            yield None
            return
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            now, person_id, ceremony = self._clock.now(), principal.id, Ceremony("session", hash_of(secret))
            await tx.execute(_HOLD, person_id)
            row = await tx.row(_PERSON, person_id, ceremony.secret_hash, now - _RECENT)
            factors = await self._factors.of(tx, person_id)
            if row is None or factors is None:  # it ended between the two looks
                yield None
            else:
                yield Account(tx, ceremony, person_id, **row, factors=factors)

    async def change_password(self, account: Account, password_hash: str) -> str:
        """Set it; everything else that the person is signed in with ends. This session's new secret."""
        await set_password(account.tx, account.person_id, password_hash, at=self._clock.now())
        await self._sessions.end_all(account.tx, account.person_id, but=account.ceremony.secret_hash)
        await self._links.withdraw(account.tx, LinkPurpose.PASSWORD_RESET, account.person_id)
        await self.tell(account, "Your password was changed.")
        return await self._sessions.renew(account.tx, account.ceremony.secret_hash)

    async def tell(self, account: Account, what: str) -> None:
        """Mail the person what has changed, a sentence: it may have been somebody else."""
        await self._links.tell(account.tx, account.factors.email, what)

    async def applications(self, account: Account) -> list[Application]:
        """What acts for the person, by name."""
        rows = await account.tx.rows(_APPLICATIONS, account.person_id, self._clock.now())
        return [Application(**row) for row in rows]

    async def withdraw(self, account: Account, grant_id: UUID) -> None:
        """End what an application may do; what is not there, or somebody else's, stays as it is."""
        await account.tx.execute(_WITHDRAW, account.person_id, grant_id, self._clock.now())
