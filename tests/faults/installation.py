"""A whole installation in processes of its own, which can be killed at any time; Twilio alone lives on."""

import asyncio
import contextlib
import os
import random
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import httpx2

from api.listening import reserve
from api.supervisor import Program, Supervisor
from portal.database import Database
from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import migrate
from tests.faults.program import CLOCK, STATE
from tests.faults.shared_clock import SharedClock
from tests.product import SECRET
from tests.waiting import until

_STARTING = 90.0  # seconds, on a busy machine


@dataclass
class Installation:
    """What runs, and what was killed of it."""

    home: Path
    server: EmbeddedPostgres
    clock: SharedClock
    database: Database
    api_url: str
    simulator_url: str
    environment: dict[str, str]
    workers: int
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    _twilio: Supervisor = field(default_factory=Supervisor)
    _api: Supervisor = field(default_factory=Supervisor)
    _workers: Supervisor = field(default_factory=Supervisor)

    @property
    def ledger(self) -> Path:
        """The file in which the simulator keeps what it took."""
        return self.home / "simulator.sqlite"

    async def start_twilio(self) -> None:
        """Start the simulator, and wait until it answers."""
        await self._twilio.start(self._program("simulator"))
        await until(lambda: _answers(f"{self.simulator_url}/", 404), _STARTING)

    async def start_portal(self) -> None:
        """Start the API and the workers, and wait until the API is ready."""
        await self._api.start(self._program("api"))
        await self._start_workers()
        await until(lambda: _answers(f"{self.api_url}/readyz", 200), _STARTING)

    async def _start_workers(self) -> None:
        self._workers = Supervisor(first_pause=0.2, patience=_STARTING)
        for place in range(self.workers):
            await self._workers.start(self._program(f"worker-{place}"))

    async def stop_workers(self) -> None:
        """Stop them in order: what is on its way gets its outcome written down."""
        await self._workers.stop()

    async def stop(self) -> None:
        """Stop everything."""
        for each in (self._workers, self._api, self._twilio):
            await each.stop()

    async def turn_to(self, instant: datetime) -> None:
        """Let time go by until then while nobody works, and go on."""
        await self.stop_workers()
        self.clock.turn_to(instant)
        await self._start_workers()

    async def kill_one(self) -> None:
        """Kill the API, a worker, the database or one of its processes, with -9; whatever died is started again."""
        victims = ["api", *(f"worker-{place}" for place in range(self.workers)), "database", "connection"]
        victim = self.chance.choice(victims)
        if victim == "database":
            await self._kill_database(all_of_it=True)
        elif victim == "connection":
            await self._kill_database(all_of_it=False)
        else:
            _kill((self._api.pids() | self._workers.pids())[victim])
        self.killed[victim.partition("-")[0]] += 1

    async def _kill_database(self, *, all_of_it: bool) -> None:
        server = self.server.pid()
        if server is None:
            return
        if all_of_it:
            _kill(server)
            await self.server.start()
        elif own := _children(server):
            _kill(self.chance.choice(own))  # PostgreSQL then ends all others, and recovers

    def _program(self, name: str) -> Program:
        command = [sys.executable, "-m", "tests.faults.program", name.partition("-")[0]]
        return Program(name, command, self.home / f"{name}.log", self.environment)


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


async def _answers(url: str, status: int) -> bool:
    try:
        async with httpx2.AsyncClient(trust_env=False, timeout=5) as http:
            return (await http.get(url)).status_code == status
    except httpx2.HTTPError:
        return False


@asynccontextmanager
async def installed(home: Path, seed: int, *, workers: int) -> AsyncIterator[Installation]:
    """An installation with a migrated database; nothing else of it runs yet."""
    server = EmbeddedPostgres(home)
    ports = reserve(), reserve()
    api, simulator = (f"http://127.0.0.1:{port.getsockname()[1]}" for port in ports)
    environment = {
        CLOCK: str(home / "clock"),
        STATE: str(home / "simulator.sqlite"),
        "DATABASE_URL": server.address().url(),
        "DATABASE_OWNER_URL": "",
        "SECRET_KEY": SECRET,
        "HOST": "127.0.0.1",
        "PORT": api.rpartition(":")[2],
        "PUBLIC_URL": api.replace("127.0.0.1", "localhost"),
        "CALLBACK_URL": api,
        "PORTAL_HOME": str(home),
        "POOL_SIZE": "10",
        "DEMO": "0",
        "TWILIO_ACCOUNT_SID": "",
        "TWILIO_AUTH_TOKEN": "",
        "SIMULATOR_URL": simulator,
        "MAIL_URL": f"console:{home / 'mail.txt'}",
    }
    await server.start()
    try:
        login = server.address()
        await migrate(server.address(user="postgres"), login=login.user)
        database = await Database.connect(login, pool_size=10)
        clock = SharedClock(home / "clock")
        made = Installation(
            home, server, clock, database, api, simulator, environment, workers, random.Random(f"{seed} kills")
        )
        try:
            yield made
        finally:
            await made.stop()
            await database.close()
    finally:
        for port in ports:
            port.close()
        await asyncio.shield(server.stop())
