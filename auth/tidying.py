"""Deletes what signing in and applications leave behind."""

from datetime import datetime, timedelta

from auth.sessions import IDLE
from portal.database import Database, DatabaseRole

_REMEMBERED = timedelta(days=90)  # until then a session tells when its person was last here
_REVOKED = timedelta(days=30)  # until then a stolen token that comes back is known as one of a revoked family
_DRIFT = timedelta(hours=1)  # clocks differ: what may still be believed somewhere stays
_DELETE = (
    ("DELETE FROM session WHERE ended_at < $1 OR ends_at < $1 OR seen_at < $1", _REMEMBERED + IDLE),
    ("DELETE FROM pending_sign_in WHERE ends_at <= $1", timedelta()),
    ("DELETE FROM mailed_link WHERE expires_at <= $1", timedelta()),
    ("DELETE FROM oauth_grant WHERE expires_at < $1 OR revoked_at < $1", _REVOKED),  # and with it codes and tokens
    ("DELETE FROM revoked_token WHERE expires_at < $1", _DRIFT),
    ("DELETE FROM used_assertion WHERE expires_at < $1", _DRIFT),
)


async def delete_what_ended(database: Database, now: datetime) -> None:
    """Sessions that ended long ago, sign-ins that stopped half-way, what is no longer good."""
    for sql, kept in _DELETE:
        async with database.as_role(DatabaseRole.AUTH) as tx:
            await tx.execute(sql, now - kept)
