"""Old rows go after their time, each tenant's callbacks by its own wish; what waits or is younger stays."""

from datetime import timedelta
from uuid import UUID

import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.retention.deleting import delete_old
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

ROWS = {
    "idempotency_key": "(tenant_id, id, operation, principal, key, request_hash, result_id, created_at) "
    "VALUES ($1, $2, 'x', 'x', $2::uuid::text, '', $2, $3)",
    "alert": "(tenant_id, id, kind, code, count, first_at, last_at) "
    "VALUES ($1, $2, 'PROVIDER_ERROR', $2::uuid::text, 1, $3, $3)",
    "alert_occurrence": "(tenant_id, id, alert_id, at, event) VALUES ($1, $2, $2, $3, $2::uuid::text)",
    "contact_import": "(tenant_id, id, purpose, upload_id, file_name, file_size, dry_run, options, state, rows, "
    "actor_kind, actor_id, actor_name, requested_at) "
    "VALUES ($1, $2, 'CONTACTS', $2, 'x', 1, false, '{}', 'DONE', 1, 'MEMBER', $2, 'x', $3)",
    "contact_import_problem": "(tenant_id, id, import_id, row_number, code, message) "
    "SELECT $1, $2, $2, 2, 'INVALID', $3::timestamptz::text",
    "webhook_event": "(tenant_id, id, type, data, at) VALUES ($1, $2, 'x', '{}', $3)",
    "webhook_delivery": "(tenant_id, id, endpoint_id, event_id, event_type, created_at) "
    "VALUES ($1, $2, $2, $2, 'x', $3)",
}
TABLES = ("callback_inbox", *ROWS)


async def _wish(database: Database, clock: TurnableClock, tenant_id: UUID, days: int) -> None:
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO tenant_settings VALUES ($1, $2, 'help', 'stop', 'start', $3, $4)",
            tenant_id,
            new_id(clock.now()),
            days,
            clock.now(),
        )


async def _called_back(database: Database, clock: TurnableClock, tenant_id: UUID, count: int, *, waits: bool) -> None:
    async with database.as_role(DatabaseRole.WORKER) as tx:
        await tx.execute(
            "INSERT INTO callback_inbox (id, tenant_id, kind, fields, received_at, applied_at) "
            "SELECT id, $2, 'DEBUGGER', '{}', $3::timestamptz, CASE WHEN $4 THEN NULL ELSE $3::timestamptz END "
            "FROM unnest($1::uuid[]) AS id",
            [new_id(clock.now()) for _ in range(count)],
            tenant_id,
            clock.now(),
            waits,
        )


async def _one_of_each(database: Database, clock: TurnableClock, tenant_id: UUID) -> None:
    await _called_back(database, clock, tenant_id, 1, waits=False)
    id = new_id(clock.now())
    async with database.for_tenant(tenant_id) as tx:
        for table, values in ROWS.items():
            await tx.execute(f"INSERT INTO {table} {values}", tenant_id, id, clock.now())


async def _left(database: Database, tenant_id: UUID) -> list[int]:
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        return [await tx.value(f"SELECT count(*) FROM {table}") for table in TABLES]  # noqa: S608  the test's own


@pytest.mark.parametrize(
    ("days", "gone"),
    [
        (6.9, set()),
        (7.1, {"idempotency_key"}),
        (29.9, {"idempotency_key"}),
        (30.1, {"idempotency_key", "callback_inbox", "webhook_event", "webhook_delivery"}),
        (89.9, {"idempotency_key", "callback_inbox", "webhook_event", "webhook_delivery"}),
        (90.1, set(TABLES) - {"alert"}),
    ],
)
async def test_each_kind_of_row_goes_in_its_time(
    database: Database, clock: TurnableClock, days: float, gone: set[str]
) -> None:
    tenant_id = await make_tenant(database, clock)
    await _one_of_each(database, clock, tenant_id)
    clock.advance(timedelta(days=days))
    assert await delete_old(database, clock) == len(gone)
    assert await _left(database, tenant_id) == [int(table not in gone) for table in TABLES]


async def test_raw_callbacks_go_when_each_tenant_wishes(database: Database, clock: TurnableClock) -> None:
    short, usual, long = [await make_tenant(database, clock) for _ in range(3)]
    await _wish(database, clock, short, 1)
    await _wish(database, clock, long, 400)
    for tenant_id in (short, usual, long):
        await _called_back(database, clock, tenant_id, 2, waits=False)
    left = []
    for days in (0.9, 0.2, 29, 369.8, 0.2):
        clock.advance(timedelta(days=days))
        await delete_old(database, clock)
        left.append([(await _left(database, tenant_id))[0] for tenant_id in (short, usual, long)])
    assert left == [[2, 2, 2], [0, 2, 2], [0, 0, 2], [0, 0, 2], [0, 0, 0]]


async def test_events_told_to_integrators_go_as_raw_callbacks_do_but_not_while_they_are_tried(
    database: Database, clock: TurnableClock
) -> None:
    tenant_id = await make_tenant(database, clock)
    await _wish(database, clock, tenant_id, 1)
    await _one_of_each(database, clock, tenant_id)
    left = []
    for days in (1.1, 0.8, 0.2):
        clock.advance(timedelta(days=days))
        await delete_old(database, clock)
        found = dict(zip(TABLES, await _left(database, tenant_id), strict=True))
        left.append([found[table] for table in ("callback_inbox", "webhook_event", "webhook_delivery")])
    assert left == [[0, 1, 1], [0, 1, 1], [0, 0, 0]]


async def test_a_callback_and_an_import_that_wait_stay_however_old_they_are(
    database: Database, clock: TurnableClock
) -> None:
    tenant_id = await make_tenant(database, clock)
    await _called_back(database, clock, tenant_id, 1, waits=True)
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            f"INSERT INTO contact_import {ROWS['contact_import']}", tenant_id, new_id(clock.now()), clock.now()
        )
        await tx.execute("UPDATE contact_import SET state = 'WAITING', due_at = requested_at")
    clock.advance(timedelta(days=1000))
    assert await delete_old(database, clock) == 0
    found = dict(zip(TABLES, await _left(database, tenant_id), strict=True))
    assert (found["callback_inbox"], found["contact_import"]) == (1, 1)


async def test_more_rows_than_a_batch_all_go(database: Database, clock: TurnableClock) -> None:
    tenant_id = await make_tenant(database, clock)
    await _called_back(database, clock, tenant_id, 2_500, waits=False)
    clock.advance(timedelta(days=31))
    assert await delete_old(database, clock) == 2_500
    assert await delete_old(database, clock) == 0
