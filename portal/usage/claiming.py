"""Who works on a sync: one worker at a time, until its lease ends; how it gets on, waits, and ends."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.database import Database, DatabaseRole, TenantTransaction
from portal.live.changes import Change, ChangeKind
from portal.usage.periods import Days
from portal.usage.syncing import UsageSyncFault, UsageSyncState, lock_syncs

LEASE = timedelta(minutes=5)  # longer than a slice takes: who dies meanwhile leaves the sync to another
MOST_ATTEMPTS = 10  # in a row without a slice: some five hours, after which the next night tries
_FIRST_PAUSE = timedelta(minutes=1)
_LONGEST_PAUSE = timedelta(hours=1)
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Claim:
    """A sync that this worker alone goes on with, until its lease ends; `left` are the days that are not read yet."""

    tenant_id: UUID
    id: UUID
    left: Days
    attempts: int
    lease: datetime


async def due_tenants(database: Database, *, now: datetime) -> list[UUID]:
    """Tenants with a sync that is due and none that is under way, whoever has waited longest first."""
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        return [row["tenant_id"] for row in await tx.rows(_DUE, now, _LOOKED_AT)]


async def claim(tx: TenantTransaction, *, now: datetime) -> Claim | None:
    """Claim the tenant's sync that is due, or None where another worker has it; one at a time of a tenant.

    One that was claimed again and again without getting on is given up: whoever goes on with it dies.
    """
    await lock_syncs(tx, tx.tenant_id)
    if await tx.value(_UNDER_WAY, tx.tenant_id, now):
        return None
    row = await tx.row(_NEXT, tx.tenant_id, now)
    if row is None:
        return None
    left = Days(row["from_day"] + timedelta(days=row["days_done"]), row["until_day"])
    claimed = Claim(tx.tenant_id, row["id"], left, row["attempts"] + 1, now + LEASE)
    if row["attempts"] >= MOST_ATTEMPTS:
        await _end(tx, claimed.id, UsageSyncState.FAILED, UsageSyncFault.INTERNAL, now)
        return None
    await tx.execute(
        "UPDATE usage_sync SET state = 'RUNNING', due_at = $3, attempts = $4 WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, claimed.id, claimed.lease, claimed.attempts),
    )
    _announce(tx, claimed.id)
    return claimed


async def get_on(
    tx: TenantTransaction, claimed: Claim, done: Days, as_of: datetime | None, *, now: datetime
) -> Claim | None:
    """Note that these days are read, and go on; None where the lease ended and another worker took over."""
    left = Days(done.until, claimed.left.until)
    further = Claim(claimed.tenant_id, claimed.id, left, 0, now + LEASE)
    progress = "days_done = days_done + $4, as_of = least(as_of, $5), due_at = $6, attempts = 0, fault = NULL"
    sql = f"UPDATE usage_sync SET {progress} WHERE {_HELD}"  # noqa: S608  constants
    held = (claimed.tenant_id, claimed.id, claimed.lease)
    if not await tx.execute(sql, *held, done.count, as_of, further.lease):
        return None
    if not left.count:
        await _end(tx, claimed.id, UsageSyncState.DONE, None, now)
    _announce(tx, claimed.id)
    return further


async def give_back(tx: TenantTransaction, claimed: Claim, *, now: datetime) -> None:
    """Let others go first, and go on afterwards."""
    sql = f"UPDATE usage_sync SET state = 'WAITING', due_at = $4 WHERE {_HELD}"  # noqa: S608  constants
    await tx.execute(sql, claimed.tenant_id, claimed.id, claimed.lease, now)


async def put_off(tx: TenantTransaction, claimed: Claim, fault: UsageSyncFault, *, now: datetime) -> None:
    """Try again later, or give it up where it was tried often enough; nothing where another worker has it."""
    pause = min(_FIRST_PAUSE * 2**claimed.attempts, _LONGEST_PAUSE)
    sql = f"UPDATE usage_sync SET state = 'WAITING', due_at = $4, fault = $5 WHERE {_HELD}"  # noqa: S608  constants
    if not await tx.execute(sql, claimed.tenant_id, claimed.id, claimed.lease, now + pause, fault.value):
        return
    if claimed.attempts >= MOST_ATTEMPTS or fault is UsageSyncFault.ACCOUNT_MISSING:
        await _end(tx, claimed.id, UsageSyncState.FAILED, fault, now)
    _announce(tx, claimed.id)


async def _end(
    tx: TenantTransaction, sync_id: UUID, state: UsageSyncState, fault: UsageSyncFault | None, now: datetime
) -> None:
    await tx.execute(
        "UPDATE usage_sync SET state = $3, fault = $4, due_at = NULL, finished_at = $5 "
        "WHERE tenant_id = $1 AND id = $2",
        *(tx.tenant_id, sync_id, state.value, fault, now),
    )
    _announce(tx, sync_id)


def _announce(tx: TenantTransaction, sync_id: UUID) -> None:
    tx.announce(Change(ChangeKind.USAGE_SYNC, sync_id))


_DUE = (
    "SELECT tenant_id, min(due_at) AS since FROM usage_sync AS due WHERE due_at <= $1 AND NOT EXISTS "
    "(SELECT FROM usage_sync AS other WHERE other.tenant_id = due.tenant_id AND other.state = 'RUNNING' "
    "AND other.due_at > $1) GROUP BY tenant_id ORDER BY since, tenant_id LIMIT $2"
)
_UNDER_WAY = "SELECT EXISTS (SELECT FROM usage_sync WHERE tenant_id = $1 AND state = 'RUNNING' AND due_at > $2)"
_NEXT = (
    "SELECT id, from_day, until_day, days_done, attempts FROM usage_sync "
    "WHERE tenant_id = $1 AND due_at <= $2 ORDER BY due_at, id LIMIT 1"
)
_HELD = "tenant_id = $1 AND id = $2 AND state = 'RUNNING' AND due_at = $3"
