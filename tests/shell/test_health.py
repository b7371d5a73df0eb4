"""/healthz and /readyz over real HTTP, on a real database that is whole, behind, or away."""

from datetime import timedelta
from typing import Any

import asyncpg
import httpx2
from starlette.applications import Starlette

from api.health import Readiness, health_routes
from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.shell.conftest import Serving
from tests.turnable_clock import TurnableClock

DOWN = {
    "what": "The database does not answer.",
    "mend": "Start it, or correct DATABASE_URL; the log of this process holds the reason.",
}


async def asked(serving: Serving, database: Database, clock: TurnableClock) -> tuple[int, Any]:
    app = Starlette(routes=health_routes(Readiness(database, clock)))
    async with serving(app) as url, httpx2.AsyncClient(base_url=url, timeout=60) as client:
        alive = await client.get("/healthz")
        assert (alive.status_code, alive.json()) == (200, {"alive": True})
        ready = await client.get("/readyz")
        assert ready.headers["cache-control"] == "no-store"
        return ready.status_code, ready.json()


async def as_superuser(superuser: DatabaseAddress, address: DatabaseAddress, statement: str) -> None:
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    await connection.execute(statement)
    await connection.close()


async def test_a_whole_database_is_ready(serving: Serving, database: Database, clock: TurnableClock) -> None:
    assert await asked(serving, database, clock) == (200, {"ready": True, "problems": []})


async def test_a_database_that_went_away_is_said_so(
    serving: Serving, database: Database, superuser: DatabaseAddress, address: DatabaseAddress, clock: TurnableClock
) -> None:
    name = address.database
    connection = await asyncpg.connect(**superuser.credentials())
    await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
    await connection.close()
    assert await asked(serving, database, clock) == (503, {"ready": False, "problems": [DOWN]})


async def test_a_missing_migration_is_named_with_the_mend(
    serving: Serving, database: Database, superuser: DatabaseAddress, address: DatabaseAddress, clock: TurnableClock
) -> None:
    await as_superuser(superuser, address, "DELETE FROM tortoise_migrations WHERE name = '0005_messages'")
    problem = {"what": "The database lacks the migrations from 0005_messages on.", "mend": "Run: portal migrate"}
    assert await asked(serving, database, clock) == (503, {"ready": False, "problems": [problem]})


async def test_a_month_without_partition_is_named_with_the_mend(
    serving: Serving, database: Database, clock: TurnableClock
) -> None:
    clock.advance(timedelta(days=400))
    status, told = await asked(serving, database, clock)
    assert status == 503
    (problem,) = told["problems"]
    assert problem["what"].startswith("No partition for this month: ")
    assert "message" in problem["what"]
    assert problem["mend"] == "Run the worker, which makes partitions ahead of time, or: portal migrate"
