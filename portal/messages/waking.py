"""Waking those who hand messages over: a small table says which tenants have work, and when."""

from datetime import datetime

from portal.database import TenantTransaction


async def wake_dispatch(tx: TenantTransaction, *, now: datetime) -> None:
    """Tell the workers that this tenant has messages to hand over now.

    Late in a transaction, since it makes a worker that is claiming this tenant's messages wait for its end.
    """
    await tx.execute(
        "INSERT INTO due_tenant (tenant_id, due_at) VALUES ($1, $2) "
        "ON CONFLICT (tenant_id) DO UPDATE SET due_at = least(due_tenant.due_at, excluded.due_at)",
        tx.tenant_id,
        now,
    )
