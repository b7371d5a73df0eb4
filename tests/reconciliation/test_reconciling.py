"""The nightly job: every difference is kept once, by however many at once, and closed once both sides agree."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from portal.database import Database, DatabaseRole
from portal.database.address import DatabaseAddress
from portal.reconciliation.discrepancies import close
from portal.reconciliation.reconciling import Reconciliation
from tests.invoices.stored_usage import record
from tests.reconciliation.days import SEVENTH, SIXTH, counted, customer, found, sent, synced
from tests.turnable_clock import TurnableClock


async def rows(database: Database, sql: str, *arguments: object) -> list[Any]:
    """Rows as the operator sees them."""
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        return list(await tx.rows(sql, *arguments))


async def test_days_on_which_both_sides_agree_leave_nothing_behind(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    for day, count in ((SIXTH, 40), (SEVENTH, 20)):
        await sent(database, tenant, holding, day, count)
        await counted(database, tenant, day, count)
    await synced(database, tenant)
    assert await reconciliation.work_due() == 1
    assert await found(database) == []
    assert await reconciliation.work_due() == 0


async def test_a_difference_is_told_with_its_reason_and_no_tenant_is_charged_for_what_is_explained(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 38)
    await record(database, tenant, SIXTH, "failed-message-processing-fee", "0.002", 2)
    await sent(database, tenant, holding, SEVENTH, 1000)
    await counted(database, tenant, SEVENTH, 1000, price="8.3")  # the card says 7.90
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await found(database) == [
        (SIXTH, "sms-outbound", 40, 38, "PROCESSING_FEE", True),
        (SEVENTH, "sms-outbound", 1000, 1000, "PRICED_OTHERWISE", True),
    ]
    (balance,) = await rows(database, "SELECT used FROM allowance_balance")
    assert balance["used"] == 1040


async def test_what_the_provider_counts_a_little_later_is_late_and_closed_once_it_agrees(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 35)
    async with database.for_tenant(tenant) as tx:
        await tx.execute("UPDATE usage_record SET as_of = as_of - interval '23 hours'")
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await found(database) == [(SIXTH, "sms-outbound", 40, 35, "LATE", True)]
    await counted(database, tenant, SIXTH, 40)
    await synced(database, tenant)
    await reconciliation.work_due()
    (row,) = await rows(database, "SELECT * FROM discrepancy")
    assert (row["ours"], row["theirs"], row["closed_by_name"]) == (40, 40, None)
    assert row["closed_at"] is not None
    assert row["note"] == "Both sides agree by now."


@pytest.mark.parametrize(("hours", "told"), [(26, []), (74, [(SEVENTH, "sms-outbound", 40, 35, "LATE", True)])])
async def test_a_day_that_the_provider_has_not_counted_whole_is_not_judged_until_it_is_old(
    database: Database, reconciliation: Reconciliation, night: TurnableClock, hours: int, told: list[Any]
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SEVENTH, 40)
    await counted(database, tenant, SEVENTH, 35)
    async with database.for_tenant(tenant) as tx:
        await tx.execute("UPDATE usage_record SET as_of = as_of - interval '25 hours'")
    await synced(database, tenant)
    night.turn_to(night.now().replace(day=8, hour=0) + timedelta(hours=hours))
    await reconciliation.work_due()
    assert await found(database) == told


async def test_what_somebody_closed_stays_closed_until_its_figures_change(
    database: Database, reconciliation: Reconciliation, night: TurnableClock
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 20)  # too many to be taken off without a person
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await found(database) == [(SIXTH, "sms-outbound", 40, 20, "UNKNOWN", True)]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        key = await tx.value("SELECT id FROM discrepancy")
        await close(tx, key, "A fault over there", "Olive", now=night.now())
    for figures, is_open in ((20, False), (21, True)):
        await counted(database, tenant, SIXTH, figures)
        await synced(database, tenant)
        night.advance(timedelta(hours=1))
        await reconciliation.work_due()
        assert await found(database) == [(SIXTH, "sms-outbound", 40, figures, "UNKNOWN", is_open)]
    (row,) = await rows(database, "SELECT * FROM discrepancy")
    assert (row["id"], row["note"], row["closed_by_name"]) == (key, "A fault over there", "Olive")
    assert row["seen_at"] == night.now()


async def test_a_day_between_two_syncs_that_nobody_read_is_not_taken_for_empty(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 4)
    for until in (SIXTH, SEVENTH + timedelta(days=3)):  # the sixth is not in the first, nor in the second
        await synced(database, tenant, until)
    assert await reconciliation.work_due() == 2
    assert await found(database) == []


async def test_amounts_of_two_currencies_and_estimates_without_a_card_are_not_compared(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 40, price="99")
    await sent(database, tenant, holding, SEVENTH, 40)
    await counted(database, tenant, SEVENTH, 40, price="99")
    async with database.for_tenant(tenant) as tx:
        await tx.execute("UPDATE usage_record SET price_unit = 'EUR' WHERE day = $1", SIXTH)
        await tx.execute("UPDATE usage_day SET cost = 0 WHERE day = $1", SEVENTH)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await found(database) == []


async def test_several_at_once_reconcile_each_sync_once_and_come_to_the_same(
    database: Database, reconciliation: Reconciliation
) -> None:
    terms_of = [await customer(database, name=f"Plan {number}") for number in range(60)]
    for place, (tenant, holding) in enumerate(terms_of):
        await sent(database, tenant, holding, SIXTH, 40)
        await counted(database, tenant, SIXTH, 40 if place % 2 else 41)
        await synced(database, tenant)
    done = await asyncio.gather(*(reconciliation.work_due() for _ in range(3)))
    assert sum(done) == 60
    assert await found(database) == [(SIXTH, "sms-outbound", 41, 41, "UNKNOWN", False)] * 30
    (sums,) = await rows(database, "SELECT sum(used) AS used, count(*) FROM allowance_balance")
    assert (sums["used"], sums["count"]) == (60 * 40 + 30, 60)


@asynccontextmanager
async def refused(superuser: DatabaseAddress, address: DatabaseAddress, right: str, role: str) -> AsyncIterator[None]:
    """The database refuses this to a role meanwhile: what asks for it fails in the midst of its work."""
    connection = await asyncpg.connect(**superuser.to(database=address.database).credentials())
    try:
        await connection.execute(f"REVOKE {right} FROM {role}")
        yield
        await connection.execute(f"GRANT {right} TO {role}")
    finally:
        await connection.close()


async def test_what_fails_in_the_midst_is_kept_whole_or_not_at_all_and_the_next_night_goes_on(
    superuser: DatabaseAddress, address: DatabaseAddress, database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 43)
    await synced(database, tenant)
    async with refused(superuser, address, "INSERT ON discrepancy", "portal_operator"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await reconciliation.work_due()
    assert await found(database) == []
    async with refused(superuser, address, "INSERT ON allowance_entry", "portal_app"):
        assert await reconciliation.work_due() == 1
    assert await found(database) == [(SIXTH, "sms-outbound", 40, 43, "UNKNOWN", True)]
    (balance,) = await rows(database, "SELECT used FROM allowance_balance")
    assert balance["used"] == 40
    await synced(database, tenant)  # the next night's
    await reconciliation.work_due()
    assert await found(database) == [(SIXTH, "sms-outbound", 43, 43, "UNKNOWN", False)]
    (balance,) = await rows(database, "SELECT used FROM allowance_balance")
    assert balance["used"] == 43
