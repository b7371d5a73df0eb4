"""Tokens of the ISV's staff: an audience of their own, and neither kind of token good for the other."""

from uuid import UUID

import pytest

from auth.permissions import Permission, StaffRole, TenantRole
from portal.database import DatabaseRole
from tests.auth.forge import Forge, decoded
from tests.auth.house import House
from tests.auth.oauth.third_party import ThirdParty, member, register, told


@pytest.fixture
async def for_staff(house: House) -> ThirdParty:
    return await register(house, Permission.TENANTS_READ, Permission.USAGE_READ, for_staff=True)


@pytest.fixture
async def operator(house: House) -> tuple[UUID, str]:
    person_id = await house.person("otto@example.com", staff_role=StaffRole.ISV_OPERATOR)
    return person_id, await house.services.sessions.start(person_id, second_factor=True)


async def test_staff_gets_an_audience_and_a_subject_of_its_own(
    house: House, for_staff: ThirdParty, operator: tuple[UUID, str]
) -> None:
    tokens = await for_staff.tokens(operator[1], resource=f"{house.public_url}/staff")
    claims = decoded(tokens["access_token"].split(".")[1])
    assert (claims["aud"], claims["sub"]) == (f"{house.public_url}/staff", f"staff:{operator[0]}")
    assert "tenant_id" not in claims
    who = (await house.who(f"Bearer {tokens['access_token']}")).json()
    assert who["key"] == f"isv_operator:{operator[0]}"
    assert who["permissions"] == ["TENANTS_READ", "USAGE_READ"]


async def test_as_33_each_kind_of_application_gets_its_one_audience(
    house: House, falcon: UUID, for_staff: ThirdParty, operator: tuple[UUID, str]
) -> None:
    for_tenants = await register(house, Permission.USAGE_READ)
    _, session = await member(house, falcon)
    wrong = [
        await for_staff.ask(operator[1], resource=f"{house.public_url}/graphql"),
        await for_tenants.ask(session, resource=f"{house.public_url}/staff"),
    ]
    assert [told(answer)["error"] for answer in wrong] == ["invalid_target"] * 2
    code = await for_tenants.code(session)
    answer = await for_tenants.exchange(code, resource=f"{house.public_url}/staff")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


async def test_rs_37_who_is_not_staff_is_not_admitted_to_staffs_applications_nor_the_reverse(
    house: House, falcon: UUID, for_staff: ThirdParty, operator: tuple[UUID, str]
) -> None:
    for_tenants = await register(house, Permission.USAGE_READ)
    _, owner = await member(house, falcon, TenantRole.OWNER)
    homeless = await house.services.sessions.start(await house.person("nobodys@example.com"))
    for application, session in ((for_staff, owner), (for_tenants, operator[1]), (for_tenants, homeless)):
        assert told(await application.ask(session))["error"] == "access_denied"


async def test_rs_37_an_audience_goes_with_its_kind_of_subject(
    house: House, falcon: UUID, for_staff: ThirdParty, operator: tuple[UUID, str]
) -> None:
    for_tenants = await register(house, Permission.USAGE_READ)
    person, session = await member(house, falcon)
    key = await house.services.keys.current()
    staff = Forge.of((await for_staff.tokens(operator[1]))["access_token"], key)
    members = Forge.of((await for_tenants.tokens(session))["access_token"], key)
    machine = Forge.of(await house.token(await house.api_client(falcon, Permission.USAGE_READ)), key)
    staff_audience, audience = staff.claims["aud"], members.claims["aud"]
    refused = [
        staff.saying(aud=audience),
        staff.saying(tenant_id=str(falcon)),
        staff.saying(grant_id=members.claims["grant_id"]),
        staff.saying(sub=f"staff:{person}"),
        members.saying(aud=staff_audience),
        members.saying(sub=f"staff:{person}", aud=staff_audience, tenant_id=None),
        members.saying(sub=f"staff:{operator[0]}", aud=staff_audience, tenant_id=None),
        members.saying(grant_id=None),
        members.saying(grant_id=staff.claims["grant_id"]),
        members.saying(client_id=for_staff.client_id),
        members.saying(sub=f"client:{person}", grant_id=None),
        machine.saying(aud=staff_audience),
        machine.saying(sub=machine.claims["sub"].replace("client:", "person:")),
        machine.saying(sub=machine.claims["sub"].replace("client:", "staff:"), aud=staff_audience),
        machine.saying(sub=f"person:{person}", grant_id=members.claims["grant_id"]),
        machine.saying(grant_id=members.claims["grant_id"]),
        machine.saying(sub="client"),
        machine.saying(sub="robot:" + machine.claims["sub"].partition(":")[2]),
    ]
    assert [(await house.who(f"Bearer {token}")).status_code for token in refused] == [401] * len(refused)
    for right in (staff, members, machine):
        assert (await house.who(f"Bearer {right.token()}")).status_code == 200


async def test_who_leaves_the_staff_loses_its_tokens_at_once(
    house: House, for_staff: ThirdParty, operator: tuple[UUID, str]
) -> None:
    tokens = await for_staff.tokens(operator[1])
    async with house.database.as_role(DatabaseRole.AUTH) as tx:
        await tx.execute("UPDATE person SET staff_role = NULL WHERE id = $1", operator[0])
    assert (await house.who(f"Bearer {tokens['access_token']}")).status_code == 401
    assert (await for_staff.refresh(tokens["refresh_token"])).json() == {"error": "invalid_grant"}
