"""A server that somebody else runs: its owner is no superuser, and the portal logs in as another user."""

import secrets
from collections.abc import AsyncIterator

import asyncpg
import pytest

from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.database.migrate import create_partitions, migrate
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


@pytest.fixture
async def managed(superuser: DatabaseAddress) -> AsyncIterator[tuple[DatabaseAddress, DatabaseAddress]]:
    """A database whose owner may create roles and nothing more, and a login without any right: owner, login."""
    name = secrets.token_hex(6)
    owner, login = f"owner_{name}", f"login_{name}"
    connection = await asyncpg.connect(**superuser.credentials())
    await connection.execute(f"CREATE ROLE {owner} LOGIN CREATEROLE")
    await connection.execute(f"CREATE ROLE {login} LOGIN NOINHERIT")
    # The run's server knows the portal's roles already; a managed server's owner would have made them.
    roles = ", ".join(role.value for role in DatabaseRole)
    await connection.execute(f"GRANT {roles} TO {owner} WITH ADMIN OPTION")
    await connection.execute(f"CREATE DATABASE managed_{name} OWNER {owner}")
    try:
        database = f"managed_{name}"
        yield superuser.to(user=owner, database=database), superuser.to(user=login, database=database)
    finally:
        await connection.execute(f"DROP DATABASE managed_{name} WITH (FORCE)")
        await connection.execute(f"REVOKE {roles} FROM {login}")
        await connection.execute(f"DROP ROLE {login}")
        await connection.execute(f"DROP ROLE {owner}")
        await connection.close()


async def test_an_owner_without_superuser_migrates_and_another_user_works(
    managed: tuple[DatabaseAddress, DatabaseAddress], clock: TurnableClock
) -> None:
    owner, login = managed
    done: list[str] = []
    await migrate(owner, login=login.user, progress=done.append)
    assert done[0] == "0001_roles_and_rules"
    await migrate(owner, login=login.user, progress=done.append)
    assert len(done) == len(set(done))

    database = await Database.connect(login)
    try:
        assert await create_partitions(database, clock.now()) == 0
        tenant = await make_tenant(database, clock)
        async with database.for_tenant(tenant, read_only=True) as tx:
            assert await tx.value("SELECT count(*) FROM tenant") == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with database.as_role(DatabaseRole.OWNER) as owners:
                await owners.value("SELECT 1")
    finally:
        await database.close()
