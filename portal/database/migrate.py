"""Bring a database to the schema of this version."""

from collections.abc import Callable
from datetime import datetime, timedelta

from tortoise.context import TortoiseContext
from tortoise.migrations.executor import MigrationExecutor

from portal.database.address import DatabaseAddress
from portal.database.connection import Database, DatabaseRole
from portal.database.models import MODEL_MODULES

_LOCK = 7_116_514_901  # any number, the same in every process: two must not migrate one database at once


async def migrate(
    owner: DatabaseAddress, *, login: str | None = None, progress: Callable[[str], None] = lambda _: None
) -> None:
    """Apply what is missing, as the owner, and let `login` (the user that the portal connects as) take its roles.

    Raises:
        OSError: nothing listens there.
        tortoise.exceptions.OperationalError: the owner lacks a right, or a statement failed.
    """
    async with TortoiseContext() as context:
        await context.init(
            config={
                "connections": {
                    "default": {
                        "engine": "tortoise.backends.asyncpg",
                        "credentials": owner.credentials() | {"minsize": 1, "maxsize": 2},
                    }
                },
                "apps": {
                    "portal": {
                        "models": MODEL_MODULES,
                        "default_connection": "default",
                        "migrations": "portal.database.migrations",
                    }
                },
                "use_tz": True,
                "timezone": "UTC",
            }
        )
        client = context.db("default")
        await client.create_connection(with_db=True)
        # The pool is given a second connection for the lock, which the migrations do not use.
        async with client.acquire_connection() as lock:
            await lock.execute("SELECT pg_advisory_lock($1)", _LOCK)
            try:
                executor = MigrationExecutor(client, {"portal": {"migrations": "portal.database.migrations"}})
                await executor.migrate(progress=lambda event, _app, name: _tell(progress, event, name))
                await client.execute_script("GRANT SELECT ON tortoise_migrations TO portal_worker")  # for /readyz
                if login is not None:
                    await client.execute_script(_grants(login))
            finally:
                await lock.execute("SELECT pg_advisory_unlock($1)", _LOCK)


async def create_partitions(database: Database, now: datetime) -> int:
    """Make the monthly partitions from last month until three months ahead; how many were missing."""
    async with database.as_role(DatabaseRole.WORKER) as tx:
        made: int = await tx.value(
            "SELECT create_partitions($1::date, $2::date)",
            (now - timedelta(days=31)).date(),
            (now + timedelta(days=92)).date(),
        )
    return made


def _tell(progress: Callable[[str], None], event: str, name: str) -> None:
    if event == "apply_start":
        progress(name)


def _grants(login: str) -> str:
    quoted = '"' + login.replace('"', '""') + '"'
    roles = ", ".join(role.value for role in DatabaseRole if role is not DatabaseRole.OWNER)
    # Without inheritance a statement outside of a role fails, however the login was made.
    return f"GRANT {roles} TO {quoted} WITH INHERIT FALSE"
