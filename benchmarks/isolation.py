"""What keeping tenants apart costs: a query in a tenant's transaction against the same one on a plain pool."""

import asyncpg

from benchmarks.comparing import Ratio, Say, Variant, compare, repeating
from benchmarks.stage import POOL_SIZE, Stage
from portal.database import Database

_ONE = "SELECT id, name, number FROM contact WHERE tenant_id = $1 AND id = $2"
_PAGE = "SELECT id, status, body, created_at FROM message WHERE tenant_id = $1 ORDER BY id DESC LIMIT 50"


async def isolation(stage: Stage, rounds: int, seconds: float, say: Say) -> list[Ratio]:
    """Compare them, for a query as small as they come and for a page."""
    tenant_id = stage.tenant.id
    queries = {"one row": (_ONE, (tenant_id, stage.tenant.contact_ids[0])), "50 rows": (_PAGE, (tenant_id,))}
    database = await Database.connect(stage.login, pool_size=POOL_SIZE)
    pool = await asyncpg.create_pool(**stage.superuser.credentials(), min_size=1, max_size=POOL_SIZE)
    ratios: list[Ratio] = []
    try:
        for name, (sql, arguments) in queries.items():

            async def isolated(sql: str = sql, arguments: tuple[object, ...] = arguments) -> None:
                async with database.for_tenant(tenant_id, read_only=True) as tx:
                    await tx.rows(sql, *arguments)

            async def plain(sql: str = sql, arguments: tuple[object, ...] = arguments) -> None:
                await pool.fetch(sql, *arguments)

            variants = [
                Variant(f"{name} in a tenant's transaction, row-level security", repeating(isolated, seconds)),
                Variant(f"{name} on a plain pool, by a superuser", repeating(plain, seconds)),
            ]
            ratios += await compare("isolation", variants, rounds, say)
    finally:
        await pool.close()
        await database.close()
    return ratios
