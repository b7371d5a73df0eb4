"""What the tests of the shell share: an application served over real HTTP, and waiting for a condition."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
import uvicorn
from starlette.types import ASGIApp

from api.listening import listen

Serving = Callable[[ASGIApp], AbstractAsyncContextManager[str]]


@pytest.fixture
def serving() -> Serving:
    """Serve an application for as long as the context lasts; gives its address."""

    @asynccontextmanager
    async def serve(app: ASGIApp) -> AsyncIterator[str]:
        with listen("127.0.0.1", 0) as listening:
            server = uvicorn.Server(uvicorn.Config(app, log_config=None, ws="none"))
            task = asyncio.create_task(server.serve(sockets=[listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = True
                await task

    return serve


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait until the condition holds; fail when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        await asyncio.sleep(0.02)
