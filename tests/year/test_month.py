"""February 2028 and the month behind it, of tenants on all plans; `make bench-year` plays a year of two hundred."""

from datetime import date

import pytest

from portal.database.address import DatabaseAddress
from tests.year.year import play


@pytest.mark.timeout(300)  # two months of work: on a busy machine that takes its time
async def test_two_months_of_tenants_on_all_strategies_are_explained_to_the_cent(address: DatabaseAddress) -> None:
    said: list[str] = []
    proven = await play(address, 7, 15, date(2028, 2, 1), date(2028, 4, 1), said.append)
    assert proven.unexplained == 0, said
    assert (proven.tenants, proven.invoices > 20, proven.messages > 1000) == (15, True, True)
