"""The parts that every test stands on: one PostgreSQL server a run, and a database of its own for each test."""

import asyncio
import os
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import structlog

from portal.database import Database
from portal.database.address import DatabaseAddress
from portal.database.embedded import EmbeddedPostgres
from portal.database.migrate import migrate
from tests.product import PARENT, Product
from tests.product import product as serve_product
from tests.turnable_clock import TurnableClock
from twilio_gateway.simulator.app import create_simulator
from twilio_gateway.simulator.server import running

TEMPLATE = "portal_template"
_SERVER = "PORTAL_TEST_SERVER"  # the controller starts the server, the parallel workers inherit its address
_FOLDER = pytest.StashKey[Path]()
# The tests prove nothing about fsync, and without it cloning a database takes a third of the time.
_OPTIONS = ("-c", "fsync=off", "-c", "full_page_writes=off", "-c", "synchronous_commit=off")


def pytest_configure(config: pytest.Config) -> None:
    """Start the run's server, once; and keep structlog's default from drawing every local variable of a traceback."""
    structlog.configure(
        processors=[structlog.processors.add_log_level, structlog.processors.JSONRenderer(default=repr)]
    )
    if _SERVER in os.environ or config.option.collectonly:
        return
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix="portal-tests-", dir=in_memory))
    config.stash[_FOLDER] = folder
    os.environ[_SERVER] = asyncio.run(_start(folder)).url()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server that this process started."""
    folder = config.stash.get(_FOLDER, None)
    if folder is None:
        return
    asyncio.run(EmbeddedPostgres(folder).stop())
    os.environ.pop(_SERVER, None)
    shutil.rmtree(folder)


async def _start(folder: Path) -> DatabaseAddress:
    server = EmbeddedPostgres(folder, options=_OPTIONS)
    await server.start()
    superuser = server.address("postgres", "postgres")
    connection = await asyncpg.connect(**superuser.credentials())
    await connection.execute(f"CREATE DATABASE {TEMPLATE}")
    await connection.close()
    await migrate(superuser.to(database=TEMPLATE), login="portal")
    return superuser


@pytest.fixture(scope="session")
def superuser() -> DatabaseAddress:
    """The run's server, as the user that may do everything."""
    return DatabaseAddress.parse(os.environ[_SERVER])


@asynccontextmanager
async def new_database(superuser: DatabaseAddress) -> AsyncIterator[DatabaseAddress]:
    """A new database, as the user that the portal logs in as."""
    name = f"test_{secrets.token_hex(8)}"
    connection = await asyncpg.connect(**superuser.credentials())
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY file_copy")
    try:
        yield superuser.to(user="portal", database=name)
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


@pytest.fixture
async def address(superuser: DatabaseAddress) -> AsyncIterator[DatabaseAddress]:
    """The new database of this test."""
    async with new_database(superuser) as address:
        yield address


@pytest.fixture
async def database(address: DatabaseAddress) -> AsyncIterator[Database]:
    """A pool of connections to this test's database."""
    database = await Database.connect(address, pool_size=6)
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
def clock() -> TurnableClock:
    """A clock that stands still until the test turns it."""
    return TurnableClock()


@pytest.fixture(scope="session")
def simulator() -> Iterator[str]:
    """One simulator for all tests of a worker: each tenant has a subaccount of its own there."""
    with running(create_simulator(PARENT)) as address:
        yield address


@pytest.fixture
async def product(address: DatabaseAddress, clock: TurnableClock, simulator: str) -> AsyncIterator[Product]:
    """The whole product, on this test's database."""
    async with serve_product(address, clock, simulator) as served:
        yield served
