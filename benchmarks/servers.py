"""Servers under measurement, each a process of its own that ends with the benchmark."""

import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

import uvicorn

from api.supervisor import Program, Supervisor, end_with_supervisor
from benchmarks.stage import Stage


@asynccontextmanager
async def portal(stage: Stage) -> AsyncIterator[int]:
    """The portal's API as `portal serve` runs it; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "api.command", "serve", "--fd", str(listening.fileno())]
        async with _running(Program("portal", command, stage.home / "portal.log", stage.environment, [listening])):
            yield _port(listening)


@asynccontextmanager
async def peer(stage: Stage, name: str, application: str, **environment: str) -> AsyncIterator[int]:
    """Another application, by `module:factory`, served with the same settings; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", "benchmarks.servers", application, str(listening.fileno())]
        told = {**stage.environment, **environment}
        async with _running(Program(name, command, stage.home / f"{name}.log", told, [listening])):
            yield _port(listening)


@asynccontextmanager
async def _running(program: Program) -> AsyncIterator[None]:
    supervisor = Supervisor()
    try:
        await supervisor.start(program)
        yield
    finally:
        await supervisor.stop()


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def _serve(application: str, fd: int) -> None:
    end_with_supervisor()
    module, _, factory = application.partition(":")
    app = getattr(import_module(module), factory)()
    config = uvicorn.Config(
        app, lifespan="on", log_level="warning", access_log=False, proxy_headers=False, server_header=False
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fd)])


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
