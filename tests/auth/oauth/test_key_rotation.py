"""Signing keys are replaced, and nobody notices: the ids are those of the list of checks."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from auth.api_clients import NewApiClient
from auth.keys import ROTATE_EVERY, SigningKeys
from auth.permissions import Permission
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.encryption import SecretBox
from tests.auth.forge import Forge, decoded
from tests.auth.house import SECRET, House, serve
from tests.turnable_clock import TurnableClock

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def client(house: House, falcon: UUID) -> NewApiClient:
    return await house.api_client(falcon, Permission.USAGE_READ)


@pytest.fixture
async def second_process(address: DatabaseAddress, clock: TurnableClock) -> AsyncIterator[House]:
    """Another process on the same database, with the same clock: it has pools and caches of its own."""
    database = await Database.connect(address, pool_size=4)
    try:
        async with serve(database, clock) as house:
            yield house
    finally:
        await database.close()


def _kid(token: str) -> str:
    kid: str = decoded(token.partition(".")[0])["kid"]
    return kid


async def _jwks(house: House) -> KeySet:
    return KeySet.import_key_set((await house.http.get("/.well-known/jwks.json")).json())


def _verifies(keys: KeySet, token: str) -> bool:
    return bool(jwt.decode(token, keys, registry=jws.JWSRegistry(algorithms=["ES256"])).claims["jti"])


async def test_rs_24_a_rotation_is_noticed_by_nobody(house: House, second_process: House, client: NewApiClient) -> None:
    old = await house.token(client)
    assert await house.services.keys.rotate()
    house.clock.advance(MINUTE)  # as long as others may keep the set
    cached = await _jwks(house)
    assert _kid(await house.token(client)) == _kid(old)
    house.clock.advance(8 * MINUTE)
    last = await house.token(client)
    assert _kid(last) == _kid(old)
    house.clock.advance(MINUTE)
    new = await house.token(client)
    assert _kid(new) != _kid(old)
    for token in (last, new):
        assert _verifies(cached, token)  # with the set of nine minutes ago
    for process in (house, second_process):  # the issuer of the second is another, so its validator is asked itself
        assert await process.services.keys.public(_kid(new)) is not None
        assert await process.services.keys.public(_kid(last)) is not None
    for token in (last, new):
        assert (await house.who(f"Bearer {token}")).status_code == 200
    assert {key.kid for key in await _jwks(second_process)} == {_kid(old), _kid(new)}
    assert _kid(await second_process.token(client)) == _kid(new)
    house.clock.advance(10 * MINUTE + timedelta(seconds=30))
    assert {key.kid for key in await _jwks(second_process)} == {_kid(new)}


async def test_a_rotation_is_due_once_in_ninety_days(house: House, client: NewApiClient) -> None:
    keys = house.services.keys
    assert await keys.rotate(unless_younger_than=ROTATE_EVERY) is None  # the first token makes the first key
    first = _kid(await house.token(client))
    house.clock.advance(ROTATE_EVERY - MINUTE)
    assert await keys.rotate(unless_younger_than=ROTATE_EVERY) is None
    house.clock.advance(MINUTE)
    made = await asyncio.gather(*(keys.rotate(unless_younger_than=ROTATE_EVERY) for _ in range(5)))
    (second,) = {kid for kid in made if kid}
    assert made.count(None) == 4
    assert await keys.rotate() is None  # the new one waits already
    house.clock.advance(10 * MINUTE)
    assert _kid(await house.token(client)) == second != first


async def test_a_retired_keys_private_half_is_forgotten_at_the_next_rotation(
    house: House, client: NewApiClient
) -> None:
    first = _kid(await house.token(client))
    for _ in range(2):
        assert await house.services.keys.rotate()
        house.clock.advance(20 * MINUTE)
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        rows = await tx.rows("SELECT kid, length(private_key) AS kept FROM signing_key ORDER BY signs_from")
    assert [bool(row["kept"]) for row in rows] == [False, True, True]
    assert rows[0]["kid"] == first
    await house.token(client)


async def test_rs_26_a_thousand_unknown_keys_make_one_look(
    address: DatabaseAddress, database: Database, clock: TurnableClock
) -> None:
    statements: list[str] = []
    watched = await Database.connect(address, on_query=statements.append)
    try:
        keys = SigningKeys(watched, clock, SecretBox(SECRET))
        known = await keys.current()
        assert known.kid
        assert await keys.public(known.kid) is not None
        clock.advance(timedelta(seconds=2))
        statements.clear()
        found = await asyncio.gather(*(keys.public(f"unknown-{number}") for number in range(1000)))
        assert set(found) == {None}
        assert sum("FROM signing_key" in statement for statement in statements) == 1
        clock.advance(timedelta(seconds=2))
        await keys.public("unknown-again")
        assert sum("FROM signing_key" in statement for statement in statements) == 2
    finally:
        await watched.close()


async def test_rs_27_keys_of_other_kinds_are_passed_over(house: House, client: NewApiClient) -> None:
    forge = Forge.of(await house.token(client), await house.services.keys.current())
    shared, foreign = OctKey.generate_key(256, auto_kid=True), RSAKey.generate_key(2048, auto_kid=True)
    strange = {"kty": "future", "kid": "strange"}
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        for kid, key in (
            (shared.kid, shared.as_dict(private=True)),
            (foreign.kid, foreign.as_dict(private=False)),
            ("strange", strange),
        ):
            await tx.execute(
                "INSERT INTO signing_key (kid, public_jwk, private_key, created_at, signs_from) "
                "VALUES ($1, $2, '', $3, $3)",
                *(kid, json.dumps(key), house.clock.now() - timedelta(days=1)),
            )
    house.clock.advance(MINUTE)
    assert (await house.who(f"Bearer {forge.token()}")).status_code == 200
    for bad in (forge.token(shared, alg="HS256", kid=shared.kid), forge.token(foreign, alg="RS256", kid=foreign.kid)):
        assert (await house.who(f"Bearer {bad}")).status_code == 401
    published = (await house.http.get("/.well-known/jwks.json")).json()["keys"]
    assert [key["kid"] for key in published] == [forge.key.kid]


async def test_rs_27_keys_that_cannot_be_read_for_a_moment_are_still_believed(
    house: House, client: NewApiClient
) -> None:
    token = await house.token(client)
    keys = house.services.keys
    kid = _kid(token)
    assert await keys.public(kid) is not None
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("LOCK TABLE signing_key IN ACCESS EXCLUSIVE MODE")
        assert await asyncio.wait_for(keys.public(kid), 1) is not None


async def test_as_39_every_published_key_has_a_name_of_its_own_and_nothing_private(
    house: House, client: NewApiClient
) -> None:
    await house.token(client)
    await house.services.keys.rotate()
    published = (await house.http.get("/.well-known/jwks.json")).json()["keys"]
    assert len({key["kid"] for key in published}) == len(published) == 2
    for key in published:
        assert set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"}
        assert not ECKey.import_key(key).is_private
