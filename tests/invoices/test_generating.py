"""Making invoices of what stands in the database: once each, numbered without gaps, by however many at once."""

import asyncio
import itertools
from datetime import date
from decimal import Decimal
from uuid import UUID

import asyncpg
import pytest

from portal.actor import Actor, ActorKind
from portal.audit.entries import Origin
from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.invoices.generating import InvoiceGeneration
from portal.invoices.issuing import InvoiceProblem, issue, void
from portal.invoices.making import make_invoices
from portal.invoices.runs import InvoiceRun, read_runs
from portal.problems import RefusedError
from tests.invoices.months import DYNAMIC, FIXED, FREE, MEDIUM, SILVER
from tests.invoices.stored_usage import at, charge, hold, invoices_of, make_customer, make_plan, record, synced
from tests.turnable_clock import TurnableClock

ORIGIN = Origin(Actor(ActorKind.ISV_OPERATOR, UUID(int=1), "Olive"), "a request")
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


@pytest.fixture
def first_of_november() -> TurnableClock:
    return TurnableClock(at("2026-11-01T00:05"))


@pytest.fixture
def generation(database: Database, first_of_november: TurnableClock) -> InvoiceGeneration:
    return InvoiceGeneration(database, first_of_november)


async def runs(database: Database) -> list[tuple[str, int, int, int, bool]]:
    """Month, tenants, done, failed of each run, and whether it is finished; the newest first."""
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        found = await read_runs(tx)
    return [(f"{one.month:%Y-%m}", one.tenants, one.done, one.failed, one.finished_at is not None) for one in found]


async def test_on_the_first_the_month_before_is_billed_to_whoever_owes_something_and_once(
    database: Database, generation: InvoiceGeneration
) -> None:
    silver, free = await make_plan(database, "Silver", SILVER), await make_plan(database, "Free", FREE)
    paying, holding = await make_customer(database, silver)
    not_paying, _ = await make_customer(database, free)
    late, _ = await make_customer(database, silver, "2026-10-20T15:00")
    future, _ = await make_customer(database, silver, "2026-11-01T00:01")
    await charge(database, paying, holding, date(2026, 10, 4), count=120, cost="0.948")
    assert await generation.work_due() == 1
    assert await generation.work_due() == 0
    assert await invoices_of(database, paying) == [("2026-10", "ISSUED", "INV-000001", "49.00")]
    assert await invoices_of(database, late) == [("2026-10", "ISSUED", "INV-000002", "18.97")]  # 49 * 12 / 31
    assert await invoices_of(database, not_paying) == await invoices_of(database, future) == []
    assert await runs(database) == [("2026-10", 3, 3, 0, True)]


