"""A token that was accepted once: its signature is not checked again, everything else is."""

from datetime import timedelta
from uuid import UUID

import pytest

from auth.permissions import Permission
from portal.database import DatabaseRole
from tests.auth.house import House


@pytest.fixture
async def token(house: House, falcon: UUID) -> str:
    """A token that the house has seen."""
    token = await house.token(await house.api_client(falcon, Permission.USAGE_READ))
    assert (await house.who(f"Bearer {token}")).status_code == 200
    return token


async def test_it_says_the_same_again(house: House, token: str) -> None:
    first, second = [(await house.who(f"Bearer {token}")).json() for _ in range(2)]
    assert first == second
    assert first["permissions"] == [Permission.USAGE_READ]


async def test_it_is_refused_once_it_has_expired(house: House, token: str) -> None:
    house.clock.advance(timedelta(minutes=10, seconds=29))
    assert (await house.who(f"Bearer {token}")).status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert (await house.who(f"Bearer {token}")).status_code == 401


async def test_it_is_refused_within_a_minute_of_its_keys_withdrawal(house: House, token: str) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE signing_key SET retired_at = $1", house.clock.now() - timedelta(hours=1))
    house.clock.advance(timedelta(minutes=1))
    assert (await house.who(f"Bearer {token}")).status_code == 401


async def test_it_is_refused_as_soon_as_its_client_is_disabled(house: House, falcon: UUID, token: str) -> None:
    async with house.database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client SET disabled_at = $1", house.clock.now())
    assert (await house.who(f"Bearer {token}")).status_code == 401


@pytest.mark.parametrize("part", [0, 1, 2])
async def test_a_copy_with_one_character_changed_proves_nothing(house: House, token: str, part: int) -> None:
    parts = token.split(".")
    middle = len(parts[part]) // 2
    changed = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + changed + parts[part][middle + 1 :]
    assert (await house.who(f"Bearer {'.'.join(parts)}")).status_code == 401
    assert (await house.who(f"Bearer {token}")).status_code == 200
