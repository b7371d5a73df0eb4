"""Syncs: reading the provider's usage records of some days. What was asked for, and how far each is."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.clock import new_id
from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.live.changes import Change, ChangeKind
from portal.plans.proration import first_instant
from portal.problems import refuse
from portal.usage.costing import SETTLES_AFTER
from portal.usage.periods import BEFORE_ANY, Days

LONGEST = 731  # days of one sync that people ask for: some 150 requests
_REPEATED_WITHIN = timedelta(minutes=1)
_SHOWN = 24


class UsageSyncState(StrEnum):
    """How far a sync is; one that fails for a while waits."""

    WAITING = "WAITING"
    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


class UsageSyncFault(StrEnum):
    """Why a sync waits for another try, or failed."""

    PROVIDER_UNAVAILABLE = "PROVIDER_UNAVAILABLE"
    ACCOUNT_MISSING = "ACCOUNT_MISSING"
    INTERNAL = "INTERNAL"


class UsageSyncProblem(StrEnum):
    """Why no sync is started."""

    INVALID = "INVALID"
    BUSY = "BUSY"


@dataclass(frozen=True, slots=True)
class UsageSyncRow:
    """A sync; its days are read in their order, and `days_done` of them are."""

    tenant_id: UUID
    id: UUID
    state: UsageSyncState
    days: Days
    days_done: int
    as_of: datetime | None  # the provider's, the least of what was read
    requested_at: datetime
    finished_at: datetime | None
    fault: UsageSyncFault | None


async def request_sync(tx: Transaction, tenant_id: UUID, days: Days, *, now: datetime) -> UUID:
    """Have these days read soon; its key. One that waits already for the same days is that one."""
    await lock_syncs(tx, tenant_id)
    sql = (
        "SELECT id FROM usage_sync WHERE tenant_id = $1 AND state = 'WAITING' AND from_day = $2 AND until_day = $3 "
        "AND days_done = 0 ORDER BY id LIMIT 1"
    )
    waiting: UUID | None = await tx.value(sql, tenant_id, days.first, days.until)
    return waiting or await _add(tx, tenant_id, days, now)


async def start_sync(tx: TenantTransaction, days: Days, *, now: datetime) -> UUID:
    """What people ask for: a sync of these days as far as they have begun; the same again within a minute is one.

    Raises:
        RefusedError: there are no such days, too many, or a sync of others goes on.
    """
    asked = _checked(days, now)
    await lock_syncs(tx, tx.tenant_id)
    sql = (
        "SELECT id, from_day, until_day FROM usage_sync WHERE tenant_id = $1 AND (due_at IS NOT NULL "
        "OR state = 'DONE' AND requested_at > $2 AND from_day = $3 AND until_day = $4) ORDER BY id"
    )
    rows = await tx.rows(sql, tx.tenant_id, now - _REPEATED_WITHIN, asked.first, asked.until)
    for row in rows:
        if (row["from_day"], row["until_day"]) == (asked.first, asked.until):
            found: UUID = row["id"]
            return found
    if rows:
        raise refuse(UsageSyncProblem.BUSY, "Another sync goes on: wait until it is done, and ask again.")
    key = await _add(tx, tx.tenant_id, asked, now)
    tx.announce(Change(ChangeKind.USAGE_SYNC, key))
    return key


async def lock_syncs(tx: Transaction, tenant_id: UUID) -> None:
    """Wait until nobody else asks for a sync of this tenant, or begins one."""
    await tx.row("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"usage syncs of {tenant_id}")


async def is_read(tx: Transaction, tenant_id: UUID, days: Days) -> bool:
    """Whether all of these days that the tenant was there were read in one sync, when the provider had counted them."""
    read: bool = await tx.value(_READ, tenant_id, days.first, days.until, first_instant(days.until) + SETTLES_AFTER)
    return read


async def read_syncs(tx: Transaction, tenant_ids: Sequence[UUID]) -> dict[UUID, list[UsageSyncRow]]:
    """Each tenant's last syncs, the newest first."""
    own = "tenant_id = ANY($1::uuid[]) AND tenant_id = asked.tenant ORDER BY requested_at DESC, id DESC LIMIT $2"
    last = f"SELECT {_COLUMNS} FROM usage_sync WHERE {own}"  # noqa: S608  constants
    sql = f"SELECT sync.* FROM unnest($1::uuid[]) AS asked (tenant) CROSS JOIN LATERAL ({last}) AS sync"  # noqa: S608  constants
    found: dict[UUID, list[UsageSyncRow]] = {tenant_id: [] for tenant_id in tenant_ids}
    for row in await tx.rows(sql, list(tenant_ids), _SHOWN):
        found[row["tenant_id"]].append(_sync(row))
    return found


async def read_sync(tx: TenantTransaction, sync_id: UUID) -> UsageSyncRow | None:
    """One of the tenant's syncs, or None."""
    sql = f"SELECT {_COLUMNS} FROM usage_sync WHERE tenant_id = $1 AND id = $2"  # noqa: S608  constants
    row = await tx.row(sql, tx.tenant_id, sync_id)
    return None if row is None else _sync(row)


async def _add(tx: Transaction, tenant_id: UUID, days: Days, now: datetime) -> UUID:
    key = new_id(now)
    await tx.execute(
        "INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, requested_at, due_at) "
        "VALUES ($1, $2, 'WAITING', $3, $4, $5, $5)",
        *(tenant_id, key, days.first, days.until, now),
    )
    return key


def _checked(days: Days, now: datetime) -> Days:
    """The days, without those to come."""
    today = now.astimezone(UTC).date()
    asked = Days(days.first, min(days.until, today + timedelta(days=1)))
    if days.first >= days.until:
        message = f"The range has to end after it begins: `until`, {days.until}, is the first day that is not in it."
        raise refuse(UsageSyncProblem.INVALID, message, "range")
    if not BEFORE_ANY <= days.first <= today:
        message = f"There is no usage before {BEFORE_ANY}, and none after today, in UTC."
        raise refuse(UsageSyncProblem.INVALID, message, "range", "from")
    if asked.count > LONGEST:
        raise refuse(UsageSyncProblem.INVALID, f"A sync reads {LONGEST} days at most: ask for its parts.", "range")
    return asked


_READ = (
    "SELECT EXISTS (SELECT FROM usage_sync AS sync JOIN tenant ON tenant.id = sync.tenant_id WHERE sync.tenant_id = $1 "
    "AND sync.state = 'DONE' AND from_day <= greatest($2, (created_at AT TIME ZONE 'UTC')::date) AND until_day >= $3 "
    "AND as_of >= $4)"
)
# Support sees no other columns.
_COLUMNS = "tenant_id, id, state, from_day, until_day, days_done, as_of, requested_at, finished_at, fault"


def _sync(row: Row) -> UsageSyncRow:
    return UsageSyncRow(
        tenant_id=row["tenant_id"],
        id=row["id"],
        state=UsageSyncState(row["state"]),
        days=Days(row["from_day"], row["until_day"]),
        days_done=row["days_done"],
        as_of=row["as_of"],
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
        fault=None if row["fault"] is None else UsageSyncFault(row["fault"]),
    )
