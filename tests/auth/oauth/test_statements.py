"""What a request costs in statements: who it is takes one, the role one more, and nothing is asked twice."""

from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from auth.permissions import Permission
from portal.database import Database
from portal.database.address import DatabaseAddress
from tests.auth.house import House, serve
from tests.auth.oauth.third_party import member, register
from tests.turnable_clock import TurnableClock


@pytest.fixture
async def watched(address: DatabaseAddress, clock: TurnableClock) -> AsyncIterator[tuple[House, list[str]]]:
    """A house whose statements are heard."""
    statements: list[str] = []
    database = await Database.connect(address, on_query=statements.append)
    try:
        async with serve(database, clock) as house:
            yield house, statements
    finally:
        await database.close()


@pytest.mark.parametrize("who", ["a machine", "a person"])
async def test_the_token_is_proven_in_one_statement_and_the_role_read_in_one_more(
    watched: tuple[House, list[str]], falcon: UUID, who: str
) -> None:
    house, statements = watched
    if who == "a machine":
        token = await house.token(await house.api_client(falcon, Permission.USAGE_READ))
    else:
        application = await register(house, Permission.USAGE_READ)
        token = (await application.tokens((await member(house, falcon))[1]))["access_token"]
    assert (await house.who(f"Bearer {token}")).status_code == 200  # the keys are read
    statements.clear()
    assert (await house.who(f"Bearer {token}")).json()["permissions"] == ["USAGE_READ"]
    asked = [statement for statement in statements if statement.lstrip().startswith("SELECT")]
    assert len(asked) == 2
    holder, role = asked
    assert "revoked_token" in holder
    assert "membership" in role
    assert sum(statement.startswith("BEGIN") for statement in statements) == 2
