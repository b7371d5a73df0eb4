"""Whose account an identity at the provider is: by issuer and subject, never by the e-mail address."""

from enum import StrEnum
from uuid import UUID

from auth.external.provider import Profile
from auth.people import EmailTakenError, create_person
from portal.clock import Clock
from portal.database import Database, DatabaseRole, Transaction

# Of two that come with a new identity at once, one waits: else both would make an account.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('external_identity'), hashtext($1 || ' ' || $2))"
_FIND = (
    "SELECT person.id, disabled_at FROM external_identity JOIN person ON person.id = person_id "
    "WHERE issuer = $1 AND subject = $2"
)
_LINK = "INSERT INTO external_identity (issuer, subject, person_id, created_at) VALUES ($1, $2, $3, $4)"

_LINKED = "SELECT EXISTS (SELECT FROM external_identity WHERE issuer = $1 AND person_id = $2)"
_UNLINK = "DELETE FROM external_identity WHERE issuer = $1 AND person_id = $2"


class Obstacle(StrEnum):
    """Why somebody who is known to the provider gets no session here."""

    DISABLED = "DISABLED"
    EMAIL_UNVERIFIED = "EMAIL_UNVERIFIED"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    LINKED_TO_ANOTHER = "LINKED_TO_ANOTHER"


class ObstacleError(Exception):
    """There is an obstacle."""

    def __init__(self, obstacle: Obstacle) -> None:
        super().__init__(obstacle.value)
        self.obstacle = obstacle


class ExternalIdentities:
    """Finds, makes and links the accounts of one issuer's subjects."""

    def __init__(self, database: Database, clock: Clock, issuer: str) -> None:
        self._database = database
        self._clock = clock
        self._issuer = issuer

    async def person_of(self, subject: str) -> UUID | None:
        """Who has this identity; None where nobody has it yet.

        Raises:
            ObstacleError: the account is disabled.
        """
        async with self._database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
            return await self._find(tx, subject)

    async def new_person(self, subject: str, profile: Profile) -> UUID:
        """An account with this identity and no password, a member of no tenant: an invitation makes it one.

        Raises:
            ObstacleError: the provider does not vouch for the e-mail address, or an account has it already.
        """
        now, email = self._clock.now(), profile.email
        async with self._database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(_LOCK, self._issuer, subject)
            if person_id := await self._find(tx, subject):
                return person_id
            if email is None:
                raise ObstacleError(Obstacle.EMAIL_UNVERIFIED)
            name = profile.name or email.partition("@")[0]
            try:
                person_id = await create_person(
                    tx, now, email=email, name=name, password_hash=None, email_verified_at=now
                )
            except EmailTakenError:
                raise ObstacleError(Obstacle.EMAIL_TAKEN) from None
            except ValueError:
                raise ObstacleError(Obstacle.EMAIL_UNVERIFIED) from None
            await tx.execute(_LINK, self._issuer, subject, person_id, now)
        return person_id

    async def link(self, tx: Transaction, subject: str, person_id: UUID) -> bool:
        """Let this person sign in by this identity; whether that is new.

        Raises:
            ObstacleError: it is somebody else's.
        """
        await tx.execute(_LOCK, self._issuer, subject)
        row = await tx.row(_FIND, self._issuer, subject)
        if row is None:
            await tx.execute(_LINK, self._issuer, subject, person_id, self._clock.now())
        elif row["id"] != person_id:
            raise ObstacleError(Obstacle.LINKED_TO_ANOTHER)
        return row is None

    async def linked(self, tx: Transaction, person_id: UUID) -> bool:
        """Whether this person has an identity there."""
        return bool(await tx.value(_LINKED, self._issuer, person_id))

    async def unlink(self, tx: Transaction, person_id: UUID) -> None:
        """Let this person sign in by it no longer."""
        await tx.execute(_UNLINK, self._issuer, person_id)

    async def _find(self, tx: Transaction, subject: str) -> UUID | None:
        row = await tx.row(_FIND, self._issuer, subject)
        if row is None:
            return None
        if row["disabled_at"]:
            raise ObstacleError(Obstacle.DISABLED)
        person_id: UUID = row["id"]
        return person_id
