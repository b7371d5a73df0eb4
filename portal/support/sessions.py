"""Support sessions: ISV support in one tenant, for a reason and until an instant; one at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.audit.entries import AuditEvent, Origin, write_entry
from portal.audit.masking import mask_text
from portal.clock import new_id
from portal.database import Database, DatabaseRole, TenantTransaction, Transaction
from portal.database.connection import Row
from portal.database.keyset import Keyset, Listing, Page, PageRequest, read_page
from portal.problems import Problem, RefusedError, refuse

REASON_LENGTHS = range(5, 501)
SESSION_MINUTES = range(5, 241)
READ_ACTION = "supportRead"
NEWEST_FIRST = Keyset("opened-", descending=True)


class SupportSessionProblem(StrEnum):
    """Why a support session is not opened or ended."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    TENANT_CLOSED = "TENANT_CLOSED"


@dataclass(frozen=True, slots=True)
class SupportSessionRow:
    """Somebody of ISV support in a tenant; `reads` is None where it was not counted."""

    tenant_id: UUID
    id: UUID
    person_name: str
    reason: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None
    content_granted: bool
    reads: int | None = None


@dataclass(frozen=True, slots=True)
class OpenSupportSession:
    """The session that somebody of ISV support has open, and whether the tenant lets support see content now."""

    row: SupportSessionRow
    sees_content: bool

    @property
    def tenant_id(self) -> UUID:
        """The tenant that it is in."""
        return self.row.tenant_id

    @property
    def id(self) -> UUID:
        """The session's id."""
        return self.row.id


@dataclass(frozen=True, slots=True)
class SessionWish:
    """The tenant to go into, why, and for how long."""

    tenant_id: UUID
    reason: str
    minutes: int


# Content was granted in a session where a grant and the session overlap.
_COLUMNS = """tenant_id, id, person_name, reason, opened_at, expires_at, closed_at, EXISTS (
  SELECT FROM support_grant AS leave WHERE leave.tenant_id = support_session.tenant_id
  AND leave.granted_at < least(support_session.closed_at, support_session.expires_at)
  AND least(leave.revoked_at, leave.expires_at) > support_session.opened_at) AS content_granted"""
_READS = f"""(SELECT count(*) FROM audit_entry WHERE audit_entry.tenant_id = support_session.tenant_id
  AND support_session_id = support_session.id AND action = '{READ_ACTION}') AS reads"""  # noqa: S608  constants
_OPEN = "person_id = $1 AND closed_at IS NULL AND expires_at > $2"
_FIND_OPEN = f"""
SELECT {_COLUMNS}, EXISTS (
  SELECT FROM support_grant AS leave WHERE leave.tenant_id = support_session.tenant_id
  AND revoked_at IS NULL AND leave.expires_at > $2) AS sees_content
FROM support_session WHERE {_OPEN}
AND EXISTS (SELECT FROM tenant WHERE tenant.id = support_session.tenant_id AND state <> 'CLOSED')
"""  # noqa: S608  constants


async def find_open_session(database: Database, person_id: UUID, *, now: datetime) -> OpenSupportSession | None:
    """The open session of this person, or None; one statement. Where the tenant was closed meanwhile, it is over."""
    async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        return await _find_open(tx, person_id, now)


async def start_session(database: Database, origin: Origin, wish: SessionWish, *, now: datetime) -> OpenSupportSession:
    """Open a session of the person that asks; the one that it has open ends.

    Raises:
        RefusedError: there is no such tenant, it is closed, or the reason or the time is not acceptable.
    """
    wish = replace(wish, reason=wish.reason.strip())
    if problems := _problems(wish):
        raise RefusedError(problems)
    person_id = origin.actor.id
    async with database.as_role(DatabaseRole.AUTH) as tx:
        # Starts of one person wait for each other here, so that never two of its sessions are open.
        await tx.row("SELECT FROM person WHERE id = $1 FOR NO KEY UPDATE", person_id)
        state = await tx.value("SELECT state FROM tenant WHERE id = $1", wish.tenant_id)
        if state is None:
            raise refuse(SupportSessionProblem.NOT_FOUND, "There is no such tenant.", "tenantId")
        if state == "CLOSED":
            message = "This tenant is closed: nobody of it could see who looks at its data."
            raise refuse(SupportSessionProblem.TENANT_CLOSED, message, "tenantId")
        await _end(tx, origin, f"UPDATE support_session SET closed_at = $2 WHERE {_OPEN}", person_id, now)  # noqa: S608  constants
        session_id = new_id(now)
        await tx.execute(
            "INSERT INTO support_session (tenant_id, id, person_id, person_name, reason, opened_at, expires_at) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)",
            wish.tenant_id,
            session_id,
            person_id,
            origin.actor.name,
            wish.reason,
            now,
            now + timedelta(minutes=wish.minutes),
        )
        event = AuditEvent("supportSessionStart", changes={"reason": mask_text(wish.reason), "minutes": wish.minutes})
        await write_entry(tx, wish.tenant_id, replace(origin, support_session_id=session_id), event, at=now)
        opened = await _find_open(tx, person_id, now)
    if opened is None:
        raise RuntimeError("a session that was opened is open")
    return opened


