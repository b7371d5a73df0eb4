"""What a principal may do: token, role now and client's allowance, all three."""

import asyncio
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from auth.api_clients import create_api_client
from auth.effective import effective_permissions, permissions_of_staff
from auth.people import add_member, create_person
from auth.permissions import Permission, TenantRole, machine_permissions, permissions_of
from auth.principal import Principal, PrincipalKind
from portal.actor import Actor, ActorKind
from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from tests.turnable_clock import TurnableClock

SEND_AND_READ = frozenset({Permission.MESSAGES_SEND, Permission.USAGE_READ})


async def _effective(database: Database, principal: Principal, tenant: UUID | None = None) -> frozenset[Permission]:
    async with database.for_tenant(tenant or principal.tenant_id or uuid4(), read_only=True) as tx:
        return await effective_permissions(tx, principal)


async def _member(database: Database, clock: TurnableClock, tenant_id: UUID, role: TenantRole) -> Principal:
    async with database.as_role(DatabaseRole.AUTH) as tx:
        email = f"{uuid4()}@example.com"
        person = await create_person(tx, clock.now(), email=email, name="P", password_hash=None)
        await add_member(tx, clock.now(), tenant_id=tenant_id, person_id=person, role=role)
    return Principal(PrincipalKind.MEMBER, person, "P", tenant_id, None)


async def _machine(
    database: Database, clock: TurnableClock, tenant_id: UUID, created_by: UUID | None, *allowed: Permission
) -> Principal:
    async with database.as_role(DatabaseRole.AUTH) as tx:
        made = await create_api_client(
            tx, clock.now(), tenant_id=tenant_id, name="M", permissions=allowed, created_by=created_by
        )
    return Principal(PrincipalKind.API_CLIENT, made.id, "M", tenant_id, frozenset(allowed), client_id=made.client_id)


@pytest.mark.parametrize("role", TenantRole)
async def test_a_member_may_do_what_the_role_may(
    database: Database, clock: TurnableClock, falcon: UUID, role: TenantRole
) -> None:
    assert await _effective(database, await _member(database, clock, falcon, role)) == permissions_of(role)


async def test_a_token_narrows_and_never_widens(database: Database, clock: TurnableClock, falcon: UUID) -> None:
    member = await _member(database, clock, falcon, TenantRole.SUPPORT)
    narrowed = replace(member, token_permissions=SEND_AND_READ)
    assert await _effective(database, narrowed) == {Permission.USAGE_READ}


async def test_another_tenant_is_closed(
    database: Database, clock: TurnableClock, falcon: UUID, freestyle: UUID
) -> None:
    member = await _member(database, clock, falcon, TenantRole.OWNER)
    assert await _effective(database, member, freestyle) == frozenset()
    pretending = replace(member, tenant_id=freestyle)
    assert await _effective(database, pretending) == frozenset()


async def test_a_machine_may_do_what_its_scopes_say(database: Database, clock: TurnableClock, falcon: UUID) -> None:
    machine = await _machine(database, clock, falcon, None, *SEND_AND_READ)
    assert await _effective(database, machine) == SEND_AND_READ
    greedy = replace(machine, token_permissions=frozenset(Permission))
    assert await _effective(database, greedy) == SEND_AND_READ


async def test_az_11_a_machine_is_capped_by_who_made_it(database: Database, clock: TurnableClock, falcon: UUID) -> None:
    maker = await _member(database, clock, falcon, TenantRole.DEVELOPER)
    machine = await _machine(database, clock, falcon, maker.id, *machine_permissions())
    capped = machine_permissions() & permissions_of(TenantRole.DEVELOPER)
    assert await _effective(database, machine) == capped
    assert Permission.BILLING_READ in machine_permissions() - capped
    async with database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE membership SET role = 'SUPPORT'")
    assert await _effective(database, machine) == permissions_of(TenantRole.SUPPORT)
    async with database.for_tenant(falcon) as tx:
        await tx.execute("DELETE FROM membership")
    assert await _effective(database, machine) == frozenset()


