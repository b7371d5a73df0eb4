"""Partitions: made ahead of time, cut at the months of UUIDv7, and never two for one id."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.database.migrate import create_partitions
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

LARGE = ("audit_entry", "call", "callback_inbox", "message", "message_event", "webhook_delivery", "webhook_event")
TICK = timedelta(milliseconds=1)  # a UUIDv7 counts no finer
MONTHS = """
SELECT parent.relname AS parent, child.relname AS child, pg_get_expr(child.relpartbound, child.oid) AS bound
FROM pg_inherits JOIN pg_class AS parent ON parent.oid = inhparent JOIN pg_class AS child ON child.oid = inhrelid
WHERE parent.relkind = 'p' ORDER BY 1, 2
"""


async def _children(database: Database) -> dict[str, list[str]]:
    async with database.as_role(DatabaseRole.WORKER) as tx:
        rows = await tx.rows(MONTHS)
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["parent"], []).append(row["child"])
    return found


async def _put(database: Database, tenant: UUID, callback: UUID, at: datetime) -> str:
    """The partition that a callback with this id falls into."""
    async with database.as_role(DatabaseRole.WORKER) as tx:
        name: str = await tx.value(
            "INSERT INTO callback_inbox (id, tenant_id, message_id, kind, fields, received_at) "
            "VALUES ($1, $2, $1, 'MESSAGE_STATUS', '{}', $3) RETURNING tableoid::regclass::text",
            callback,
            tenant,
            at,
        )
    return name


def _month(name: str, start: datetime, offset: int) -> str:
    number = start.year * 12 + start.month - 1 + offset
    return f"{name}_{number // 12:04d}_{number % 12 + 1:02d}"


async def test_from_last_month_until_three_months_ahead_there_is_a_partition_for_each(
    database: Database, clock: TurnableClock
) -> None:
    await create_partitions(database, clock.now())
    found = await _children(database)
    assert sorted(found) == list(LARGE)
    for name, children in found.items():
        assert {_month(name, clock.now(), offset) for offset in range(-1, 4)} <= set(children)
    assert await create_partitions(database, clock.now()) == 0


async def test_each_id_lies_in_the_month_of_its_instant_to_the_millisecond(
    database: Database, clock: TurnableClock
) -> None:
    tenant = await make_tenant(database, clock)
    for month in (datetime(2027, 12, 1, tzinfo=UTC), datetime(2028, 2, 1, tzinfo=UTC)):
        await create_partitions(database, month)
    for text, before, after in [
        ("2028-01-01", "callback_inbox_2027_12", "callback_inbox_2028_01"),
        ("2028-03-01", "callback_inbox_2028_02", "callback_inbox_2028_03"),  # a leap year's February
        ("2028-04-01", "callback_inbox_2028_03", "callback_inbox_2028_04"),
    ]:
        midnight = datetime.fromisoformat(f"{text}T00:00Z")
        assert await _put(database, tenant, new_id(midnight - TICK), midnight) == before
        assert await _put(database, tenant, new_id(midnight), midnight) == after


async def test_the_bounds_leave_no_gap_and_do_not_go_by_a_session_time_zone(
    database: Database, clock: TurnableClock
) -> None:
    async with database.as_role(DatabaseRole.WORKER) as tx:
        await tx.execute("SET LOCAL TIME ZONE 'Pacific/Auckland'")
        assert await tx.value("SELECT create_partitions('2029-01-15', '2030-01-15')") == 13 * len(LARGE)
        rows = await tx.rows(f"SELECT * FROM ({MONTHS}) AS m WHERE parent = 'message' AND child >= 'message_2029'")  # noqa: S608  constants
    bounds = [row["bound"].replace("FOR VALUES FROM ('", "").replace("')", "").split(" TO ('") for row in rows]
    assert [start for start, _ in bounds[1:]] == [end for _, end in bounds[:-1]]
    for index, (start, _) in enumerate(bounds):
        first = datetime(2029 + index // 12, index % 12 + 1, 1, tzinfo=UTC)
        assert UUID(start).int >> 80 == int(first.timestamp() * 1000)
        assert UUID(start).int & (1 << 80) - 1 == 0  # below every UUIDv7 of that millisecond


async def test_as_the_clock_turns_the_next_months_are_made_in_time(database: Database, clock: TurnableClock) -> None:
    tenant = await make_tenant(database, clock)
    for _ in range(30):
        clock.advance(timedelta(days=13))
        await create_partitions(database, clock.now())
        for ahead in (timedelta(), timedelta(days=62)):
            at = clock.now() + ahead
            assert await _put(database, tenant, new_id(at), at) == f"callback_inbox_{at:%Y_%m}"


async def test_what_has_no_partition_is_refused_rather_than_put_elsewhere(
    database: Database, clock: TurnableClock
) -> None:
    tenant = await make_tenant(database, clock)
    far = clock.now() + timedelta(days=400)
    with pytest.raises(asyncpg.CheckViolationError, match="no partition"):
        await _put(database, tenant, new_id(far), far)


async def test_two_who_make_them_at_once_make_each_once(database: Database, clock: TurnableClock) -> None:
    clock.advance(timedelta(days=365))
    made = await asyncio.gather(*(create_partitions(database, clock.now()) for _ in range(4)))
    assert sorted(count > 0 for count in made) == [False, False, False, True]


async def test_a_query_of_one_month_reads_one_partition(database: Database, clock: TurnableClock) -> None:
    tenant = await make_tenant(database, clock)
    first = clock.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    async with database.for_tenant(tenant) as tx:
        plan = await tx.rows(
            "EXPLAIN SELECT * FROM message WHERE tenant_id = $1 AND id >= $2 AND id < $3",
            tenant,
            UUID(int=int(first.timestamp() * 1000) << 80),
            new_id(first + timedelta(days=20)),
        )
    text = "\n".join(row[0] for row in plan)
    assert text.count("on message_") == 1
    assert f"message_{first:%Y_%m}" in text
