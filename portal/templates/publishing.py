"""Asking that a version of a CONTENT template be published, or taken back: a worker does it."""

from datetime import datetime, timedelta
from uuid import UUID

from portal.database import TenantTransaction

# Longer than any transaction takes that composes with the version which was the current one when it began.
WITHDRAWN_AFTER = timedelta(hours=1)


async def publish(tx: TenantTransaction, version_id: UUID, *, now: datetime) -> None:
    """Have the provider get a version."""
    await tx.execute(
        "INSERT INTO template_content (tenant_id, version_id, state, state_at, due_at) "
        "VALUES ($1, $2, 'PUBLISHING', $3, $3)",
        *(tx.tenant_id, version_id, now),
    )


async def supersede(tx: TenantTransaction, template_id: UUID, *, now: datetime) -> None:
    """Have all versions of a template withdrawn, some time after the last message with them has left."""
    await tx.execute(
        "UPDATE template_content SET due_at = $3, attempts = 0 FROM template_version AS version "
        "WHERE version.tenant_id = $1 AND version.template_id = $2 "
        "AND template_content.tenant_id = $1 AND version_id = version.id "
        "AND state <> 'WITHDRAWN'",
        *(tx.tenant_id, template_id, now + WITHDRAWN_AFTER),
    )
