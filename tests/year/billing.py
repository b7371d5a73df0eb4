"""A month's end: the provider is told and read, invoices are made; some are paid, given back, or void and made anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from portal.credits.expiring import expire_credits
from portal.database import DatabaseRole
from portal.database.migrate import create_partitions
from portal.invoices.generating import InvoiceGeneration
from portal.invoices.issuing import CreditNoteWish, issue_credit_note, mark_paid, void
from portal.money.money import Money
from portal.usage.gathering import UsageSync
from portal.usage.nightly import request_nightly
from tests.year.accepting import midnight
from tests.year.living import Tenant
from tests.year.owing import Read
from tests.year.world import ORIGIN, World

AT_ONCE = 4  # tenants
_LAGGING = (2, 6, 10)  # months at whose end the provider counts late
_DAY = timedelta(days=1)
_CENT = Decimal("0.01")


async def bill(world: World, tenants: Sequence[Tenant], month: date, until: date) -> None:
    """Do all that is due at the end of a month, which ends just before `until`."""
    generation = InvoiceGeneration(world.database, world.clock)
    world.clock.turn_to(midnight(until) - timedelta(hours=1))
    world.clock.turn_to(midnight(until) + timedelta(minutes=30))
    await generation.work_due()  # what goes by the cost waits for the provider's count
    for tenant in tenants:
        if lines := tenant.tell(until):
            await world.tell(lines)
    world.clock.turn_to(midnight(until) + timedelta(hours=4))  # the last tenant's turn
    if month.month in _LAGGING:
        await world.lag(6)
        waiting = await _drafts(world)
        await _read_night(world, tenants)
        await generation.work_due()
        assert await _drafts(world) >= waiting
        await world.lag(0)
        world.clock.advance(timedelta(hours=2))
    await _read_night(world, tenants)
    for tenant in tenants:
        has_left = tenant.ledger.closed_at is not None
        assert has_left or tenant.ledger.read_until(until - _DAY, world.clock.now()) is not None
    world.clock.advance(timedelta(hours=1))
    while waiting := await _drafts(world):
        await generation.work_due()
        assert await _drafts(world) < waiting
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        assert await tx.value("SELECT sum(failed) FROM invoice_run") == 0
    while await expire_credits(world.database, world.clock):
        pass
    await create_partitions(world.database, world.clock.now())


async def settle(world: World, month: date) -> Decimal:
    """Some invoices of a month are paid, some are void and made anew, and a third of some is given back: the sum."""
    now = world.clock.now() + timedelta(minutes=30)
    world.clock.turn_to(now)
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        sql = "SELECT id, number, total, currency FROM invoice WHERE month = $1 AND state = 'ISSUED' ORDER BY number"
        issued = await tx.rows(sql, month)
    any_void, given_back = False, Decimal(0)
    for place, row in enumerate(issued):
        match place % 20:
            case 0:
                async with world.database.as_role(DatabaseRole.OPERATOR) as tx:
                    await void(tx, row["id"], "It was wrong.", ORIGIN, now=now)
                any_void = True
            case 1 | 2 if row["total"] > _CENT:
                third = Money(row["total"] / 3 + _CENT, row["currency"]).rounded()
                wish = CreditNoteWish(row["id"], third, "A gesture", row["number"])
                await issue_credit_note(world.database, wish, ORIGIN, now=now)
                given_back += third.amount
            case 3 | 4:
                pass  # not paid yet
            case _:
                await mark_paid(world.database, row["id"], f"bank {row['number']}", ORIGIN, now=now)
    if any_void:
        generation = InvoiceGeneration(world.database, world.clock)
        await generation.generate(month, lambda _: None)
    return given_back


async def _drafts(world: World) -> int:
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        return int(await tx.value("SELECT count(*) FROM invoice WHERE state = 'DRAFT'"))


async def of_each(tenants: Sequence[Tenant], do: Callable[[Tenant], Awaitable[None]]) -> None:
    """Do something with each tenant, some of them at once."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(tenant: Tenant) -> None:
        async with turns:
            try:
                await do(tenant)
            except BaseException as error:
                error.add_note(f"tenant {tenant.life.number}")
                raise

    async with asyncio.TaskGroup() as group:
        for tenant in tenants:
            group.create_task(one(tenant))


async def _read_night(world: World, tenants: Sequence[Tenant]) -> None:
    await request_nightly(world.database, world.clock)
    await _work_off(world, tenants)


async def _work_off(world: World, tenants: Sequence[Tenant]) -> None:
    """Work the syncs off, and take note of what was read when."""
    sync = UsageSync(world.database, world.gateway.usage_records, world.accounts, world.clock)
    await asyncio.gather(*(sync.work_due() for _ in range(AT_ONCE)))
    ledgers, now = {tenant.id: tenant.ledger for tenant in tenants}, world.clock.now()
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        for row in await tx.rows("SELECT * FROM usage_sync WHERE requested_at >= $1", now):
            assert row["state"] == "DONE"
            ledgers[row["tenant_id"]].reads.append(Read(now, row["as_of"], row["from_day"], row["until_day"]))
