"""Serves an application over real HTTP, on a free port of loopback, in the test's own event loop."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.types import ASGIApp

from api.sockets import SOCKETS


def free_port() -> socket.socket:
    """A listening socket on a port that nobody else has."""
    # Of protocol TCP by name: otherwise asyncio does not set TCP_NODELAY, and each answer takes 40 ms more.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    listening.listen()
    return listening


@asynccontextmanager
async def serving(app: ASGIApp, listening: socket.socket) -> AsyncIterator[int]:
    """Serve for as long as the context lasts; gives the port."""
    config = uvicorn.Config(app, log_config=None, lifespan="on", access_log=False, **SOCKETS)
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup([listening])  # serve() would watch for signals, and sleep for a while when it stops
    try:
        yield listening.getsockname()[1]
    finally:
        for each in server.servers:
            each.close()
        for connection in list(server.server_state.connections):
            connection.shutdown()  # clients keep theirs open
        while server.server_state.connections:  # noqa: ASYNC110  uvicorn sets no event
            await asyncio.sleep(0.001)
        await server.lifespan.shutdown()
