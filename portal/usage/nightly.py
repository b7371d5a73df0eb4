"""The sync of each night: of which days, when each tenant's turn is, and asking for it."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from portal.clock import Clock
from portal.database import Database, DatabaseRole, TenantTransaction, Transaction
from portal.plans.proration import first_instant
from portal.usage.costing import SETTLES_AFTER
from portal.usage.periods import Days
from portal.usage.syncing import is_read, lock_syncs, request_sync

BACK = 3  # days that are read anew: the provider writes what comes late, and puts prices right, within two or three
MONTHS_BACK_UNTIL = 3  # up to this day of a month two are read anew: an invoice is made of one, and adjusts the other
AFTER = timedelta(hours=1)  # the day's end: before that the provider rarely has the whole day
OVER = timedelta(hours=3)  # the tenants' turns are spread, so that the provider is not asked for all of them at once
AGAIN_AFTER = timedelta(hours=1)  # where its count did not yet hold the whole day
CLOSED_SINCE = timedelta(days=70)  # what a tenant used in its last month is read until the invoice that adjusts it


def days_of_night(today: date) -> Days:
    """The days that are read in the night that today begins with; all of them are over."""
    first = today - timedelta(days=BACK)
    return Days(_month_before(_month_before(today).first).first if today.day <= MONTHS_BACK_UNTIL else first, today)


def turn_of(tenant_id: UUID, today: date) -> datetime:
    """From when on a tenant's turn has come, always at the same hour."""
    place = tenant_id.int % int(OVER.total_seconds())  # an id ends in chance
    return first_instant(today) + AFTER + timedelta(seconds=place)


async def request_nightly(database: Database, clock: Clock) -> int:
    """Ask for the syncs of those whose turn has come, and that were not asked for in this night; how many."""
    now = clock.now()
    today = now.astimezone(UTC).date()
    async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        rows = await _without(tx, today, now)
    due = [row for row in rows if turn_of(row, today) <= now]
    for tenant_id in due:
        async with database.for_tenant(tenant_id) as own:
            await _request(own, today, now)
    return len(due)


async def _request(tx: TenantTransaction, today: date, now: datetime) -> None:
    await lock_syncs(tx, tx.tenant_id)
    if tx.tenant_id not in await _without(tx, today, now):  # another worker has asked meanwhile
        return
    days, month = days_of_night(today), _month_before(today)
    if not await is_read(tx, tx.tenant_id, month):  # its invoice may wait for that
        days = Days(min(days.first, month.first), days.until)
    await request_sync(tx, tx.tenant_id, days, now=now)


async def _without(tx: Transaction, today: date, now: datetime) -> list[UUID]:
    """Tenants without a sync of this night's days since they were over, or only one that saw too little of them."""
    asked, over = days_of_night(today), first_instant(today)
    rows = await tx.rows(
        _WITHOUT, now - CLOSED_SINCE, over, *(asked.first, asked.until, over + SETTLES_AFTER), now - AGAIN_AFTER
    )
    return [row["id"] for row in rows]


def _month_before(today: date) -> Days:
    until = today.replace(day=1)
    return Days((until - timedelta(days=1)).replace(day=1), until)


_WITHOUT = (
    "SELECT id FROM tenant WHERE (state <> 'CLOSED' OR closed_at > $1) AND NOT EXISTS (SELECT FROM usage_sync AS sync "
    "WHERE sync.tenant_id = tenant.id AND requested_at >= $2 AND from_day <= $3 AND until_day >= $4 "
    "AND (state <> 'DONE' OR as_of >= $5 OR finished_at > $6)) ORDER BY id"
)
