"""Sessions of browsers: the cookie holds a secret, the database its SHA-256, and both end."""

from datetime import datetime, timedelta
from uuid import UUID

from auth.principal import Principal, PrincipalKind
from auth.random_secrets import hash_of, new_secret
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction
from portal.database.connection import Row

IDLE = timedelta(hours=12)
LONGEST = timedelta(days=7)
_SEEN_EVERY = timedelta(minutes=1)  # a read writes at most this often

_LIVE = "secret_hash = $1 AND ended_at IS NULL AND ends_at > $2 AND seen_at > $3"
# Whose membership ended keeps the session, without the tenant; the ISV's staff have none without a second factor.
_FIND = f"""
SELECT person.id, person.name, email, staff_role, locale, person.time_zone, seen_at, tenant.id AS tenant_id
FROM session JOIN person ON person.id = session.person_id AND person.disabled_at IS NULL
LEFT JOIN (membership JOIN tenant ON tenant.id = membership.tenant_id AND tenant.state <> 'CLOSED')
  ON membership.tenant_id = session.tenant_id AND membership.person_id = session.person_id
WHERE {_LIVE} AND (staff_role IS NULL OR second_factor_at IS NOT NULL)
"""  # noqa: S608  made of constants
_START = """
INSERT INTO session
  (secret_hash, person_id, tenant_id, created_at, seen_at, authenticated_at, ends_at, second_factor_at)
SELECT $1, person.id, (
    SELECT tenant.id FROM membership JOIN tenant ON tenant.id = membership.tenant_id
    WHERE membership.person_id = person.id AND person.staff_role IS NULL AND tenant.state <> 'CLOSED'
    ORDER BY tenant.name, tenant.id LIMIT 1
  ), $3, $3, $3, $4, $5
FROM person WHERE person.id = $2
"""
# Whoever ends all of a person's sessions holds the person: a switch that is under way would be overlooked.
_WAIT = "SELECT FROM session JOIN person ON person.id = person_id WHERE secret_hash = $1 FOR SHARE OF person"
_LEAVE = f"""
UPDATE session SET ended_at = $2
FROM person, membership, tenant
WHERE {_LIVE} AND person.id = session.person_id AND person.disabled_at IS NULL
  AND membership.person_id = person.id AND tenant.id = membership.tenant_id AND tenant.state <> 'CLOSED'
  AND (tenant.id::text = $4 OR tenant.slug = $4)
RETURNING session.person_id, tenant.id AS tenant_id, ends_at, authenticated_at, second_factor_at
"""  # noqa: S608  made of constants
_CONTINUE = (
    "INSERT INTO session "
    "(secret_hash, created_at, seen_at, person_id, tenant_id, ends_at, authenticated_at, second_factor_at) "
    "VALUES ($1, $2, $2, $3, $4, $5, $6, $7)"
)
_SEE = "UPDATE session SET seen_at = $2 WHERE secret_hash = $1 AND seen_at = $3"  # of many at once only one writes
_COUNT = "SELECT count(*) FROM session WHERE person_id = $1 AND ended_at IS NULL AND ends_at > $2 AND seen_at > $3"
_RENEW = "UPDATE session SET secret_hash = $2, authenticated_at = $3 WHERE secret_hash = $1"
_END_ALL = "UPDATE session SET ended_at = $2 WHERE person_id = $1 AND ended_at IS NULL AND secret_hash <> $3"
_REVOKE_ALL = "UPDATE oauth_grant SET revoked_at = $2 WHERE person_id = $1 AND revoked_at IS NULL"
_END = "UPDATE session SET ended_at = $2 WHERE secret_hash = $1 AND ended_at IS NULL"


class Sessions:
    """Starts, finds, switches and ends them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def start(self, person_id: UUID, *, instead_of: str | None = None, second_factor: bool = False) -> str:
        """A new session's secret, in a transaction of its own; as `start_in`."""
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            return await self.start_in(tx, person_id, instead_of=instead_of, second_factor=second_factor)

    async def start_in(
        self, tx: Transaction, person_id: UUID, *, instead_of: str | None = None, second_factor: bool = False
    ) -> str:
        """A new session's secret; the browser's old one ends, so that a planted one gains nothing.

        `second_factor`: whether one was proven just now.
        """
        now, secret = self._clock.now(), new_secret()
        if instead_of:
            await tx.execute(_END, hash_of(instead_of), now)
        await tx.execute(_START, hash_of(secret), person_id, now, now + LONGEST, now if second_factor else None)
        return secret

    async def find(self, secret: str, *, seen: bool = True) -> Principal | None:
        """Who has this session, or None when it ended or never was; unless `seen`, that keeps it from no idle end."""
        now = self._clock.now()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            row = await tx.row(_FIND, *self._live(secret, now))
            if row is None:
                return None
            if seen and now - row["seen_at"] >= _SEEN_EVERY:
                await tx.execute(_SEE, hash_of(secret), now, row["seen_at"])
        return _principal(row)

    async def switch(self, secret: str, tenant: str) -> str | None:
        """The secret of a session with another tenant of the same person, in place of this one; None if there is none.

        `tenant` is its id or its slug. The new session ends when the old one would have.
        """
        if not tenant.isprintable():  # PostgreSQL's text cannot hold a NUL
            return None
        now, new = self._clock.now(), new_secret()
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(_WAIT, hash_of(secret))
            row = await tx.row(_LEAVE, *self._live(secret, now), tenant)
            if row is None:
                return None
            await tx.execute(_CONTINUE, hash_of(new), now, *row)
        return new

    async def renew(self, tx: Transaction, secret_hash: bytes) -> str:
        """The session's new secret: its person proved who it is just now."""
        secret = new_secret()
        await tx.execute(_RENEW, secret_hash, hash_of(secret), self._clock.now())
        return secret

    async def count(self, tx: Transaction, person_id: UUID) -> int:
        """In how many browsers the person is signed in."""
        now = self._clock.now()
        count: int = await tx.value(_COUNT, person_id, now, now - IDLE)
        return count

    async def end_all(self, tx: Transaction, person_id: UUID, *, but: bytes = b"") -> None:
        """End a person's sessions, save one by its hash, sign-ins that are under way, and what applications may do.

        The transaction holds the person's row, so that no switch of tenant brings a session past it.
        """
        now = self._clock.now()
        # First: it waits for a sign-in that is being completed, whose session then ends with the others.
        await tx.execute("DELETE FROM pending_sign_in WHERE person_id = $1", person_id)
        await tx.execute(_END_ALL, person_id, now, but)
        await tx.execute(_REVOKE_ALL, person_id, now)

    async def end(self, secret: str) -> None:
        """End it; what ended already stays so."""
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(_END, hash_of(secret), self._clock.now())

    def _live(self, secret: str, now: datetime) -> tuple[bytes, datetime, datetime]:
        return hash_of(secret), now, now - IDLE


def _principal(row: Row) -> Principal:
    staff = row["staff_role"]
    return Principal(
        kind=PrincipalKind(staff) if staff else PrincipalKind.MEMBER,
        id=row["id"],
        name=row["name"],
        tenant_id=None if staff else row["tenant_id"],
        token_permissions=None,
        email=row["email"],
        locale=row["locale"],
        time_zone=row["time_zone"],
    )
