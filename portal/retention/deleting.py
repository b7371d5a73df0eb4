"""Deletes what is older than it may be, in batches, so that no transaction holds many rows for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from portal.clock import Clock, ids_at
from portal.database import Database, DatabaseRole
from portal.tenants.settings import TenantSettings

_BATCH = 1000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table whose rows stay for some days after they were made; their ids tell when that was."""

    table: str
    days: int | None  # None: as many as the tenant keeps callbacks
    condition: str = "true"  # what else has to hold of a row that goes
    least: int = 1  # days that it is needed for, whatever the tenant wishes

    @property
    def delete(self) -> str:
        """The statement that deletes a batch of a tenant's rows with ids before $2, at most $3 of them."""
        return (
            f"DELETE FROM {self.table} WHERE tenant_id = $1 AND id = ANY(ARRAY("  # noqa: S608  names from code
            f"SELECT id FROM {self.table} WHERE tenant_id = $1 AND id < $2 AND {self.condition} ORDER BY id LIMIT $3))"
        )


_KEPT = (
    # One that waits is still needed, however long ago it came.
    _Kept("callback_inbox", None, "applied_at IS NOT NULL"),
    _Kept("idempotency_key", 7),
    _Kept("alert_occurrence", 90),
    # What was wrong with rows first, then what became of the file.
    _Kept("contact_import_problem", 90),
    _Kept("contact_import", 90, "due_at IS NULL"),
    _Kept("number_lookup", 90, "due_at IS NULL"),
    _Kept("traffic_window", 2),  # it holds numbers, and is looked at for two hours
    # They hold what the callbacks held; an event is tried for a day and a half.
    _Kept("webhook_event", None, least=2),
    _Kept("webhook_delivery", None, least=2),
)


async def delete_old(database: Database, clock: Clock) -> int:
    """Delete each tenant's old rows; how many went. A tenant where that fails stops no other."""
    now = clock.now()
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        tenants = [row["id"] for row in await tx.rows("SELECT id FROM tenant")]
    deleted = 0
    for tenant_id in tenants:
        try:
            deleted += await _delete_of(database, tenant_id, now)
        except Exception as error:  # it is tried again
            log.exception("old_rows_not_deleted", tenant_id=str(tenant_id), error=type(error).__name__)
    return deleted


async def _delete_of(database: Database, tenant_id: UUID, now: datetime) -> int:
    async with database.for_tenant(tenant_id, role=DatabaseRole.WORKER, read_only=True) as tx:
        days = await tx.value("SELECT callback_days FROM tenant_settings WHERE tenant_id = $1", tenant_id)
    deleted = 0
    for kept in _KEPT:
        wished = days or TenantSettings().callback_days
        before, _ = ids_at(now - timedelta(days=kept.days or max(wished, kept.least)))
        gone = _BATCH
        while gone == _BATCH:
            async with database.for_tenant(tenant_id, role=DatabaseRole.WORKER) as tx:
                gone = await tx.execute(kept.delete, tenant_id, before, _BATCH)
            deleted += gone
    return deleted
