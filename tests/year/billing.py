"""A month's end: the provider is told and read, invoices are made; some are paid, given back, or void and made anew."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from portal.clock import new_id
from portal.credits.expiring import expire_credits
from portal.database import DatabaseRole
from portal.database.migrate import create_partitions
from portal.invoices.generating import InvoiceGeneration
from portal.invoices.issuing import CreditNoteWish, issue_credit_note, mark_paid, void
from portal.money.money import Money
from tests.year.accepting import midnight
from tests.year.living import Tenant
from tests.year.owing import Read
from tests.year.world import ORIGIN, World

AT_ONCE = 4  # tenants
_DAY = timedelta(days=1)
_CENT = Decimal("0.01")


async def bill(world: World, tenants: Sequence[Tenant], month: date, until: date) -> None:
    """Do all that is due at the end of a month, which ends just before `until`."""
    generation = InvoiceGeneration(world.database, world.clock)
    world.clock.turn_to(midnight(until) + timedelta(minutes=30))
    await generation.work_due()  # what goes by the cost waits for the provider's count
    for tenant in tenants:
        if lines := tenant.tell(until):
            await world.tell(lines)
    world.clock.turn_to(midnight(until) + timedelta(hours=2))
    await of_each(tenants, lambda tenant: _read(world, tenant, (month - _DAY).replace(day=1), until))
    world.clock.turn_to(midnight(until) + timedelta(hours=4))
    while await _drafts(world):
        before = await _drafts(world)
        await generation.work_due()
        if await _drafts(world) == before:
            raise AssertionError("invoices are held for ever")
    async with world.database.as_role(DatabaseRole.OPERATOR, read_only=True) as tx:
        assert await tx.value("SELECT sum(failed) FROM invoice_run") == 0
    while await expire_credits(world.database, world.clock):
        pass
    await create_partitions(world.database, world.clock.now())


async def settle(world: World, month: date) -> Decimal:
    """Some invoices of a month are paid, some are void and made anew, and a third of some is given back: the sum."""
    now = world.clock.now() + timedelta(hours=1)
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


async def _read(world: World, tenant: Tenant, first: date, until: date) -> None:
    """Read the provider's records of these days, half-open, and keep them."""
    now, first = world.clock.now(), max(first, tenant.life.signs_up)
    if first >= until:
        return
    credentials = await world.accounts.credentials(tenant.id)
    assert credentials is not None
    found = [one async for one in world.gateway.usage_records.daily(credentials, first, until)]
    async with world.database.for_tenant(tenant.id) as tx:
        await tx.execute(
            "UPDATE usage_record SET count = 0, usage = 0, price = 0 WHERE tenant_id = $1 AND day >= $2 AND day < $3",
            *(tenant.id, first, until),
        )
        await tx.execute(
            "INSERT INTO usage_record (tenant_id, day, category, count, count_unit, usage, usage_unit, price, "
            "price_unit, as_of, synced_at) SELECT $1, r.*, $10 FROM unnest($2::date[], $3::text[], $4::numeric[], "
            "$5::text[], $6::numeric[], $7::text[], $8::numeric[], $9::text[], $11::timestamptz[]) AS "
            "r (day, category, count, count_unit, usage, usage_unit, price, price_unit, as_of) "
            "ON CONFLICT (tenant_id, day, category) DO UPDATE SET count = excluded.count, usage = excluded.usage, "
            "price = excluded.price, as_of = excluded.as_of, synced_at = excluded.synced_at",
            tenant.id,
            [one.day for one in found],
            [one.category for one in found],
            [one.count for one in found],
            [one.count_unit for one in found],
            [one.usage for one in found],
            [one.usage_unit for one in found],
            [one.price for one in found],
            [one.price_unit for one in found],
            now,
            [one.as_of for one in found],
        )
        as_of = min((one.as_of for one in found), default=now)
        await tx.execute(
            "INSERT INTO usage_sync (tenant_id, id, state, from_day, until_day, as_of, requested_at, finished_at) "
            "VALUES ($1, $2, 'DONE', $3, $4, $5, $6, $6)",
            *(tenant.id, new_id(now), first, until, as_of, now),
        )
    tenant.ledger.reads.append(Read(now, first, until))
