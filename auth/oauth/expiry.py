"""Deletes what can be used no more: grants with their codes and tokens, and what was remembered for a time."""

from datetime import datetime, timedelta

from auth.keys import LEEWAY
from portal.database import Database, DatabaseRole

_MARGIN = timedelta(minutes=1)  # for who was in time, and is still being answered
# A grant is over when it is revoked, or when nothing is left that could be exchanged; its code and tokens go with it.
_GRANTS = """
DELETE FROM oauth_grant WHERE expires_at <= $1 OR revoked_at <= $1 OR NOT (
  EXISTS (SELECT FROM authorization_code WHERE grant_id = oauth_grant.id AND expires_at > $1)
  OR EXISTS (SELECT FROM refresh_token WHERE grant_id = oauth_grant.id AND expires_at > $1))
"""
_REST = (
    "DELETE FROM refresh_token WHERE expires_at <= $1",
    "DELETE FROM revoked_token WHERE expires_at <= $1",
    "DELETE FROM used_assertion WHERE expires_at <= $1",
)


async def delete_expired(database: Database, at: datetime) -> int:
    """Delete it; how many rows there were, without those that went with their grant."""
    before = at - max(_MARGIN, LEEWAY)
    async with database.as_role(DatabaseRole.AUTH) as tx:
        return sum([await tx.execute(statement, before) for statement in (_GRANTS, *_REST)])