async def end_session(database: Database, origin: Origin, session_id: UUID, *, now: datetime) -> SupportSessionRow:
    """End an open session of the person that asks.

    Raises:
        RefusedError: the person has no such session open.
    """
    end = f"UPDATE support_session SET closed_at = $2 WHERE {_OPEN} AND id = $3"  # noqa: S608  constants
    async with database.as_role(DatabaseRole.AUTH) as tx:
        ended = await _end(tx, origin, end, origin.actor.id, now, session_id)
    if not ended:
        raise refuse(SupportSessionProblem.NOT_FOUND, "You have no such support session open.", "id")
    return ended[0]


async def read_sessions(tx: TenantTransaction, request: PageRequest) -> Page[SupportSessionRow]:
    """A page of the sessions in the tenant, the newest first."""
    columns = f"{_COLUMNS}, {_READS}"
    listing = Listing(columns, "support_session", "id", ["tenant_id = $1"], [tx.tenant_id])
    return await read_page(tx, listing, NEWEST_FIRST, request, _session_row)


async def read_sessions_by_id(tx: TenantTransaction, ids: Sequence[UUID]) -> dict[UUID, SupportSessionRow]:
    """Those of these sessions that are or were in the tenant."""
    sql = f"SELECT {_COLUMNS}, {_READS} FROM support_session WHERE tenant_id = $1 AND id = ANY($2::uuid[])"  # noqa: S608  constants
    return {row["id"]: _session_row(row) for row in await tx.rows(sql, tx.tenant_id, list(ids))}


async def _find_open(tx: Transaction, person_id: UUID, now: datetime) -> OpenSupportSession | None:
    row = await tx.row(_FIND_OPEN, person_id, now)
    return None if row is None else OpenSupportSession(_session_row(row), row["sees_content"])


async def _end(tx: Transaction, origin: Origin, sql: str, *arguments: object) -> list[SupportSessionRow]:
    rows = await tx.rows(f"{sql} RETURNING {_COLUMNS}", *arguments)
    ended = [_session_row(row) for row in rows]
    for session in ended:
        at = session.closed_at or session.expires_at
        its = replace(origin, support_session_id=session.id)
        await write_entry(tx, session.tenant_id, its, AuditEvent("supportSessionEnd"), at=at)
    return ended


def _session_row(row: Row) -> SupportSessionRow:
    return SupportSessionRow(
        tenant_id=row["tenant_id"],
        id=row["id"],
        person_name=row["person_name"],
        reason=row["reason"],
        opened_at=row["opened_at"],
        expires_at=row["expires_at"],
        closed_at=row["closed_at"],
        content_granted=row["content_granted"],
        reads=row.get("reads"),
    )


def _problems(wish: SessionWish) -> list[Problem]:
    found = []
    if len(wish.reason) not in REASON_LENGTHS:
        message = f"Say why in {REASON_LENGTHS[0]} to {REASON_LENGTHS[-1]} characters: the tenant reads it."
        found.append(Problem(SupportSessionProblem.INVALID, message, ("reason",)))
    if wish.minutes not in SESSION_MINUTES:
        message = f"A session lasts {SESSION_MINUTES[0]} to {SESSION_MINUTES[-1]} minutes."
        found.append(Problem(SupportSessionProblem.INVALID, message, ("minutes",)))
    return found
