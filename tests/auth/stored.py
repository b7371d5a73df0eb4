"""What the database holds, as whoever may read it all sees it."""

import asyncpg

from portal.database.address import DatabaseAddress


async def everything_stored(superuser: DatabaseAddress) -> list[str]:
    """All rows of all tables, as text."""
    connection = await asyncpg.connect(**superuser.credentials())
    try:
        tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        rows = [await connection.fetch(f'SELECT each::text FROM "{name}" AS each ORDER BY 1') for (name,) in tables]  # noqa: S608  names of tables
    finally:
        await connection.close()
    return [str(row[0]) for of_table in rows for row in of_table]
