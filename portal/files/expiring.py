"""Deletes files when their time is over: first in the store, so that none stays there that nobody knows of."""

import structlog

from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.files.store import FileStore
from portal.files.uploads import path_of

_AT_ONCE = 100

log = structlog.get_logger(__name__)


async def delete_expired_files(database: Database, store: FileStore, clock: Clock) -> int:
    """Delete the files whose time is over; how many. One that cannot be deleted is tried again."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        due = await tx.rows(
            "SELECT tenant_id, id FROM upload WHERE delete_at <= $1 ORDER BY delete_at LIMIT $2", clock.now(), _AT_ONCE
        )
    deleted = 0
    for tenant_id, upload_id in due:
        try:
            await store.delete(path_of(tenant_id, upload_id))
            async with database.for_tenant(tenant_id) as own:
                sql = "DELETE FROM upload WHERE tenant_id = $1 AND id = $2"
                deleted += await own.execute(sql, tenant_id, upload_id)
        except Exception as error:
            log.exception("file_not_deleted", tenant_id=str(tenant_id), error=type(error).__name__)
    return deleted
