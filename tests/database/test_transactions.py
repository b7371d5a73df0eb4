"""The tenant transaction: who sees what, and what survives a cancellation."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole, DatabaseUnavailableError, TenantTransaction
from portal.database.address import DatabaseAddress
from tests.factories import make_tenant
from tests.turnable_clock import TurnableClock

INSERT = (
    "INSERT INTO contact (tenant_id, id, number, country, created_at, updated_at) VALUES ($1, $2, $3, 'US', $4, $4)"
)


async def _add(tx: TenantTransaction, tenant_id: UUID, number: str, clock: TurnableClock) -> UUID:
    contact_id = new_id(clock.now())
    await tx.execute(INSERT, tenant_id, contact_id, number, clock.now())
    return contact_id


async def test_a_login_that_takes_no_role_may_do_nothing(address: DatabaseAddress) -> None:
    connection = await asyncpg.connect(**address.credentials())
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("SELECT * FROM contact")
    finally:
        await connection.close()


async def test_tn_08_without_a_tenant_there_are_no_rows_and_no_inserts(
    database: Database, clock: TurnableClock
) -> None:
    tenant = await make_tenant(database, clock)
    async with database.for_tenant(tenant) as tx:
        await _add(tx, tenant, "+12025550100", clock)
    async with database.as_role(DatabaseRole.APP) as tx:
        assert await tx.rows("SELECT * FROM contact") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.as_role(DatabaseRole.APP) as tx:
            await tx.execute(INSERT, tenant, new_id(clock.now()), "+12025550101", clock.now())


async def test_tn_07_one_tenant_neither_sees_nor_changes_nor_makes_rows_of_another(
    database: Database, clock: TurnableClock
) -> None:
    falcon, freestyle = await make_tenant(database, clock), await make_tenant(database, clock)
    async with database.for_tenant(falcon) as tx:
        contact = await _add(tx, falcon, "+12025550100", clock)
    async with database.for_tenant(freestyle) as tx:
        assert await tx.rows("SELECT * FROM contact WHERE id = $1", contact) == []
        assert await tx.execute("UPDATE contact SET name = 'x' WHERE id = $1", contact) == 0
        assert await tx.execute("DELETE FROM contact WHERE id = $1", contact) == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.for_tenant(freestyle) as tx:
            await _add(tx, falcon, "+12025550101", clock)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.for_tenant(falcon) as tx:
            await tx.execute("UPDATE contact SET tenant_id = $1", freestyle)
    async with database.for_tenant(falcon) as tx:
        assert [row["name"] for row in await tx.rows("SELECT name FROM contact")] == [None]


async def test_tn_07_a_foreign_key_cannot_reach_into_another_tenant(database: Database, clock: TurnableClock) -> None:
    falcon, freestyle = await make_tenant(database, clock), await make_tenant(database, clock)
    template = new_id(clock.now())
    async with database.for_tenant(falcon) as tx:
        await tx.execute(
            "INSERT INTO template (tenant_id, id, name, category, version, created_at) "
            "VALUES ($1, $2, 'Offer', 'MARKETING', 1, $3)",
            falcon,
            template,
            clock.now(),
        )
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        async with database.for_tenant(freestyle) as tx:
            await tx.execute(
                "INSERT INTO template_version (tenant_id, id, template_id, number, body, variables, created_at) "
                "VALUES ($1, $2, $3, 1, 'Hi', '[]', $4)",
                freestyle,
                new_id(clock.now()),
                template,
                clock.now(),
            )


async def test_tn_09_two_hundred_interleaved_transactions_on_a_small_pool_never_mix(
    address: DatabaseAddress, clock: TurnableClock
) -> None:
    database = await Database.connect(address, pool_size=4)
    try:
        tenants = [await make_tenant(database, clock) for _ in range(2)]
        for tenant in tenants:
            async with database.for_tenant(tenant) as tx:
                await _add(tx, tenant, "+12025550100", clock)

        async def seen(tenant: UUID) -> tuple[UUID, list[UUID]]:
            async with database.for_tenant(tenant, read_only=True) as tx:
                return tenant, [row["tenant_id"] for row in await tx.rows("SELECT tenant_id FROM contact")]

        answers = await asyncio.gather(*(seen(tenants[n % 2]) for n in range(200)))
        assert all(rows == [tenant] for tenant, rows in answers)
        async with database.as_role(DatabaseRole.APP) as nobody:
            assert await nobody.value("SELECT current_setting('app.tenant_id', true)") in {None, ""}
    finally:
        await database.close()


async def test_cancelled_transactions_leave_no_connection_behind(
    address: DatabaseAddress, clock: TurnableClock
) -> None:
    database = await Database.connect(address, pool_size=3)
    try:
        tenant = await make_tenant(database, clock)

        async def work(number: int) -> None:
            async with database.for_tenant(tenant) as tx:
                await _add(tx, tenant, f"+120255{number:05d}", clock)
                await tx.execute("SELECT pg_sleep(1)")

        # Cancelled at 60 different moments: while it waits for a connection, begins, inserts, sleeps.
        tasks = [asyncio.create_task(work(number)) for number in range(60)]
        for number, task in enumerate(tasks):
            await asyncio.sleep(0.001 * (number % 7))
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(outcome, asyncio.CancelledError) for outcome in ended)

        async def count() -> int:
            async with database.for_tenant(tenant) as tx:
                found: int = await tx.value("SELECT count(*) FROM contact")
            return found

        async with asyncio.timeout(5):
            assert await asyncio.gather(*(count() for _ in range(9))) == [0] * 9
    finally:
        await database.close()


async def test_a_read_only_transaction_refuses_to_write(database: Database, clock: TurnableClock) -> None:
    tenant = await make_tenant(database, clock)
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with database.for_tenant(tenant, read_only=True) as tx:
            await _add(tx, tenant, "+12025550100", clock)


async def test_statements_side_by_side_in_one_transaction_take_turns(database: Database, clock: TurnableClock) -> None:
    tenant = await make_tenant(database, clock)
    async with database.for_tenant(tenant) as tx:
        answers = await asyncio.gather(*(tx.value("SELECT $1::int", number) for number in range(20)))
    assert answers == list(range(20))


async def test_a_transaction_that_is_cancelled_twice_gives_a_clean_connection_back(
    address: DatabaseAddress, clock: TurnableClock
) -> None:
    database = await Database.connect(address, pool_size=1)
    faults: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))  # asyncpg tells there
    try:
        tenant = await make_tenant(database, clock)

        async def work() -> None:
            async with database.for_tenant(tenant) as tx:
                await _add(tx, tenant, "+12025550100", clock)
                await tx.execute("SELECT pg_sleep(30)")

        for pause in (0.0, 0.001, 0.005, 0.02, 0.05):
            task = asyncio.create_task(work())
            await asyncio.sleep(pause)
            task.cancel()
            await asyncio.sleep(0)
            task.cancel()  # while it rolls back
            await asyncio.gather(task, return_exceptions=True)
            async with asyncio.timeout(5), database.as_role(DatabaseRole.APP) as tx:
                assert await tx.value("SELECT current_setting('app.tenant_id', true)") in {None, ""}
                assert await tx.rows("SELECT * FROM contact") == []
        async with database.for_tenant(tenant) as tx:
            assert await tx.rows("SELECT * FROM contact") == []
    finally:
        await database.close()
    assert faults == []


async def test_whoever_gets_no_connection_in_time_is_told_and_the_pool_is_whole_afterwards(
    address: DatabaseAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.database.connection._SECONDS_TO_WAIT", 0.05)
    database = await Database.connect(address, pool_size=2)

    async def ask() -> object:
        async with database.as_role(DatabaseRole.APP) as tx:
            return await tx.value("SELECT 1")

    try:
        async with database.as_role(DatabaseRole.APP), database.as_role(DatabaseRole.APP):
            answers = await asyncio.gather(*(ask() for _ in range(5)), return_exceptions=True)
            assert [type(answer) for answer in answers] == [DatabaseUnavailableError] * 5
        monkeypatch.undo()
        assert await asyncio.gather(*(ask() for _ in range(5))) == [1] * 5
    finally:
        await database.close()
