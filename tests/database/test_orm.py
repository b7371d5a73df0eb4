"""Tortoise's queries in our transactions: they find their context, their connection and the tenant's rows alone."""

import asyncio

from portal.clock import new_id
from portal.contacts.models import Contact
from portal.database import Database, TenantTransaction
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock


async def _add(tx: TenantTransaction, clock: TurnableClock, number: str) -> None:
    now = clock.now()
    await Contact.create(
        using_db=tx.orm,
        id=new_id(now),
        tenant_id=tx.tenant_id,
        number=number,
        country="US",
        fields={},
        created_at=now,
        updated_at=now,
    )


async def test_a_query_reads_and_writes_in_the_transaction_it_is_given(
    database: Database, clock: TurnableClock
) -> None:
    falcon, freestyle = await make_tenant(database, clock), await make_tenant(database, clock)
    async with database.for_tenant(falcon) as tx:
        await _add(tx, clock, "+12025550100")
        assert await Contact.filter(number="+12025550100").using_db(tx.orm).update(name="Alice") == 1
        assert await Contact.all(using_db=tx.orm).values("name") == [{"name": "Alice"}]
    async with database.for_tenant(freestyle) as tx:
        assert await Contact.all(using_db=tx.orm).count() == 0


async def test_queries_of_many_transactions_side_by_side_keep_apart(database: Database, clock: TurnableClock) -> None:
    tenants = [await make_tenant(database, clock) for _ in range(4)]

    async def work(number: int) -> list[str]:
        async with database.for_tenant(tenants[number % 4]) as tx:
            await _add(tx, clock, f"+1202555{number:04}")
            await asyncio.sleep(0)
            found = await Contact.all(using_db=tx.orm).order_by("number").values_list("number", flat=True)
            return [str(one) for one in found]

    for number, found in enumerate(await asyncio.gather(*(work(number) for number in range(40)))):
        assert f"+1202555{number:04}" in found
        assert {int(one[-4:]) % 4 for one in found} == {number % 4}
