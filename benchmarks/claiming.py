"""Claiming: finding a tenant with due work and claiming it, among ten thousand idle tenants against among ten."""

import contextlib
from datetime import datetime, timedelta

import asyncpg

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare, repeating
from benchmarks.load import UnexpectedAnswerError
from benchmarks.stage import Stage, empty_queues
from portal.clock import SystemClock, new_id
from portal.database import Database, DatabaseRole
from portal.messages.claiming import claim, read_due

IDLE = (10, 10_000)
_MESSAGES = 50
_LATER = timedelta(hours=1)
_TENANTS = """
INSERT INTO tenant (id, name, slug, environment, state, time_zone, created_at)
SELECT gen_random_uuid(), 'Idle', 'idle-' || n, 'DEVELOPMENT', 'ACTIVE', 'UTC', $1 FROM generate_series(1, $2::int) AS n
"""
_MESSAGE = """
INSERT INTO message (tenant_id, id, direction, channel, status, status_at, sender_number, recipient_number, body,
  encoding, segments, due_at, created_at)
VALUES ($1, $2, 'OUTBOUND', 'SMS', 'QUEUED', $3, '+12025550000', '+14155550000', 'Hello', 'GSM_7', 1, $3, $3)
"""


class _TakenBackError(Exception):
    """A claim is measured and taken back, so that the next one finds the same."""


async def claiming(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them, in claims a second."""
    now = SystemClock().now()
    database, connection = await Database.connect(stage.login), await asyncpg.connect(**stage.superuser.credentials())
    try:
        await empty_queues(stage)
        await connection.execute(_TENANTS, now, max(IDLE))
        await connection.executemany(_MESSAGE, [(stage.tenant.id, new_id(now), now) for _ in range(_MESSAGES)])

        async def once() -> None:
            async with database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
                due = await read_due(tx, _MESSAGES, now=now)
            with contextlib.suppress(_TakenBackError):
                async with database.for_tenant(due[0]) as tx:
                    found = await claim(tx, share=_MESSAGES, at_once=_MESSAGES, with_doubtful=True, now=now)
                    if len(found.sending) != _MESSAGES:
                        raise UnexpectedAnswerError(f"{len(found.sending)} messages were claimed")
                    raise _TakenBackError

        def variant(idle: int) -> Variant:
            async def play() -> Turn:
                await _let_idle(connection, stage, idle, now)
                return await repeating(once, seconds)()

            return Variant(f"among {idle:,} idle tenants", play)

        few, many = IDLE
        return await compare("claiming", [variant(many), variant(few)], rounds, say)
    finally:
        await empty_queues(stage)
        await connection.execute("DELETE FROM tenant WHERE slug LIKE 'idle-%'")
        await connection.close()
        await database.close()


async def _let_idle(connection: asyncpg.Connection, stage: Stage, idle: int, now: datetime) -> None:
    """So many tenants have work in an hour, and one has now."""
    await connection.execute("TRUNCATE due_tenant")
    await connection.execute("INSERT INTO due_tenant VALUES ($1, $2)", stage.tenant.id, now)
    later = "INSERT INTO due_tenant SELECT id, $1 FROM tenant WHERE slug LIKE 'idle-%' LIMIT $2"
    await connection.execute(later, now + _LATER, idle)
    await connection.execute("ANALYZE due_tenant")
