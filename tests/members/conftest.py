"""A tenant with its Owner, and a look at everything that a refusal has to leave alone."""

import pytest

from portal.database.address import DatabaseAddress
from tests.members.team import Team, make_team
from tests.product import Product


@pytest.fixture
def place(superuser: DatabaseAddress, address: DatabaseAddress) -> DatabaseAddress:
    """The test's database, as the user that may look at everything."""
    return superuser.to(database=address.database)


@pytest.fixture
async def falcon(product: Product, place: DatabaseAddress) -> Team:
    """A tenant with its Owner."""
    return await make_team(product, place, "Falcon Flights")


@pytest.fixture
async def freestyle(product: Product, place: DatabaseAddress) -> Team:
    """Another tenant with its Owner."""
    return await make_team(product, place, "Freestyle Falcons")
