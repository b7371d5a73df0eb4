"""People, passwords, API clients, signing keys and what encrypts them."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest

from auth.api_clients import create_api_client
from auth.keys import SigningKeys
from auth.passwords import Passwords
from auth.people import (
    EmailTakenError,
    MembershipTakenError,
    add_member,
    create_person,
    memberships_of,
    normal_email,
)
from auth.permissions import Permission, TenantRole
from portal.database import Database, DatabaseRole
from portal.encryption import SecretBox, WrongSecretError
from tests.auth.house import SECRET
from tests.turnable_clock import TurnableClock


async def _person(database: Database, clock: TurnableClock, email: str) -> UUID:
    async with database.as_role(DatabaseRole.AUTH) as tx:
        return await create_person(tx, clock.now(), email=email, name="P", password_hash=None)


async def _join(database: Database, clock: TurnableClock, tenant: UUID, person: UUID, role: TenantRole) -> None:
    async with database.as_role(DatabaseRole.AUTH) as tx:
        await add_member(tx, clock.now(), tenant_id=tenant, person_id=person, role=role)


async def test_an_address_has_one_account_whatever_its_case(database: Database, clock: TurnableClock) -> None:
    await _person(database, clock, "Olga@Example.com")
    with pytest.raises(EmailTakenError):
        await _person(database, clock, " olga@example.COM ")
    async with database.as_role(DatabaseRole.AUTH) as tx:
        assert [row["email"] for row in await tx.rows("SELECT email FROM person")] == ["olga@example.com"]


@pytest.mark.parametrize(
    "email", ["", "olga", "@", "a@", "@b", "a@b@c", "a b@c", "a@b\0", "a\n@b", "x" * 250 + "@b.de"]
)
def test_what_is_no_e_mail_address(email: str) -> None:
    with pytest.raises(ValueError, match="no e-mail address"):
        normal_email(email)


async def test_a_tenant_has_one_owner_and_a_person_one_role_in_it(
    database: Database, clock: TurnableClock, falcon: UUID, freestyle: UUID
) -> None:
    olga, adam = await _person(database, clock, "olga@b.de"), await _person(database, clock, "adam@b.de")
    await _join(database, clock, falcon, olga, TenantRole.OWNER)
    for person, role in ((adam, TenantRole.OWNER), (olga, TenantRole.SUPPORT)):
        with pytest.raises(MembershipTakenError):
            await _join(database, clock, falcon, person, role)
    await _join(database, clock, freestyle, olga, TenantRole.SUPPORT)
    found = [(each.name, each.role) for each in await memberships_of(database, olga)]
    assert found == [("Falcon Flights", TenantRole.OWNER), ("Freestyle Falcons", TenantRole.SUPPORT)]
    assert await memberships_of(database, adam) == []


async def test_az_10_no_client_is_made_with_what_no_machine_may_hold(
    database: Database, clock: TurnableClock, falcon: UUID
) -> None:
    allowed = [Permission.USAGE_READ, Permission.MEMBERS_WRITE]
    async with database.as_role(DatabaseRole.AUTH) as tx:
        with pytest.raises(ValueError, match="no machine may hold MEMBERS_WRITE"):
            await create_api_client(tx, clock.now(), tenant_id=falcon, name="M", permissions=allowed, created_by=None)
        assert await tx.value("SELECT count(*) FROM api_client") == 0


async def test_a_password_is_hashed_with_argon2id_and_verified() -> None:
    passwords = Passwords()
    stored = await passwords.hash("correct horse")
    assert stored.startswith("$argon2id$")
    assert stored != await passwords.hash("correct horse")
    right, wrong, nobody = [
        await passwords.verify(*each) for each in (("correct horse", stored), ("wrong", stored), ("", None))
    ]
    assert (right.right, wrong.right, nobody.right) == (True, False, False)
    assert right.new_hash is None


async def test_hashing_leaves_the_event_loop_free() -> None:
    passwords = Passwords()
    hashing = asyncio.create_task(passwords.hash("correct horse"))
    turns = 0
    while not hashing.done():
        turns += 1
        await asyncio.sleep(0.001)
    assert turns > 2


async def test_many_first_signers_agree_on_one_key(database: Database, clock: TurnableClock) -> None:
    processes = [SigningKeys(database, clock, SecretBox(SECRET)) for _ in range(6)]
    keys = await asyncio.gather(*(process.current() for process in processes))
    assert len({key.kid for key in keys}) == 1
    async with database.as_role(DatabaseRole.AUTH) as tx:
        (row,) = await tx.rows("SELECT * FROM signing_key")
    assert str(keys[0].as_dict(private=True)["d"]) not in str(dict(row))
    assert "d" not in json.loads(row["public_jwk"])


async def test_rs_26_unknown_names_make_it_look_once_in_a_while(database: Database, clock: TurnableClock) -> None:
    keys = SigningKeys(database, clock, SecretBox(SECRET))
    kid = (await keys.current()).kid or ""
    looks = 0
    read = database.as_role

    def counted(role: DatabaseRole, *, read_only: bool = False) -> object:
        nonlocal looks
        looks += 1
        return read(role, read_only=read_only)

    database.as_role = counted  # type: ignore[method-assign,assignment]
    found = await asyncio.gather(*(keys.public(str(uuid4())) for _ in range(1000)), keys.public(kid))
    assert (looks, [key.kid for key in found if key]) == (1, [kid])


async def test_another_secret_opens_nothing(database: Database, clock: TurnableClock) -> None:
    await SigningKeys(database, clock, SecretBox(SECRET)).current()
    with pytest.raises(WrongSecretError, match="not the one it began with"):
        await SigningKeys(database, clock, SecretBox(SECRET[::-1])).current()


def test_a_box_opens_what_it_closed_and_nothing_else() -> None:
    box = SecretBox(SECRET)
    closed = box.encrypt("auth token ä")
    assert b"auth token" not in closed
    assert SecretBox(SECRET).decrypt(closed) == "auth token ä".encode()
    assert box.decrypt(box.encrypt(b"\0\xff")) == b"\0\xff"
    changed = closed[:-4] + bytes([closed[-4] ^ 1]) + closed[-3:]
    for wrong in (changed, b"", b"nonsense"):
        with pytest.raises(WrongSecretError):
            box.decrypt(wrong)


def test_a_box_needs_a_secret_that_cannot_be_guessed() -> None:
    with pytest.raises(ValueError, match="at least 32 characters"):
        SecretBox("x" * 31)