async def test_an_invoice_is_due_in_two_weeks_and_holds_what_it_was_rated_from(
    database: Database, generation: InvoiceGeneration
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Silver", SILVER))
    await charge(database, tenant, holding, date(2026, 10, 4), count=120, cost="0.948")
    await generation.work_due()
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        (row,) = await tx.rows("SELECT * FROM invoice")
        (cost,) = await tx.rows("SELECT * FROM invoice_cost")
    assert (row["issued_at"], row["due_on"]) == (at("2026-11-01T00:05"), date(2026, 11, 15))
    assert cost["cost"] == Decimal("0.948")
    assert '"cost": "0.948"' in cost["snapshot"]
    assert "0.948" not in row["snapshot"]


async def test_a_change_in_mid_month_and_a_closing_bill_each_plan_for_its_days(
    database: Database, generation: InvoiceGeneration
) -> None:
    silver, medium = await make_plan(database, "Silver", SILVER), await make_plan(database, "Medium", MEDIUM)
    tenant, _ = await make_customer(database, silver)
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant_plan SET until = $1", at("2026-10-11T09:00"))
        await tx.execute("UPDATE tenant SET state = 'CLOSED', closed_at = $1", at("2026-10-25T12:00"))
    holding = await hold(database, tenant, medium, "2026-10-11T09:00")
    await charge(database, tenant, holding, date(2026, 10, 12), count=300, cost="2.37", band=1)
    await generation.work_due()
    # 49 * 10 / 31 = 15.81, 99 * 14 / 31 = 44.71, 300 * 0.0125 = 3.75
    assert await invoices_of(database, tenant) == [("2026-10", "ISSUED", "INV-000001", "64.27")]


async def test_what_goes_by_the_cost_waits_for_the_carriers_count_and_is_made_anew_with_it(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Fixed", FIXED))
    await charge(database, tenant, holding, date(2026, 10, 4), count=100, cost="0.79")
    await generation.work_due()
    assert await invoices_of(database, tenant) == [("2026-10", "DRAFT", None, "0.81")]  # 0.79 / 0.97
    await record(database, tenant, date(2026, 10, 4), "sms-outbound", "0.83", 100)
    await record(database, tenant, date(2026, 10, 4), "phonenumbers", "1.15")
    await record(database, tenant, date(2026, 10, 4), "totalprice", "2.08")
    await synced(database, tenant, NOVEMBER)
    await generation.work_due()
    assert await invoices_of(database, tenant) == [("2026-10", "DRAFT", None, "0.81")]  # it is looked at each hour
    first_of_november.turn_to(at("2026-11-01T02:00"))
    await generation.work_due()
    # 0.83 / 0.97 = 0.8556…, 1.15 / 0.97 = 1.1855…, and what the total has beyond both: 0.10 / 0.97 = 0.1030…
    assert await invoices_of(database, tenant) == [("2026-10", "ISSUED", "INV-000001", "2.15")]


async def test_where_nothing_is_owed_before_the_carriers_count_is_read_that_is_waited_for_too(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    fixed = await make_plan(database, "Fixed", FIXED)
    called, _ = await make_customer(database, fixed)
    silent, _ = await make_customer(database, fixed)
    await generation.work_due()
    assert (
        await invoices_of(database, called) == await invoices_of(database, silent) == [("2026-10", "DRAFT", None, "0")]
    )
    await record(database, called, date(2026, 10, 4), "phonenumbers", "1.15")
    for tenant in (called, silent):
        await synced(database, tenant, NOVEMBER)
    first_of_november.turn_to(at("2026-11-01T02:00"))
    await generation.work_due()
    assert await invoices_of(database, called) == [("2026-10", "ISSUED", "INV-000001", "1.19")]  # 1.15 / 0.97
    assert await invoices_of(database, silent) == []


async def test_of_who_has_left_the_month_after_waits_for_what_comes_late_and_no_later_one_does(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Fixed", FIXED))
    await charge(database, tenant, holding, date(2026, 10, 4), count=100, cost="0.79")
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED', closed_at = $1", at("2026-10-20"))
    await synced(database, tenant, NOVEMBER)
    await generation.work_due()
    october = ("2026-10", "ISSUED", "INV-000001", "0.81")  # 0.79 / 0.97
    first_of_november.turn_to(at("2026-12-01T00:05"))
    await generation.work_due()
    assert await invoices_of(database, tenant) == [october, ("2026-11", "DRAFT", None, "0")]
    await record(database, tenant, date(2026, 10, 9), "phonenumbers", "1.15")
    await synced(database, tenant, date(2026, 12, 1))
    first_of_november.turn_to(at("2026-12-01T02:00"))
    await generation.work_due()
    november = ("2026-11", "ISSUED", "INV-000002", "1.19")  # 1.15 / 0.97
    assert await invoices_of(database, tenant) == [october, november]
    first_of_november.turn_to(at("2027-01-01T00:05"))
    await generation.work_due()
    assert await invoices_of(database, tenant) == [october, november]


async def test_a_difference_that_nobody_knows_a_reason_for_holds_an_invoice_and_the_next_until_it_is_issued(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    tenant, _ = await make_customer(database, await make_plan(database, "Silver", SILVER))
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        now = first_of_november.now()
        await tx.execute(
            "INSERT INTO discrepancy (tenant_id, id, day, category, ours, theirs, our_cost, their_cost, currency, "
            "reason, found_at, seen_at) VALUES ($1, $2, $3, 'sms-outbound', 1, 2, 0, 0, 'USD', 'UNKNOWN', $4, $4)",
            *(tenant, new_id(now), date(2026, 10, 9), now),
        )
    await generation.work_due()
    first_of_november.turn_to(at("2026-12-01T00:05"))
    await generation.work_due()
    assert await invoices_of(database, tenant) == [
        ("2026-10", "DRAFT", None, "49.00"),
        ("2026-11", "DRAFT", None, "49.00"),
    ]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        assert [row[0] for row in await tx.rows("SELECT held_for FROM invoice ORDER BY month")] == [
            "DISCREPANCY",
            "EARLIER_HELD",
        ]
        draft = await tx.value("SELECT id FROM invoice WHERE month = $1", OCTOBER)
        await issue(tx, draft, ORIGIN, now=first_of_november.now())
    first_of_november.turn_to(at("2026-12-01T02:05"))
    await generation.work_due()
    assert [one[1:3] for one in await invoices_of(database, tenant)] == [
        ("ISSUED", "INV-000001"),
        ("DRAFT", None),  # what it adjusts goes by the days of October too
    ]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE discrepancy SET closed_at = $1", first_of_november.now())
    first_of_november.turn_to(at("2026-12-01T03:30"))
    await generation.work_due()
    assert [one[1:3] for one in await invoices_of(database, tenant)] == [
        ("ISSUED", "INV-000001"),
        ("ISSUED", "INV-000002"),
    ]


async def test_late_usage_is_in_the_next_invoice_and_the_two_add_up_to_what_was_used(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Dynamic", DYNAMIC))
    await charge(database, tenant, holding, date(2026, 10, 31), count=90, cost="0.711")
    await synced(database, tenant, NOVEMBER)
    await generation.work_due()
    await charge(database, tenant, holding, date(2026, 10, 31), count=10, cost="0.079")
    await charge(database, tenant, holding, date(2026, 10, 31), count=5, cost="0.0395", band=1)
    await charge(database, tenant, holding, date(2026, 11, 2), count=100, cost="0.79")
    await synced(database, tenant, date(2026, 12, 1))
    first_of_november.turn_to(at("2026-12-01T00:05"))
    await generation.work_due()
    assert await invoices_of(database, tenant) == [
        ("2026-10", "ISSUED", "INV-000001", "0.75"),  # 0.711 * 1.05 = 0.7466
        ("2026-11", "ISSUED", "INV-000002", "0.95"),  # 0.79 * 1.05 = 0.83, 0.83 - 0.75, 0.0395 * 1.04 = 0.04
    ]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        assert await tx.value("SELECT sum(cost) FROM invoice_cost") == Decimal("1.6195")


async def test_a_month_before_there_were_invoices_is_not_billed_afterwards(
    database: Database, generation: InvoiceGeneration
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Fixed", FIXED), "2026-08-01")
    await charge(database, tenant, holding, date(2026, 9, 4), count=100, cost="0.79")
    await synced(database, tenant, NOVEMBER)
    await generation.work_due()
    assert await invoices_of(database, tenant) == []


async def test_a_void_invoice_is_made_anew_when_its_month_is(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    tenant, _ = await make_customer(database, await make_plan(database, "Silver", SILVER))
    await generation.work_due()
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await void(tx, await tx.value("SELECT id FROM invoice"), "Wrong", ORIGIN, now=first_of_november.now())
    await generation.generate(OCTOBER, lambda _: None)
    assert await invoices_of(database, tenant) == [
        ("2026-10", "VOID", "INV-000001", "49.00"),
        ("2026-10", "ISSUED", "INV-000002", "49.00"),
    ]


async def test_what_the_next_invoice_has_adjusted_is_not_voided_and_billed_twice(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Medium", MEDIUM))
    await generation.work_due()
    await charge(database, tenant, holding, date(2026, 10, 31), count=300, cost="2.37", band=1)  # 3.75, heard of late
    first_of_november.turn_to(at("2026-12-01T00:05"))
    await generation.work_due()
    before = await invoices_of(database, tenant)
    assert before == [("2026-10", "ISSUED", "INV-000001", "99.00"), ("2026-11", "ISSUED", "INV-000002", "102.75")]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        october, november = [row["id"] for row in await tx.rows("SELECT id FROM invoice ORDER BY month")]
    with pytest.raises(RefusedError) as refused:
        async with database.as_role(DatabaseRole.OPERATOR) as tx:
            await void(tx, october, "Wrong", ORIGIN, now=first_of_november.now())
    assert [(one.code, one.path) for one in refused.value.problems] == [(InvoiceProblem.WRONG_STATE, ("id",))]
    assert await invoices_of(database, tenant) == before
    for invoice in (november, october):  # the other way round nothing is lost
        async with database.as_role(DatabaseRole.OPERATOR) as tx:
            await void(tx, invoice, "Wrong", ORIGIN, now=first_of_november.now())
    for month in (OCTOBER, NOVEMBER):
        await generation.generate(month, lambda _: None)
    assert [one for one in await invoices_of(database, tenant) if one[1] == "ISSUED"] == [
        ("2026-10", "ISSUED", "INV-000003", "102.75"),
        ("2026-11", "ISSUED", "INV-000004", "99.00"),
    ]


async def test_whoever_goes_on_with_a_run_that_was_killed_makes_the_rest_and_no_invoice_twice(
    database: Database, generation: InvoiceGeneration
) -> None:
    silver = await make_plan(database, "Silver", SILVER)
    tenants = [(await make_customer(database, silver))[0] for _ in range(6)]
    steps = itertools.count(1)

    def killed(_: InvoiceRun) -> None:
        if next(steps) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await generation.generate(OCTOBER, killed)
    assert await runs(database) == [("2026-10", 6, 3, 0, False)]
    await generation.work_due()
    assert await runs(database) == [("2026-10", 6, 6, 0, True)]
    numbers = [number for tenant in tenants for _, _, number, _ in await invoices_of(database, tenant)]
    assert sorted(map(str, numbers)) == [f"INV-{number:06}" for number in range(1, 7)]


async def test_two_that_generate_at_once_make_each_invoice_once(
    database: Database, generation: InvoiceGeneration
) -> None:
    silver = await make_plan(database, "Silver", SILVER)
    for _ in range(8):
        await make_customer(database, silver)
    await asyncio.gather(*(generation.generate(OCTOBER, lambda _: None) for _ in range(3)))
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        numbers = [row[0] for row in await tx.rows("SELECT number FROM invoice ORDER BY number")]
    assert numbers == [f"INV-{number:06}" for number in range(1, 9)]
    # One that begins after another has finished is a run of its own, which finds all done.
    assert set(await runs(database)) == {("2026-10", 8, 8, 0, True)}


async def test_a_tenant_whose_invoice_fails_holds_up_nobody_and_is_tried_again_an_hour_later(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    euros = SILVER.__class__(FIXED.strategy, "EUR", margin_kind=FIXED.margin_kind, brackets=FIXED.brackets)
    failing, holding = await make_customer(database, await make_plan(database, "Euros", euros))
    paying, _ = await make_customer(database, await make_plan(database, "Silver", SILVER))
    await charge(database, failing, holding, date(2026, 10, 4), count=100, cost="0.79")  # no exchange rate is known
    await generation.work_due()
    assert await runs(database) == [("2026-10", 2, 1, 1, True)]
    assert await invoices_of(database, failing) == []
    assert await invoices_of(database, paying) == [("2026-10", "ISSUED", "INV-000001", "49.00")]
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute(
            "INSERT INTO rate_card (id, version, currency, source, exchange_rates, published_at, published_by_name) "
            """VALUES ($1, 1, 'USD', 'FILE', '{"EUR": "0.9"}', $2, 'Olive')""",
            *(new_id(first_of_november.now()), first_of_november.now()),
        )
    await generation.work_due()
    assert len(await runs(database)) == 1
    first_of_november.turn_to(at("2026-11-01T01:10"))
    await generation.work_due()
    assert await runs(database) == [("2026-10", 2, 2, 0, True), ("2026-10", 2, 1, 1, True)]
    assert await invoices_of(database, failing) == [("2026-10", "DRAFT", None, "0.73")]  # 0.79 * 0.9 / 0.97


async def test_a_held_draft_that_cannot_be_made_anew_stays_and_holds_up_no_other(
    database: Database, generation: InvoiceGeneration, first_of_november: TurnableClock
) -> None:
    euros = SILVER.__class__(FIXED.strategy, "EUR", margin_kind=FIXED.margin_kind, brackets=FIXED.brackets)
    failing, holding = await make_customer(database, await make_plan(database, "Euros", euros))
    waiting, other = await make_customer(database, await make_plan(database, "Fixed", FIXED))
    await charge(database, waiting, other, date(2026, 10, 4), count=100, cost="0.79")
    await generation.work_due()
    await charge(database, failing, holding, date(2026, 10, 4), count=100, cost="0.79")  # no exchange rate is known
    await synced(database, waiting, NOVEMBER)
    first_of_november.turn_to(at("2026-11-01T01:10"))
    await generation.work_due()
    assert await invoices_of(database, failing) == [("2026-10", "DRAFT", None, "0")]
    assert await invoices_of(database, waiting) == [("2026-10", "ISSUED", "INV-000001", "0.81")]


async def test_numbers_have_no_gaps_however_many_issue_at_once_and_however_many_fail(
    database: Database, first_of_november: TurnableClock
) -> None:
    silver, now = await make_plan(database, "Silver", SILVER), first_of_november.now()
    tenants = [(await make_customer(database, silver))[0] for _ in range(20)]

    async def make(place: int, tenant: UUID) -> None:
        async with database.as_role(DatabaseRole.OPERATOR) as tx:
            await make_invoices(tx, tenant, OCTOBER, now=now)
            if place % 3 == 0:
                raise ConnectionError("the power failed")

    outcomes = await asyncio.gather(*itertools.starmap(make, enumerate(tenants)), return_exceptions=True)
    assert [type(one) for one in outcomes].count(ConnectionError) == 7
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        numbers = [row[0] for row in await tx.rows("SELECT number FROM invoice ORDER BY number")]
    assert numbers == [f"INV-{number:06}" for number in range(1, 14)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE invoice SET total = 1",
        "UPDATE invoice SET lines = '[]'",
        "UPDATE invoice SET number = 'INV-1'",
        "UPDATE invoice SET due_on = NULL",
        "UPDATE invoice SET state = 'DRAFT', number = NULL",
        "DELETE FROM invoice",
    ],
)
async def test_the_database_refuses_to_change_an_issued_invoice(
    change: str, database: Database, generation: InvoiceGeneration
) -> None:
    tenant, _ = await make_customer(database, await make_plan(database, "Silver", SILVER))
    await generation.work_due()
    before = await invoices_of(database, tenant)
    with pytest.raises(asyncpg.IntegrityConstraintViolationError, match="an issued invoice never changes"):
        async with database.as_role(DatabaseRole.OPERATOR) as tx:
            await tx.execute(change)
    assert await invoices_of(database, tenant) == before
