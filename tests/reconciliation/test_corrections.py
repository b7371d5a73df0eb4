"""What the provider counted and we did not, in the tenant's ledgers: once for each difference, and explained."""

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.invoices.generating import InvoiceGeneration
from portal.pricing.terms import AtLimit, PlanTerms, PricingStrategy, UsageUnit
from portal.reconciliation.correcting import may_be_corrected
from portal.reconciliation.reconciling import Reconciliation
from tests.invoices.months import DYNAMIC, FREE
from tests.invoices.stored_usage import at, invoices_of, record
from tests.reconciliation.days import OVERAGE, SEVENTH, SIXTH, counted, customer, found, sent, synced
from tests.turnable_clock import TurnableClock

CREDITS = PlanTerms(PricingStrategy.CREDITS, "USD", at_limit=AtLimit.CREDITS)
SEGMENTS = PlanTerms(PricingStrategy.TIER, "USD", Decimal(5), amount=1_000, unit=UsageUnit.SEGMENTS)


async def own(database: Database, tenant_id: UUID, sql: str) -> list[tuple[Any, ...]]:
    """Rows of the tenant."""
    async with database.for_tenant(tenant_id, read_only=True) as tx:
        return [tuple(row) for row in await tx.rows(sql)]


async def charges(database: Database, tenant_id: UUID) -> list[tuple[Any, ...]]:
    """Day, category, band, messages, units and cost."""
    sql = "SELECT day, category, band, count, units, cost FROM charge_day ORDER BY day, category, band"
    return await own(database, tenant_id, sql)


async def entries(database: Database, tenant_id: UUID) -> list[tuple[Any, ...]]:
    """Units and reason of all corrections."""
    return await own(database, tenant_id, "SELECT units, reason FROM allowance_entry WHERE kind = 'CORRECTION'")


async def lot(database: Database, tenant_id: UUID, units: int, days: int) -> None:
    """A lot of credits that are paid, and expire so many days after the first of November."""
    now = at("2026-11-01") + timedelta(seconds=days)
    async with database.for_tenant(tenant_id) as tx:
        await tx.execute(
            "INSERT INTO credit_lot (tenant_id, id, plan_id, credits, units, unit, price, currency, bought_by_kind, "
            "bought_by_name, purchased_at, usable_at, expires_at) SELECT $1, $2, plan_id, 10, $3, 'MESSAGES', 10, "
            "'USD', 'MEMBER', 'Bill', $4, $4, $5 FROM tenant_plan WHERE tenant_id = $1",
            *(tenant_id, new_id(now), units, now, at("2026-11-01") + timedelta(days=days)),
        )


EACH = Decimal("0.0079")


async def test_messages_sent_outside_of_the_portal_are_charged_on_their_day_and_counted_in_its_period(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)  # 100 a month, 0.05 for each over
    await sent(database, tenant, holding, SIXTH, 98)
    await counted(database, tenant, SIXTH, 103)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await charges(database, tenant) == [
        (SIXTH, "sms-outbound", 0, 100, 100, EACH * 100),
        (SIXTH, "sms-outbound", 1, 3, 3, EACH * 3),
    ]
    assert await own(database, tenant, "SELECT used, reserved FROM allowance_balance") == [(103, 0)]
    assert await own(database, tenant, "SELECT day, count, usage, cost FROM usage_day") == [
        (SIXTH, 103, 103, EACH * 103)
    ]
    assert await own(database, tenant, "SELECT month, spent FROM spend_balance") == [
        (date(2026, 11, 1), Decimal("0.15"))
    ]
    reason = "Corrected for 2026-11-06: the carriers counted 103 messages, the portal 98."
    assert await entries(database, tenant) == [(5, reason)]
    assert await found(database) == [(SIXTH, "sms-outbound", 103, 103, "UNKNOWN", False)]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        assert await tx.value("SELECT note FROM discrepancy") == reason


async def test_what_is_asked_for_in_another_currency_than_the_rate_card_s_is_left_to_a_person(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database, DYNAMIC, name="Dynamic")
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 43, price="99")
    async with database.for_tenant(tenant) as tx:
        await tx.execute("UPDATE usage_record SET price_unit = 'JPY'")
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await charges(database, tenant) == [(SIXTH, "sms-outbound", 0, 40, 40, EACH * 40)]
    assert await entries(database, tenant) == []
    assert await found(database) == [(SIXTH, "sms-outbound", 40, 43, "UNKNOWN", True)]


