"""Making the invoices of a month: four times as many tenants take four times as long, and no more memory."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, date, datetime

import asyncpg
import orjson

from benchmarks.comparing import Ratio, Say, Turn, Variant, compare, peak_memory
from benchmarks.load import UnexpectedAnswerError
from benchmarks.stage import Stage
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.database.migrate import migrate
from portal.invoices.generating import InvoiceGeneration

TENANTS = (500, 2_000)
FEW_TENANTS = (20, 80)  # where it is only to be seen that it runs
MOST_ROUNDS = 5  # each makes all invoices anew
_MONTH = date(2026, 10, 1)
# A plan by cost is the most work: its price of each day goes by the provider's.
_FILL = """
WITH plan AS (
  INSERT INTO plan (id, name, version, state, allowance_unit, allowance_per, at_limit, created_at, published_at,
    strategy, currency, fee, period, margin_kind, brackets, other_ratio)
  VALUES (gen_random_uuid(), 'By cost', 1, 'PUBLISHED', 'MESSAGES', 'MONTH', 'OVERAGE', $2, $2,
    'FIXED_MARGIN', 'USD', 49.99, 'MONTH', 'MARGIN', '[{"up_to": null, "ratio": "0.03"}]', 0.03) RETURNING id
), shop AS (
  INSERT INTO tenant (id, name, slug, environment, state, time_zone, created_at)
  SELECT gen_random_uuid(), 'Customer ' || n, 'customer-' || n, 'DEVELOPMENT', 'ACTIVE', 'UTC', $2
  FROM generate_series(1, $1::int) AS n RETURNING id
), held AS (
  INSERT INTO tenant_plan (tenant_id, id, plan_id, since)
  SELECT shop.id, gen_random_uuid(), plan.id, $2 FROM shop CROSS JOIN plan RETURNING tenant_id, id
), day AS (
  SELECT $3::date + n AS day, 10 + n AS count FROM generate_series(0, 30) AS n
), charged AS (
  INSERT INTO charge_day (tenant_id, day, tenant_plan_id, category, band, count, units, cost, updated_at)
  SELECT tenant_id, day, id, 'sms-outbound', 0, count, count, count * 0.0079, day FROM held CROSS JOIN day
), used AS (
  INSERT INTO usage_day (tenant_id, day, category, count, usage, cost, updated_at)
  SELECT tenant_id, day, 'sms-outbound', count, count, count * 0.0079, day FROM held CROSS JOIN day
), told AS (
  INSERT INTO usage_record (tenant_id, day, category, count, count_unit, usage, usage_unit, price, price_unit, as_of,
    synced_at)
  SELECT tenant_id, day, told, count, 'messages', count, 'segments', count * 0.0083, 'USD', $4, $4
  FROM held CROSS JOIN day CROSS JOIN unnest(ARRAY['sms-outbound', 'totalprice']) AS told
)
INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, as_of, requested_at, finished_at)
SELECT tenant_id, gen_random_uuid(), 'DONE', $3, ($3 + interval '1 month')::date, $4, $4, $4 FROM held
"""


class TenthOfNovember:
    """The day that everything is known."""

    def now(self) -> datetime:
        """Its first instant."""
        return datetime(2026, 11, 10, tzinfo=UTC)


async def billing(stage: Stage, rounds: int, _: float, say: Say) -> list[Ratio]:
    """Compare how many invoices a second each size makes; each time in a process of its own."""
    few, many = FEW_TENANTS if stage.kept is None else TENANTS
    peaks: dict[int, list[int]] = {few: [], many: []}
    async with AsyncExitStack() as stack:
        variants = []
        for size in (many, few):
            address = await stack.enter_async_context(_customers(stage, size))
            play = _generation(stage, address, size, peaks[size])
            variants.append(Variant(f"an invoice, of {size:,} made together", play))
        ratios = await compare("billing", variants, min(rounds, MOST_ROUNDS), say)
    told = ", ".join(f"{max(peaks[size])} MiB for {size:,}" for size in (few, many))
    say(f"billing    memory at its most: {told}")
    return ratios


@asynccontextmanager
async def _customers(stage: Stage, size: int) -> AsyncIterator[DatabaseAddress]:
    """A database with so many customers and what each used in the month."""
    address = stage.superuser.to(database=f"billing_{size}")
    async with _connected(stage.superuser) as connection:
        await connection.execute(f"CREATE DATABASE {address.database}")
    await migrate(address, login=stage.login.user)
    async with _connected(address) as connection:
        await connection.execute(_FILL, size, datetime(2026, 9, 1, tzinfo=UTC), _MONTH, TenthOfNovember().now())
        await connection.execute("VACUUM ANALYZE")
    yield address


def _generation(stage: Stage, address: DatabaseAddress, size: int, peaks: list[int]) -> Callable[[], Awaitable[Turn]]:
    login = stage.login.to(database=address.database)

    async def play() -> Turn:
        async with _connected(address) as connection:
            await connection.execute("TRUNCATE invoice, invoice_cost, invoice_run, credit_note CASCADE")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "benchmarks.billing", login.url()), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
        told = orjson.loads(said)
        if told["done"] != size:
            raise UnexpectedAnswerError(f"{told['done']} invoices in place of {size}")
        peaks.append(told["peak"])
        return Turn(size, told["seconds"])

    return play


@asynccontextmanager
async def _connected(address: DatabaseAddress) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(**address.credentials())
    try:
        yield connection
    finally:
        await connection.close()


async def _generate(url: str) -> None:
    database = await Database.connect(DatabaseAddress.parse(url))
    try:
        start = time.perf_counter()
        await InvoiceGeneration(database, TenthOfNovember()).generate(_MONTH, lambda _: None)
        seconds = time.perf_counter() - start
        async with database.as_role(DatabaseRole.OPERATOR) as tx:
            done = await tx.value("SELECT count(*) FROM invoice WHERE state = 'ISSUED'")
    finally:
        await database.close()
    print(orjson.dumps({"done": done, "seconds": seconds, "peak": peak_memory()}).decode())


if __name__ == "__main__":
    asyncio.run(_generate(sys.argv[1]))
