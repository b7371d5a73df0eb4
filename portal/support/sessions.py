"""Support sessions: ISV support in one tenant, for a reason and until an instant; one at a time."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.database import Database, DatabaseRole

_OPEN = """
SELECT tenant_id, id, expires_at, EXISTS (
  SELECT FROM support_grant WHERE support_grant.tenant_id = support_session.tenant_id
  AND revoked_at IS NULL AND support_grant.expires_at > $2) AS content_granted
FROM support_session WHERE person_id = $1 AND closed_at IS NULL AND expires_at > $2
ORDER BY opened_at DESC, id DESC LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class OpenSupportSession:
    """The session that somebody of ISV support has open, and whether the tenant lets support see content now."""

    tenant_id: UUID
    id: UUID
    expires_at: datetime
    content_granted: bool


async def find_open_session(database: Database, person_id: UUID, *, now: datetime) -> OpenSupportSession | None:
    """The open session of this person, or None; one statement."""
    async with database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        row = await tx.row(_OPEN, person_id, now)
    return OpenSupportSession(**row) if row else None
