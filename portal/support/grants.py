"""Grants: a tenant lets ISV support see content, for a time, and takes that back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.actor import Actor
from portal.clock import new_id
from portal.database import TenantTransaction
from portal.database.connection import Row
from portal.problems import refuse

GRANT_HOURS = range(1, 169)
_COLUMNS = "granted_by_name, granted_at, expires_at"
_GRANT = (
    "INSERT INTO support_grant (tenant_id, id, granted_by, granted_by_name, granted_at, expires_at) "  # noqa: S608  constants
    f"VALUES ($1, $2, $3, $4, $5, $6) RETURNING {_COLUMNS}"
)
_REVOKE = "UPDATE support_grant SET revoked_at = $2 WHERE tenant_id = $1 AND revoked_at IS NULL"


class SupportAccessProblem(StrEnum):
    """Why support is not let in, or not shut out."""

    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"


@dataclass(frozen=True, slots=True)
class SupportGrantRow:
    """Who lets ISV support see content, since when and until when."""

    granted_by_name: str
    granted_at: datetime
    expires_at: datetime


async def grant_access(tx: TenantTransaction, member: Actor, hours: int, *, now: datetime) -> SupportGrantRow:
    """Let ISV support see content from now on; the grant before ends.

    Raises:
        RefusedError: the time is not acceptable.
    """
    if hours not in GRANT_HOURS:
        message = f"Support is let in for {GRANT_HOURS[0]} to {GRANT_HOURS[-1]} hours."
        raise refuse(SupportAccessProblem.INVALID, message, "hours")
    # Grants of one tenant wait for each other: each finds the one before it, and one is open.
    await tx.row("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"support_grant:{tx.tenant_id}")
    await tx.execute(_REVOKE, tx.tenant_id, now)
    row = await tx.row(
        _GRANT,
        tx.tenant_id,
        new_id(now),
        member.id,
        member.name,
        now,
        now + timedelta(hours=hours),
    )
    return _grant_row(row)


async def revoke_access(tx: TenantTransaction, *, now: datetime) -> SupportGrantRow:
    """Let ISV support see content no longer; the grant that ended.

    Raises:
        RefusedError: support may see no content as it is.
    """
    row = await tx.row(f"{_REVOKE} AND expires_at > $2 RETURNING {_COLUMNS}", tx.tenant_id, now)
    if row is None:
        raise refuse(SupportAccessProblem.NOT_FOUND, "Support may see no content as it is.")
    return _grant_row(row)


async def find_open_grant(tx: TenantTransaction, *, now: datetime) -> SupportGrantRow | None:
    """The grant that holds now, or None."""
    sql = f"SELECT {_COLUMNS} FROM support_grant WHERE tenant_id = $1 AND revoked_at IS NULL AND expires_at > $2"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, now)
    return None if row is None else _grant_row(row)


def _grant_row(row: Row) -> SupportGrantRow:
    return SupportGrantRow(row["granted_by_name"], row["granted_at"], row["expires_at"])
