"""Serves the simulator on this machine, and on this machine alone."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from twilio_gateway.simulator.cut import ABORT

HOST = "127.0.0.1"
_STARTING_SECONDS = 10


class _CuttableProtocol(HttpToolsProtocol):
    """Lets the application cut the connection, for which ASGI has no message."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]  # ASGI leaves what an extension holds to the server


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


def serve(app: ASGIApp, port: int) -> None:
    """Serve until the process is told to stop."""
    _Server(_config(app, port)).run()


@contextmanager
def running(app: ASGIApp, port: int = 0) -> Iterator[str]:
    """Serve in a thread of its own for as long as the context lasts; gives the address."""
    # Of protocol TCP by name: otherwise asyncio does not set TCP_NODELAY, and each answer takes 40 ms more.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen()
        server = _Server(_config(app, port))
        thread = Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        try:
            if not server.ready.wait(_STARTING_SECONDS):
                raise TimeoutError("the server did not start")
            yield f"http://{HOST}:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _config(app: ASGIApp, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=HOST,
        port=port,
        http=_CuttableProtocol,
        ws="none",
        lifespan="on",
        access_log=False,  # addresses hold phone numbers
        log_level="warning",
        timeout_keep_alive=75,  # longer than any client keeps an idle connection, so that none is met half closed
        timeout_graceful_shutdown=2,
    )
