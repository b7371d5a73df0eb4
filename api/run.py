"""`portal run`: the whole product on one machine, in one go, and its end in order."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from api.announcement import announce, say
from api.failures import PortalError
from api.home import Holder, Home, HomeInUseError, encryption_key
from api.listening import Answer, PortInUseError, ask, listen, reserve
from api.settings import Settings, SettingsError
from api.supervisor import ChildFailedError, Program, Supervisor
from portal.clock import SystemClock
from portal.database import Database
from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import create_partitions, migrate

_SECONDS_TO_BE_READY = 60
_SECONDS_TO_BE_FREE = 6  # the children of a killed portal need up to three to notice
_SECONDS_TO_STOP = 40
_log = logging.getLogger(__name__)


async def run(settings: Settings, *, end_with_parent: bool = False) -> None:
    """Start everything, say where it is, and keep it going until a signal comes.

    Raises:
        SettingsError: the port or the folder is taken.
        PortalError: something cannot be started or kept alive.
    """
    stop = _stop_signal(end_with_parent=end_with_parent)
    home = Home(settings.home)
    home.create()
    interrupted = await _hold(home, Holder(os.getpid(), settings.url))
    home.put_aside_long_logs()
    try:
        listening = await _listen(settings, patient=interrupted)
        work = asyncio.create_task(_serve(settings, home, listening))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({work, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            say("Stopping …")
        home.tell(Holder(os.getpid(), settings.url, stopping=True))
        stopping.cancel()
        work.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await work
    finally:
        home.leave()


async def migrate_database(settings: Settings) -> None:
    """Bring the database up to date; an embedded one is started for it where it does not run."""
    if not settings.embedded or EmbeddedPostgres(settings.home).pid() is not None:
        await _migrate(settings)
        return
    async with _database(settings):
        await _migrate(settings)


async def _serve(settings: Settings, home: Home, listening: socket.socket) -> None:
    simulator = reserve()
    settings = settings.model_copy(
        update={"simulator_url": f"http://127.0.0.1:{simulator.getsockname()[1]}", "portal_home": settings.home}
    )
    encryption_key(settings)
    say(f"Starting the portal in {settings.home}")
    supervisor = Supervisor()
    try:
        async with _database(settings) as watch:
            try:
                await _migrate(settings)
                demo = await _start(settings, home, supervisor, simulator, listening)
                announce(settings, demo, home)
                await _first(supervisor.failed(), watch())
            finally:
                await supervisor.stop()
    except ChildFailedError as error:
        raise PortalError(str(error)) from error
    finally:
        simulator.close()
        listening.close()


async def _start(
    settings: Settings, home: Home, supervisor: Supervisor, simulator: socket.socket, listening: socket.socket
) -> dict[str, Any] | None:
    environment = {"PORTAL_HOME": str(settings.home), "SIMULATOR_URL": settings.simulator_url}

    def program(name: str, *line: str, sockets: tuple[socket.socket, ...] = ()) -> Program:
        return Program(name, [sys.executable, "-m", "api.command", *line], home.log(name), environment, sockets)

    if settings.simulated:
        await supervisor.start(program("simulator", "simulator"))
        await _answers("The simulator", simulator, "/", HTTPStatus.NOT_FOUND, supervisor)
        say("simulator", settings.simulator_url)
    demo = await _seed(settings, home)
    await supervisor.start(program("api", "serve", "--fd", str(listening.fileno()), sockets=(listening,)))
    await supervisor.start(program("worker", "worker"))
    await _answers("The API", listening, "/readyz", HTTPStatus.OK, supervisor)
    say("api, worker", "ready")
    return demo


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Callable[[], Awaitable[object]]]:
    if not settings.embedded:
        yield asyncio.Event().wait  # somebody else watches that one
        return
    server = EmbeddedPostgres(settings.home)

    async def watch() -> None:
        while True:
            await asyncio.sleep(0.5)
            if server.pid() is None:
                _log.warning("PostgreSQL ended and is started again")
                await server.start()

    try:
        started = time.monotonic()
        await server.start()
        say("database", f"embedded PostgreSQL ({time.monotonic() - started:.1f} s)")
        yield watch
    finally:
        await server.stop()


async def _migrate(settings: Settings) -> None:
    applied: list[str] = []

    def progress(name: str) -> None:
        applied.append(name)
        say("migration", name)

    try:
        await migrate(settings.database_owner(), login=settings.database().user, progress=progress)
    except Exception as error:
        if applied:
            error.add_note(f"in the migration {applied[-1]}")
        raise
    database = await Database.connect(settings.database(), pool_size=2)
    try:
        await create_partitions(database, SystemClock().now())
    finally:
        await database.close()
    if not applied:
        say("migrations", "nothing to do")


async def _seed(settings: Settings, home: Home) -> dict[str, Any] | None:
    written = home.folder / "demo.json"
    if not settings.with_demo:
        written.unlink(missing_ok=True)
        return None
    from api.demo import seed  # noqa: PLC0415  only the demo needs it

    previous: dict[str, Any] | None = None
    with contextlib.suppress(OSError, ValueError):  # absent or damaged: the seed makes new passwords
        previous = json.loads(written.read_text())
    database = await Database.connect(settings.database(), pool_size=4)
    try:
        demo: dict[str, Any] = await seed(settings, database, previous)
    finally:
        await database.close()
    home.write_private("demo.json", json.dumps(demo, indent=2) + "\n")
    say("demo data", f"{len(demo['accounts'])} accounts")
    return demo


async def _answers(who: str, listening: socket.socket, path: str, wanted: HTTPStatus, supervisor: Supervisor) -> None:
    answer: Answer | None = None

    async def wait() -> None:
        nonlocal answer
        while answer is None or answer.status != wanted:
            answer = await ask(listening, path)
            await asyncio.sleep(0.05)

    try:
        await _first(asyncio.wait_for(wait(), _SECONDS_TO_BE_READY), supervisor.failed())
    except TimeoutError:
        said = answer.problems() if answer else "It does not answer."
        raise PortalError(f"{who} is not ready after {_SECONDS_TO_BE_READY} s. {said}") from None


async def _first(*awaitables: Any) -> None:
    """Return, or raise, as the first of them does; the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in awaitables]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def _hold(home: Home, holder: Holder) -> bool:
    for attempt in range(_SECONDS_TO_STOP * 5):
        try:
            return home.hold(holder)
        except HomeInUseError as error:
            if error.holder is None or not error.holder.stopping:
                raise PortalError(str(error)) from None
            if attempt == 0:
                say(f"Waiting for process {error.holder.pid}, which is stopping …")
        await asyncio.sleep(0.2)
    raise PortalError(f"The portal before this one does not stop: see {home.folder / 'logs'}")


async def _listen(settings: Settings, *, patient: bool) -> socket.socket:
    until = time.monotonic() + (_SECONDS_TO_BE_FREE if patient else 0)
    while True:
        try:
            return listen(settings.host, settings.port)
        except PortInUseError as error:
            if time.monotonic() >= until:
                raise SettingsError(str(error)) from None
        await asyncio.sleep(0.1)


def _stop_signal(*, end_with_parent: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)
    if end_with_parent:
        parent = os.getppid()

        def look() -> None:
            if os.getppid() != parent:
                stop.set()
            else:
                loop.call_later(0.2, look)

        look()
    return stop
