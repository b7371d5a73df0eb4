"""Servers under measurement, each a process of its own that ends with the benchmark."""

import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib import import_module

import uvicorn

from api.supervisor import Program, Supervisor, end_with_supervisor
from benchmarks.stage import Stage

_LOG_SHOWN = 2_000  # characters, when something went wrong


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    port: int
    pid: int


@asynccontextmanager
async def portal(stage: Stage) -> AsyncIterator[Server]:
    """The portal's API as `portal serve` runs it."""
    async with _running("portal", ["api.command", "serve", "--fd"], stage, {}) as server:
        yield server


@asynccontextmanager
async def peer(name: str, application: str, stage: Stage, **environment: str) -> AsyncIterator[Server]:
    """Another application, by `module:factory`, on the same web server."""
    async with _running(name, ["benchmarks.servers", application], stage, environment) as server:
        yield server


@asynccontextmanager
async def worker(stage: Stage) -> AsyncIterator[None]:
    """The worker as `portal worker` runs it."""
    supervisor = Supervisor()
    command = [sys.executable, "-m", "api.command", "worker"]
    try:
        await supervisor.start(Program("worker", command, stage.home / "worker.log", stage.environment))
        yield
    finally:
        await supervisor.stop()


@asynccontextmanager
async def _running(
    name: str, module: Sequence[str], stage: Stage, environment: Mapping[str, str]
) -> AsyncIterator[Server]:
    supervisor = Supervisor()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        command = [sys.executable, "-m", *module, str(listening.fileno())]
        program = Program(name, command, stage.home / f"{name}.log", {**stage.environment, **environment}, [listening])
        try:
            await supervisor.start(program)
            yield Server(listening.getsockname()[1], supervisor.pids()[name])
        except Exception:
            print(f"The log of {name} ends with:\n{program.log.read_text()[-_LOG_SHOWN:]}", file=sys.stderr)
            raise
        finally:
            await supervisor.stop()


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
