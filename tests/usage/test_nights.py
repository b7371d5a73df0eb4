"""The sync of each night: its days, whose turn it is, and that it is asked for once."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.usage.nightly import AFTER, OVER, days_of_night, request_nightly, turn_of
from portal.usage.periods import Days
from portal.usage.syncing import UsageSyncRow, read_syncs
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(at("2026-09-10"))


async def _syncs(database: Database, tenant_id: UUID) -> list[UsageSyncRow]:
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        return (await read_syncs(tx, [tenant_id]))[tenant_id]


async def _days(database: Database, tenant_id: UUID) -> list[Days]:
    return [one.days for one in await _syncs(database, tenant_id)]


async def _end(database: Database, tenant_id: UUID, clock: TurnableClock, as_of: datetime) -> None:
    """Every sync of the tenant that goes on is done now."""
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "UPDATE usage_sync SET state = 'DONE', due_at = NULL, finished_at = $2, as_of = $3 "
            "WHERE tenant_id = $1 AND due_at IS NOT NULL",
            *(tenant_id, clock.now(), as_of),
        )


@pytest.mark.parametrize(
    ("today", "first"),
    [
        ("2026-11-04", "2026-11-01"),
        ("2026-11-17", "2026-11-14"),
        ("2026-11-03", "2026-09-01"),
        ("2027-01-01", "2026-11-01"),
        ("2028-03-01", "2028-01-01"),  # a leap year
        ("2027-03-02", "2027-01-01"),
    ],
)
def test_a_night_reads_the_last_days_and_in_the_first_nights_of_a_month_all_of_the_two_before(
    today: str, first: str
) -> None:
    until = date.fromisoformat(today)
    assert days_of_night(until) == Days(date.fromisoformat(first), until)


def test_turns_are_spread_over_the_night_and_a_tenant_s_is_the_same_every_night() -> None:
    today, begins = date(2026, 11, 17), at("2026-11-17") + AFTER
    tenants = [new_id(at("2026-09-10")) for _ in range(3000)]
    turns = [turn_of(one, today) for one in tenants]
    assert begins <= min(turns)
    assert max(turns) < begins + OVER
    assert [turn_of(one, today + timedelta(days=1)) - timedelta(days=1) for one in tenants] == turns
    by_part = [
        sum(begins + OVER * part / 6 <= turn < begins + OVER * (part + 1) / 6 for turn in turns) for part in range(6)
    ]
    assert all(350 < count < 650 for count in by_part)


async def test_each_tenant_is_asked_for_once_a_night_from_its_turn_on(database: Database, clock: TurnableClock) -> None:
    tenant = await make_tenant(database, clock)
    clock.turn_to(turn_of(tenant, date(2026, 11, 17)) - timedelta(seconds=1))
    assert await request_nightly(database, clock) == 0
    clock.advance(timedelta(seconds=1))
    assert await request_nightly(database, clock) == 1
    assert await request_nightly(database, clock) == 0
    month_before = Days(date(2026, 10, 1), date(2026, 11, 17))  # it was never read
    assert await _days(database, tenant) == [month_before]
    await _end(database, tenant, clock, clock.now())
    assert await request_nightly(database, clock) == 0
    clock.turn_to(turn_of(tenant, date(2026, 11, 18)))
    assert await request_nightly(database, clock) == 1
    assert await _days(database, tenant) == [Days(date(2026, 11, 15), date(2026, 11, 18)), month_before]


async def test_workers_at_once_ask_once(database: Database, clock: TurnableClock) -> None:
    tenants = [await make_tenant(database, clock) for _ in range(5)]
    clock.turn_to(at("2026-11-17T05:00"))
    await asyncio.gather(*(request_nightly(database, clock) for _ in range(4)))
    assert [len(await _syncs(database, tenant)) for tenant in tenants] == [1] * 5


async def test_a_count_that_does_not_hold_the_whole_day_is_asked_for_again_an_hour_later(
    database: Database, clock: TurnableClock
) -> None:
    tenant = await make_tenant(database, clock)
    clock.turn_to(at("2026-11-17T05:00"))
    await request_nightly(database, clock)
    await _end(database, tenant, clock, at("2026-11-16T23:59:59"))
    clock.advance(timedelta(minutes=59))
    assert await request_nightly(database, clock) == 0
    clock.advance(timedelta(minutes=1))
    assert await request_nightly(database, clock) == 1
    await _end(database, tenant, clock, at("2026-11-17T00:00"))
    clock.advance(timedelta(hours=5))
    assert await request_nightly(database, clock) == 0
    assert len(await _syncs(database, tenant)) == 2


async def test_a_tenant_that_was_closed_lately_is_read_still_and_one_closed_long_ago_is_not(
    database: Database, clock: TurnableClock
) -> None:
    lately, long_ago, suspended = [await make_tenant(database, clock) for _ in range(3)]
    clock.turn_to(at("2026-11-17T05:00"))
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        closing = "UPDATE tenant SET state = 'CLOSED', closed_at = $2 WHERE id = $1"
        await tx.execute(closing, lately, at("2026-09-09"))
        await tx.execute(closing, long_ago, at("2026-09-07"))
        await tx.execute("UPDATE tenant SET state = 'SUSPENDED' WHERE id = $1", suspended)
    assert await request_nightly(database, clock) == 2
    assert [len(await _syncs(database, one)) for one in (lately, long_ago, suspended)] == [1, 0, 1]


async def test_a_sync_that_people_asked_for_meanwhile_stands_for_the_night_s_where_it_reads_as_much(
    database: Database, clock: TurnableClock
) -> None:
    more, less = await make_tenant(database, clock), await make_tenant(database, clock)
    clock.turn_to(at("2026-11-17T00:30"))
    for tenant, first in ((more, date(2026, 11, 14)), (less, date(2026, 11, 16))):
        async with database.for_tenant(tenant) as tx:
            await tx.execute(
                "INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, requested_at, due_at) "
                "VALUES ($1, $2, 'WAITING', $3, $4, $5, $5)",
                *(tenant, new_id(clock.now()), first, date(2026, 11, 18), clock.now()),
            )
    clock.turn_to(at("2026-11-17T05:00"))
    assert await request_nightly(database, clock) == 1
    assert [len(await _syncs(database, one)) for one in (more, less)] == [1, 2]
