"""Waiting for a condition, and failing where it does not come true in time."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float = 15) -> None:
    """Wait until it holds; what it looks at sets no event, so it is asked again and again."""
    async with asyncio.timeout(seconds):
        while True:
            held = condition()
            if await held if isawaitable(held) else held:
                return
            await asyncio.sleep(0.02)
