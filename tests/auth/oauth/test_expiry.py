"""What can be used no more is deleted, and nothing else."""

from datetime import timedelta
from uuid import UUID

from auth.oauth.expiry import delete_expired
from auth.permissions import Permission
from portal.database import DatabaseRole
from tests.auth.house import House
from tests.auth.oauth.third_party import member, register

TABLES = ("oauth_grant", "authorization_code", "refresh_token", "revoked_token", "used_assertion")


async def _rows(house: House) -> dict[str, int]:
    async with house.database.as_role(DatabaseRole.AUTH, read_only=True) as tx:
        return {table: await tx.value(f"SELECT count(*) FROM {table}") for table in TABLES}  # noqa: S608  constants


async def test_grants_end_with_all_that_was_handed_out_for_them(house: House, falcon: UUID) -> None:
    application = await register(house, Permission.USAGE_READ)
    _, session = await member(house, falcon)
    await application.code(session)  # never exchanged
    tokens = await application.tokens(session)
    kept = await application.tokens(session)
    await application.post("/oauth/revoke", token=kept["access_token"])
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("INSERT INTO used_assertion VALUES ('x', 'y', $1)", house.clock.now() + timedelta(minutes=6))
    assert await delete_expired(house.database, house.clock.now()) == 0
    everything = {"oauth_grant": 3, "authorization_code": 3, "refresh_token": 2}
    assert await _rows(house) == everything | {"revoked_token": 1, "used_assertion": 1}

    house.clock.advance(timedelta(minutes=3))
    assert await delete_expired(house.database, house.clock.now()) == 1
    assert (await _rows(house))["oauth_grant"] == 2

    await application.post("/oauth/revoke", token=tokens["refresh_token"])
    house.clock.advance(timedelta(minutes=9))
    await delete_expired(house.database, house.clock.now())
    assert await _rows(house) == {
        "oauth_grant": 1,
        "authorization_code": 1,
        "refresh_token": 1,
        "revoked_token": 0,
        "used_assertion": 0,
    }
    assert (await application.refresh(kept["refresh_token"])).status_code == 200

    house.clock.advance(timedelta(days=7, minutes=2))
    await delete_expired(house.database, house.clock.now())
    assert set((await _rows(house)).values()) == {0}
    assert (await application.refresh(kept["refresh_token"])).json() == {"error": "invalid_grant"}


async def test_a_token_of_a_deleted_grant_is_refused(house: House, falcon: UUID) -> None:
    application = await register(house, Permission.USAGE_READ)
    tokens = await application.tokens((await member(house, falcon))[1])
    await application.post("/oauth/revoke", token=tokens["refresh_token"])
    house.clock.advance(timedelta(minutes=2))
    assert await delete_expired(house.database, house.clock.now()) == 1
    assert (await house.who(f"Bearer {tokens['access_token']}")).status_code == 401
