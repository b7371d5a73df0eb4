"""A person of a tenant, and an application that may act for people."""

from uuid import UUID

import pytest

from auth.permissions import Permission
from tests.auth.house import House
from tests.auth.oauth.third_party import ThirdParty, member, register


@pytest.fixture
async def application(house: House) -> ThirdParty:
    return await register(house, Permission.CONTACTS_READ, Permission.USAGE_READ)


@pytest.fixture
async def person(house: House, falcon: UUID) -> UUID:
    person_id, _ = await member(house, falcon)
    return person_id


@pytest.fixture
async def session(house: House, person: UUID) -> str:
    return await house.services.sessions.start(person)