async def test_each_difference_is_corrected_once_and_a_later_one_by_what_is_new(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    for figures in (43, 43, 45, 44, 44):
        await counted(database, tenant, SIXTH, figures)
        await synced(database, tenant)
        await reconciliation.work_due()
        assert await own(database, tenant, "SELECT used FROM allowance_balance") == [(figures,)]
    assert [units for units, _ in await entries(database, tenant)] == [3, 2, -1]
    assert await charges(database, tenant) == [(SIXTH, "sms-outbound", 0, 44, 44, EACH * 44)]


async def test_two_that_correct_the_same_day_at_once_correct_it_once(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 43)
    for _ in range(6):
        await synced(database, tenant)
    # Fifty syncs are taken at once, so that each of these has its own only where others hold theirs.
    await asyncio.gather(*(reconciliation.work_due() for _ in range(6)))
    assert [units for units, _ in await entries(database, tenant)] == [3]
    assert await found(database) == [(SIXTH, "sms-outbound", 43, 43, "UNKNOWN", False)]


async def test_what_only_we_counted_is_taken_off_the_last_ordinals_with_its_price(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 98)
    await counted(database, tenant, SIXTH, 103)
    await synced(database, tenant)
    await reconciliation.work_due()
    await counted(database, tenant, SIXTH, 99)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert [one[2:5] for one in await charges(database, tenant)] == [(0, 99, 99), (1, 0, 0)]
    assert await own(database, tenant, "SELECT spent FROM spend_balance") == [(Decimal(0),)]
    assert [units for units, _ in await entries(database, tenant)] == [5, -4]


async def test_fees_for_messages_that_failed_are_no_reason_to_take_them_off(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database)
    await sent(database, tenant, holding, SIXTH, 40)
    await counted(database, tenant, SIXTH, 35)
    await record(database, tenant, SIXTH, "failed-message-processing-fee", "0.003", 3)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await entries(database, tenant) == [
        (-2, "Corrected for 2026-11-06: the carriers counted 35 messages and 3 that failed, the portal 40.")
    ]
    assert await found(database) == [(SIXTH, "sms-outbound", 38, 35, "PROCESSING_FEE", True)]


async def test_media_messages_that_nobody_sent_here_are_charged_in_their_own_category(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, _ = await customer(database)
    await record(database, tenant, SEVENTH, "mms-outbound", "0.04", 2)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await charges(database, tenant) == [(SEVENTH, "mms-outbound", 0, 2, 2, Decimal("0.04"))]
    assert await own(database, tenant, "SELECT used FROM allowance_balance") == [(2,)]


async def test_a_plan_of_segments_is_corrected_by_segments_and_one_of_a_day_in_that_day(
    database: Database, reconciliation: Reconciliation
) -> None:
    in_segments, _ = await customer(database, SEGMENTS, name="Segments")
    daily, _ = await customer(database, FREE, name="Free")  # 50 a day
    for tenant in (in_segments, daily):
        await counted(database, tenant, SIXTH, 4)
        async with database.for_tenant(tenant) as tx:
            await tx.execute("UPDATE usage_record SET usage = 9 WHERE category = 'sms-outbound'")
        await synced(database, tenant)
    await reconciliation.work_due()
    balances = "SELECT period_start, period_end, unit, used FROM allowance_balance"
    assert await own(database, in_segments, balances) == [(at("2026-11-01"), at("2026-12-01"), "SEGMENTS", 9)]
    assert await own(database, daily, balances) == [(at("2026-11-06"), at("2026-11-07"), "MESSAGES", 4)]
    assert [one[3:5] for one in await charges(database, in_segments)] == [(4, 9)]
    assert await own(database, daily, "SELECT count, usage FROM usage_day") == [(4, 9)]


async def test_a_plan_by_the_cost_is_charged_the_provider_s_price_of_what_was_sent_outside(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, holding = await customer(database, DYNAMIC, name="Dynamic")  # 5 % on the first hundred, then 4 %
    await sent(database, tenant, holding, SIXTH, 95)
    await counted(database, tenant, SIXTH, 110)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await charges(database, tenant) == [
        (SIXTH, "sms-outbound", 0, 100, 100, EACH * 100),
        (SIXTH, "sms-outbound", 1, 10, 10, EACH * 10),
    ]
    spent = EACH * 5 * Decimal("1.05") + EACH * 10 * Decimal("1.04")
    assert await own(database, tenant, "SELECT spent FROM spend_balance") == [(spent,)]


async def test_credits_pay_for_what_was_sent_outside_as_far_as_they_reach_and_get_back_what_was_not(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, _ = await customer(database, CREDITS, name="Credits")
    for units, days in ((3, 60), (10, 90)):
        await lot(database, tenant, units, days)
    lots = "SELECT units, used FROM credit_lot ORDER BY expires_at"
    balance = "SELECT used, from_credits FROM allowance_balance"
    for figures, used in ((8, [3, 5]), (20, [3, 10]), (12, [3, 9]), (10, [3, 7])):
        await counted(database, tenant, SIXTH, figures)
        await synced(database, tenant)
        await reconciliation.work_due()
        assert [taken for _, taken in await own(database, tenant, lots)] == used
        assert await own(database, tenant, balance) == [(figures, sum(used))]
    statement = "SELECT sum(units), min(reason) FROM credit_entry WHERE kind = 'CORRECTION'"
    ((total, reason),) = await own(database, tenant, statement)
    assert total == -10
    assert reason.startswith("Corrected for 2026-11-06: the carriers counted 10 messages")


async def test_a_tenant_without_a_plan_has_nothing_to_correct_and_the_difference_stays(
    database: Database, reconciliation: Reconciliation
) -> None:
    tenant, _ = await customer(database)
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant_plan SET until = $1", at("2026-11-04"))
    await counted(database, tenant, SIXTH, 4)
    await synced(database, tenant)
    await reconciliation.work_due()
    assert await found(database) == [(SIXTH, "sms-outbound", 0, 4, "UNKNOWN", True)]
    assert await charges(database, tenant) == await entries(database, tenant) == []


@pytest.mark.parametrize(
    ("day", "today", "may"),
    [
        (date(2026, 10, 1), date(2026, 11, 30), True),  # the invoice of 1 December adjusts October
        (date(2026, 10, 31), date(2026, 12, 1), False),
        (date(2024, 2, 29), date(2024, 3, 31), True),
    ],
)
def test_what_no_invoice_adjusts_any_more_is_left_to_a_person(
    day: date,
    today: date,
    may: bool,  # noqa: FBT001  a parameter of the test
) -> None:
    assert may_be_corrected(day, today) is may


async def test_the_invoice_is_held_by_what_nobody_knows_and_issued_once_that_is_closed_or_corrected(
    database: Database, reconciliation: Reconciliation, night: TurnableClock
) -> None:
    held, held_holding = await customer(database, name="Small")
    corrected, holding = await customer(database, OVERAGE, name="Other")
    last = date(2026, 11, 28)
    for tenant, of_tenant, figures in ((held, held_holding, 50), (corrected, holding, 110)):
        await sent(database, tenant, of_tenant, last, 100)
        await counted(database, tenant, last, figures)
        await synced(database, tenant, date(2026, 12, 1), days=30)
    night.turn_to(at("2026-12-02T02:00"))
    await reconciliation.work_due()
    generation = InvoiceGeneration(database, night)
    await generation.work_due()
    assert await invoices_of(database, corrected) == [("2026-11", "ISSUED", "INV-000001", "10.50")]
    assert await invoices_of(database, held) == [("2026-11", "DRAFT", None, "10.00")]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        assert await tx.value("SELECT held_for FROM invoice WHERE state = 'DRAFT'") == "DISCREPANCY"
    await counted(database, held, last, 100)
    await synced(database, held, date(2026, 12, 1), days=30)
    await reconciliation.work_due()
    night.advance(timedelta(hours=2))
    await generation.work_due()
    assert await invoices_of(database, held) == [("2026-11", "ISSUED", "INV-000002", "10.00")]
