"""The life of access tokens and of the keys that sign them."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from joserfc.jwk import ECKey

from auth.api_clients import NewApiClient
from auth.permissions import Permission
from portal.database import DatabaseRole
from tests.auth.forge import Forge, decoded
from tests.auth.house import House


@pytest.fixture
async def client(house: House, falcon: UUID) -> NewApiClient:
    return await house.api_client(falcon, Permission.MESSAGES_SEND, Permission.USAGE_READ)


@pytest.fixture
async def forge(house: House, client: NewApiClient) -> Forge:
    return Forge.of(await house.token(client), await house.services.keys.current())


async def test_rs_22_a_key_meant_for_encryption_signs_nothing(house: House, forge: Forge) -> None:
    key = ECKey.generate_key("P-256", auto_kid=True)
    await _publish(house, ECKey.import_key(key.as_dict(private=False), {"use": "enc"}))
    house.clock.advance(timedelta(seconds=5))
    assert (await house.who(f"Bearer {forge.token(key, kid=key.kid)}")).status_code == 401


async def test_rs_24_a_new_key_is_found_at_once_and_the_old_one_goes_on(house: House, forge: Forge) -> None:
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    house.clock.advance(timedelta(seconds=5))
    await _publish(house, key := ECKey.generate_key("P-256", {"use": "sig"}, auto_kid=True))
    assert (await house.who(f"Bearer {forge.token(key, kid=key.kid)}")).status_code == 200
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200


async def test_rs_25_a_withdrawn_keys_tokens_are_refused_within_a_minute(house: House, forge: Forge) -> None:
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE signing_key SET retired_at = $1", house.clock.now() - timedelta(hours=1))
    house.clock.advance(timedelta(minutes=1))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 401


async def test_a_retired_key_is_believed_as_long_as_its_last_token_lives(
    house: House, forge: Forge, client: NewApiClient
) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE signing_key SET retired_at = $1", house.clock.now())
    house.clock.advance(timedelta(minutes=9))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    fresh = await house.token(client)
    assert decoded(fresh.partition(".")[0])["kid"] != forge.key.kid
    assert (await house.who(f"Bearer {fresh}")).status_code == 200
    assert len((await house.http.get("/.well-known/jwks.json")).json()["keys"]) == 2
    house.clock.advance(timedelta(minutes=2))
    assert len((await house.http.get("/.well-known/jwks.json")).json()["keys"]) == 1


async def test_an_expired_token_is_refused(house: House, forge: Forge) -> None:
    house.clock.advance(timedelta(minutes=10, seconds=29))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    house.clock.advance(timedelta(seconds=1))
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 401


async def _publish(house: House, key: ECKey) -> None:
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute(
            "INSERT INTO signing_key (kid, public_jwk, private_key, created_at, signs_from) "
            "VALUES ($1, $2, '', $3, $3)",
            *(key.kid, json.dumps(key.as_dict(private=False)), house.clock.now() - timedelta(days=1)),
        )
