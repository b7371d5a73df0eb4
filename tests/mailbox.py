"""The mails that the portal means to send, read from its queue."""

import orjson

from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox
from portal.mail.queue import Mail


async def mails(database: Database, box: SecretBox) -> list[Mail]:
    """What waits in the queue, the oldest first."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        rows = await tx.rows(
            "SELECT content FROM outgoing_mail ORDER BY ctid"
        )  # a test's clock stands still, and so do the ids
    return [Mail(**orjson.loads(box.decrypt(row["content"]))) for row in rows]
