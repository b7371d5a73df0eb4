"""What the tests of the shell share: an application served over real HTTP, and an installed portal."""

import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest
from starlette.types import ASGIApp

from api.listening import listen
from tests.serving import free_port
from tests.serving import serving as served
from tests.shell.installation import Installation

Serving = Callable[[ASGIApp], AbstractAsyncContextManager[str]]


@pytest.fixture
def serving() -> Serving:
    """Serve an application for as long as the context lasts; gives its address."""

    @asynccontextmanager
    async def serve(app: ASGIApp) -> AsyncIterator[str]:
        async with served(app, free_port()) as port:
            yield f"http://127.0.0.1:{port}"

    return serve


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An installation that does not run yet."""
    with listen("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    installation = Installation(tmp_path / "home", port)
    yield installation
    for process in installation.started:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
    for pid in installation.pids():  # what a failed test left
        os.kill(pid, signal.SIGKILL)
