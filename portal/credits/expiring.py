"""Lets credits lapse: an entry of its own says how many did, so that a lot is the sum of its entries."""

from datetime import datetime

from portal.clock import Clock, new_id
from portal.database import Database, DatabaseRole, TenantTransaction

_TENANTS = 100
_LEFT = "units - used - reserved - expired"


async def expire_credits(database: Database, clock: Clock) -> int:
    """Write down what has lapsed in the tenants; how many lots that were. What is not yet settled stays reserved."""
    now = clock.now()
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        sql = f"SELECT DISTINCT tenant_id FROM credit_lot WHERE expires_at <= $1 AND {_LEFT} > 0 LIMIT $2"  # noqa: S608  constants
        due = [row["tenant_id"] for row in await tx.rows(sql, now, _TENANTS)]
    expired = 0
    for tenant_id in due:
        async with database.for_tenant(tenant_id) as own:
            expired += await expire(own, now=now)
    return expired


async def expire(tx: TenantTransaction, *, now: datetime) -> int:
    """Write down what has lapsed in a tenant; how many lots that were."""
    rows = await tx.rows(
        f"SELECT id, {_LEFT} AS units FROM credit_lot WHERE tenant_id = $1 AND expires_at <= $2 AND {_LEFT} > 0 "  # noqa: S608  constants
        "ORDER BY expires_at, id FOR UPDATE",
        *(tx.tenant_id, now),
    )
    if not rows:
        return 0
    return await tx.execute(
        "WITH lapsed AS (SELECT * FROM unnest($2::uuid[], $3::uuid[], $4::bigint[]) AS l (entry_id, lot_id, units)), "
        "lot AS (UPDATE credit_lot SET expired = expired + lapsed.units FROM lapsed "
        "WHERE credit_lot.tenant_id = $1 AND credit_lot.id = lapsed.lot_id) "
        "INSERT INTO credit_entry (tenant_id, id, lot_id, kind, units, at) "
        "SELECT $1, entry_id, lot_id, 'EXPIRE', units, $5 FROM lapsed",
        tx.tenant_id,
        [new_id(now) for _ in rows],
        [row["id"] for row in rows],
        [row["units"] for row in rows],
        now,
    )
