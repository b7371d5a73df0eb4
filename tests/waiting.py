"""Waiting for a condition, and failing where it does not come true in time."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

import asyncpg

from portal.database.address import DatabaseAddress


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 15) -> None:
    """Wait until it holds; what it looks at sets no event, so it is asked again and again."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if await held if isawaitable(held) else held:
                return
            await asyncio.sleep(0.02)


async def until_one_waits(superuser: DatabaseAddress, address: DatabaseAddress) -> int:
    """The process of the database that waits for a lock of another."""
    connection = await asyncpg.connect(**superuser.credentials())
    try:
        found: list[int] = []

        async def waits() -> bool:
            sql = "SELECT pid FROM pg_stat_activity WHERE datname = $1 AND wait_event_type = 'Lock'"
            found[:] = [row["pid"] for row in await connection.fetch(sql, address.database)]
            return bool(found)

        await until(waits)
        return found[0]
    finally:
        await connection.close()
