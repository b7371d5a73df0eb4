"""The user that the portal logs in as may do nothing by itself, however it was made."""

import secrets

import asyncpg
import pytest

from portal.database.address import DatabaseAddress
from portal.database.migrate import migrate
from tests.conftest import new_database


async def test_a_login_that_inherits_reads_nothing_outside_of_a_role(superuser: DatabaseAddress) -> None:
    login = f"login_{secrets.token_hex(6)}"
    async with new_database(superuser) as address:
        owner = await asyncpg.connect(**superuser.to(database=address.database).credentials())
        await owner.execute(f"CREATE ROLE {login} LOGIN INHERIT")
        try:
            await migrate(superuser.to(database=address.database), login=login)
            connection = await asyncpg.connect(**address.to(user=login).credentials())
            for table in ("tenant", "person", "session", "provider_account", "message", "due_tenant"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.fetch(f"SELECT * FROM {table}")  # noqa: S608  names of ours
            await connection.execute("SET ROLE portal_auth")
            assert await connection.fetch("SELECT * FROM person") == []
            await connection.close()
        finally:
            await owner.execute(f"DROP OWNED BY {login}")
            await owner.execute(f"DROP ROLE {login}")
            await owner.close()
