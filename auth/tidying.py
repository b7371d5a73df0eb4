"""Deletes what signing in leaves behind; what applications do is the authorization server's to delete."""

from datetime import datetime, timedelta

from auth.sessions import IDLE
from portal.database import Database, DatabaseRole

_REMEMBERED = timedelta(days=90)  # until then a session tells when its person was last here
_DELETE = (
    ("DELETE FROM session WHERE ended_at < $1 OR ends_at < $1 OR seen_at < $1", _REMEMBERED + IDLE),
    ("DELETE FROM pending_sign_in WHERE ends_at <= $1", timedelta()),
    ("DELETE FROM mailed_link WHERE expires_at <= $1", timedelta()),
)


async def delete_what_ended(database: Database, now: datetime) -> None:
    """Sessions that ended long ago, sign-ins that stopped half-way, what is no longer good."""
    for sql, kept in _DELETE:
        async with database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(sql, now - kept)
