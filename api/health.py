"""Is the process up (/healthz), and can it serve (/readyz): 503 says what is wrong and how to mend it."""

import asyncio
import logging
import pkgutil
import time
from dataclasses import asdict, dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

import portal.database.migrations
from portal.clock import Clock
from portal.database import Database, DatabaseRole
from portal.database.connection import Transaction

_SECONDS_TO_ANSWER = 2
_SECONDS_TO_REMEMBER = 1.0  # anybody may ask: a flood of questions must not become a flood of statements
_NO_STORE = {"Cache-Control": "no-store"}
_WITHOUT_PARTITION = """
SELECT parent.relname FROM pg_partitioned_table JOIN pg_class parent ON parent.oid = partrelid
WHERE parent.relnamespace = 'public'::regnamespace AND NOT EXISTS (
  SELECT FROM pg_class part WHERE part.relnamespace = parent.relnamespace AND part.relname = parent.relname || $1)
ORDER BY 1
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps the portal from serving, and what to do about it."""

    what: str
    mend: str


class Readiness:
    """Asks what this process needs in order to serve."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._asking = asyncio.Lock()
        self._found: list[Problem] = []
        self._until = 0.0

    async def problems(self) -> list[Problem]:
        """All that is wrong at this moment; an empty list means ready."""
        async with self._asking:
            if time.monotonic() >= self._until:
                self._found = await self._ask()
                self._until = time.monotonic() + _SECONDS_TO_REMEMBER
            return self._found

    async def _ask(self) -> list[Problem]:
        asking = self._database.as_role(DatabaseRole.WORKER, read_only=True)
        try:
            async with asyncio.timeout(_SECONDS_TO_ANSWER), asking as tx:
                return await self._ask_schema(tx)
        except Exception as error:  # noqa: BLE001  whatever it is, this process cannot serve
            _log.warning("the database does not answer: %s", type(error).__name__)
            return [_DATABASE_DOWN]

    async def _ask_schema(self, tx: Transaction) -> list[Problem]:
        applied: set[str] = set()
        if await tx.value("SELECT to_regclass('public.tortoise_migrations') IS NOT NULL"):
            applied = {row[0] for row in await tx.rows("SELECT name FROM tortoise_migrations WHERE app = 'portal'")}
        missing = sorted(_migrations() - applied)
        if missing:
            return [Problem(f"The database lacks the migrations from {missing[0]} on.", "Run: portal migrate")]
        month = self._clock.now().strftime("_%Y_%m")
        bare = [row[0] for row in await tx.rows(_WITHOUT_PARTITION, month)]
        if bare:
            mend = "Run the worker, which makes partitions ahead of time, or: portal migrate"
            return [Problem(f"No partition for this month: {', '.join(bare)}.", mend)]
        return []


def health_routes(readiness: Readiness) -> list[Route]:
    """The two addresses that a load balancer asks."""

    async def alive(_: Request) -> Response:
        return JSONResponse({"alive": True}, headers=_NO_STORE)

    async def ready(_: Request) -> Response:
        problems = await readiness.problems()
        told = {"ready": not problems, "problems": [asdict(problem) for problem in problems]}
        return JSONResponse(told, status_code=503 if problems else 200, headers=_NO_STORE)

    return [Route("/healthz", alive), Route("/readyz", ready)]


_DATABASE_DOWN = Problem(
    "The database does not answer.", "Start it, or correct DATABASE_URL; the log of this process holds the reason."
)


def _migrations() -> set[str]:
    modules = pkgutil.iter_modules(portal.database.migrations.__path__)
    return {module.name for module in modules if module.name[:1].isdigit()}