async def test_scopes_in_the_database_that_no_machine_may_hold_count_for_nothing(
    database: Database, clock: TurnableClock, falcon: UUID
) -> None:
    machine = await _machine(database, clock, falcon, None, Permission.USAGE_READ)
    async with database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client SET scopes = '{usage:read,members:write,unheard:of}'")
    greedy = replace(machine, token_permissions=frozenset(Permission))
    assert await _effective(database, greedy) == {Permission.USAGE_READ}


async def test_a_disabled_machine_may_do_nothing(database: Database, clock: TurnableClock, falcon: UUID) -> None:
    machine = await _machine(database, clock, falcon, None, *SEND_AND_READ)
    async with database.for_tenant(falcon) as tx:
        await tx.execute("UPDATE api_client SET disabled_at = $1", clock.now())
    assert await _effective(database, machine) == frozenset()


@pytest.mark.parametrize("kind", [PrincipalKind.ISV_SUPPORT, PrincipalKind.ISV_OPERATOR])
async def test_staff_may_do_nothing_inside_a_tenant(database: Database, falcon: UUID, kind: PrincipalKind) -> None:
    staff = Principal(kind, uuid4(), "S", falcon, None)
    assert await _effective(database, staff) == frozenset()


async def test_only_staff_holds_permissions_of_staff(clock: TurnableClock) -> None:
    operator = Principal(PrincipalKind.ISV_OPERATOR, new_id(clock.now()), "O", None, None)
    assert Permission.ECONOMICS_READ in permissions_of_staff(operator)
    assert permissions_of_staff(replace(operator, kind=PrincipalKind.MEMBER)) == frozenset()
    token = frozenset({Permission.ECONOMICS_READ, Permission.MESSAGES_SEND})
    assert permissions_of_staff(replace(operator, token_permissions=token)) == {Permission.ECONOMICS_READ}


async def test_support_reads_a_tenant_in_a_session_alone_and_content_while_it_is_granted(clock: TurnableClock) -> None:
    support = Principal(PrincipalKind.ISV_SUPPORT, new_id(clock.now()), "S", None, None)
    own = {Permission.SUPPORT_SESSION, Permission.TENANTS_READ}
    logs = {
        Permission.LOGS_READ,
        Permission.USAGE_READ,
        Permission.NUMBERS_READ,
        Permission.ALERTS_READ,
        Permission.SETTINGS_READ,
        Permission.ONBOARDING_READ,
    }
    assert permissions_of_staff(support) == own
    assert permissions_of_staff(support, in_session=True) == own | logs
    content = permissions_of_staff(support, in_session=True, with_content=True)
    assert content == own | logs | {Permission.MESSAGES_READ}


async def test_it_takes_one_statement(address: DatabaseAddress, clock: TurnableClock, falcon: UUID) -> None:
    said: list[str] = []
    database = await Database.connect(address, on_query=said.append)
    try:
        member = await _member(database, clock, falcon, TenantRole.OWNER)
        for principal in (member, await _machine(database, clock, falcon, member.id, Permission.USAGE_READ)):
            async with database.for_tenant(falcon) as tx:
                await asyncio.sleep(0)  # the driver tells of a statement on the next turn of the loop
                said.clear()
                assert await effective_permissions(tx, principal)
                await asyncio.sleep(0)
                assert [statement.partition(" ")[0] for statement in said] == ["SELECT"]
    finally:
        await database.close()


def test_a_principal_has_a_stable_key_and_is_written_down_as_an_actor() -> None:
    machine = Principal(PrincipalKind.API_CLIENT, uuid4(), "Shop system", uuid4(), SEND_AND_READ)
    assert machine.key == f"api_client:{machine.id}"
    assert machine.actor == Actor(ActorKind.API_CLIENT, machine.id, "Shop system")
    assert {kind.value for kind in PrincipalKind} | {"SYSTEM"} == {kind.value for kind in ActorKind}
