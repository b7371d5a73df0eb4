"""Margins: what plans promise, and who hears of a month that did not bring it in."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.clock import new_id
from portal.database import Database, DatabaseRole
from portal.economics.figures import Conversion, Figures
from portal.encryption import SecretBox
from portal.plans.plans import PlanRow, PlanState
from portal.pricing.terms import MarginBracket, MarginKind, PlanTerms, PricingStrategy
from portal.rates.cards import RateCard
from portal.reconciliation.margin_alerts import MarginAlertReason
from portal.reconciliation.margins import TOLERATED, WrongMargin, promised, wrong_margin
from portal.reconciliation.reconciling import Reconciliation
from tests.invoices.months import DYNAMIC, FIXED, FREE, SILVER
from tests.invoices.stored_usage import at, charge, make_customer, make_plan, record
from tests.mailbox import mails
from tests.reconciliation.conftest import URL
from tests.reconciliation.days import synced
from tests.turnable_clock import TurnableClock

CARD = RateCard(None, 1, "USD", {("sms-outbound", ""): Decimal("0.0079")})
LAST, DECEMBER = date(2026, 11, 30), date(2026, 12, 1)


def plan(terms: PlanTerms) -> PlanRow:
    """A plan with these terms."""
    key = new_id(at("2026-01-01"))
    return PlanRow(key, "A plan", 1, PlanState.PUBLISHED, "", terms, (), Decimal(1), (), at("2026-01-01"), None)


def test_a_plan_promises_the_lowest_of_its_margins_and_one_with_a_fee_that_it_loses_nothing() -> None:
    assert promised(FIXED) == Decimal("0.03")
    # A markup of 3 % on the cost is a margin of 2.91… % of the price.
    assert promised(DYNAMIC).quantize(Decimal("0.000001")) == Decimal("0.029126")
    assert promised(SILVER) == promised(FREE) == 0


@given(
    st.decimals("0.01", "0.5", places=3),
    st.decimals("0.01", "10000", places=4),
    st.sampled_from(MarginKind),
)
def test_what_is_priced_by_its_cost_never_raises_an_alert(ratio: Decimal, cost: Decimal, kind: MarginKind) -> None:
    terms = PlanTerms(PricingStrategy.FIXED_MARGIN, "USD", margin_kind=kind, brackets=(MarginBracket(None, ratio),))
    revenue = cost * (1 + ratio) if kind is MarginKind.MARKUP else cost / (1 - ratio)
    assert wrong_margin([(plan(terms), Figures(revenue, cost))], Conversion(CARD)) is None
    # Costs that nobody was charged for take the margin away.
    more = revenue * (TOLERATED + Decimal("0.0002"))
    wrong = wrong_margin([(plan(terms), Figures(revenue, cost + more))], Conversion(CARD))
    assert wrong is not None
    assert wrong.actual < wrong.expected


@pytest.mark.parametrize(
    ("revenue", "cost", "reason"),
    [
        ("49", "48.99", None),
        ("49", "49.20", None),  # less than what is tolerated
        ("49", "49.30", MarginAlertReason.NEGATIVE),
    ],
)
def test_a_plan_with_a_fee_is_wrong_once_it_loses(revenue: str, cost: str, reason: MarginAlertReason | None) -> None:
    wrong = wrong_margin([(plan(SILVER), Figures(Decimal(revenue), Decimal(cost)))], Conversion(CARD))
    assert (wrong and wrong.reason) == reason


def test_a_free_plan_may_cost_what_it_costs_at_full_use() -> None:
    full = Decimal("0.0079") * 50 * 31
    assert wrong_margin([(plan(FREE), Figures(Decimal(0), full))], Conversion(CARD)) is None
    wrong = wrong_margin([(plan(FREE), Figures(Decimal(0), full + Decimal("0.01")))], Conversion(CARD))
    assert wrong == WrongMargin(Decimal(0), Decimal(-1), MarginAlertReason.NEGATIVE)


def test_of_two_plans_in_a_month_each_promises_for_what_it_brought_in() -> None:
    held = [(plan(FIXED), Figures(Decimal(100), Decimal(97))), (plan(SILVER), Figures(Decimal(100), Decimal(97)))]
    assert wrong_margin(held, Conversion(CARD)) is None
    worse = [*held, (None, Figures(Decimal(0), Decimal(6)))]  # on days without a plan
    wrong = wrong_margin(worse, Conversion(CARD))
    assert wrong is not None
    assert (wrong.expected, wrong.actual) == (Decimal("0.0150"), Decimal(0))
    assert wrong.reason is MarginAlertReason.BELOW_PLAN


@pytest.fixture
async def operators(database: Database) -> list[str]:
    """Who works for the ISV, and who no longer does."""
    async with database.as_role(DatabaseRole.AUTH) as tx:
        for email, role, disabled_at in (
            ("olive@example.com", "ISV_OPERATOR", None),
            ("omar@example.com", "ISV_OPERATOR", None),
            ("gone@example.com", "ISV_OPERATOR", at("2026-10-01")),
            ("sam@example.com", "ISV_SUPPORT", None),
            ("owner@example.com", None, None),
        ):
            await tx.execute(
                "INSERT INTO person (id, email, name, staff_role, disabled_at, created_at) "
                "VALUES ($1, $2, 'x', $3, $4, $5)",
                *(new_id(at("2026-01-01")), email, role, disabled_at, at("2026-01-01")),
            )
    return ["olive@example.com", "omar@example.com"]


async def test_a_wrong_margin_is_told_to_the_operators_alone_and_once_a_month(
    database: Database, box: SecretBox, reconciliation: Reconciliation, night: TurnableClock, operators: list[str]
) -> None:
    fixed = await make_plan(database, "Fixed", FIXED)
    falcon, of_falcon = await make_customer(database, fixed, name="Falcon\nFlights")
    gulls, of_gulls = await make_customer(database, fixed, name="Gulls")
    for tenant, holding in ((falcon, of_falcon), (gulls, of_gulls)):
        await charge(database, tenant, holding, LAST, count=1000, cost="7.90")
        await record(database, tenant, LAST, "sms-outbound", "7.90", 1000)
    # What the total has beside what is known has its margin too; what has none is a call that nobody is charged for.
    await record(database, gulls, LAST, "totalprice", "7.90", 0)
    await record(database, falcon, LAST, "totalprice", "7.90", 0)
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        # The plan of the Falcon ended in the middle of the month: since then it costs, and brings in nothing.
        await tx.execute("UPDATE tenant_plan SET until = $2 WHERE tenant_id = $1", falcon, at("2026-11-30T12:00"))
    for _ in range(2):
        for tenant in (falcon, gulls):
            await record(database, tenant, LAST, "lookups", "0.10", 20)
            async with database.for_tenant(tenant) as own:
                await own.execute("UPDATE usage_record SET price = 8.0 WHERE category = 'totalprice'")
            await synced(database, tenant, DECEMBER)
        night.turn_to(at("2026-12-02T02:00"))
        await reconciliation.work_due()
    async with database.as_role(DatabaseRole.OPERATOR) as tx:
        raised = await tx.rows("SELECT * FROM margin_alert")
    assert [(row["tenant_id"], row["month"], row["reason"]) for row in raised] == [
        (falcon, date(2026, 11, 1), "BELOW_PLAN")
    ]
    # 7.90 / 0.97 = 8.14 came in, and 8.00 was asked for.
    assert (raised[0]["expected_ratio"], raised[0]["actual_ratio"]) == (Decimal("0.0300"), Decimal("0.0177"))
    sent = await mails(database, box)
    assert [mail.to for mail in sent] == operators
    assert {mail.subject for mail in sent} == {"Wrong margin in November 2026: Falcon Flights"}
    assert sent[0].text == (
        "The margin of November 2026 is not what the plan promises:\n\n"
        "- Falcon Flights: 1.8% of what it brings in, and its plan promises 3.0%.\n\n"
        f"See what they brought in and what they cost, in the portal:\n\n{URL}/economics\n\n"
        "You get this mail as an operator of the portal. No tenant does.\n"
    )
    async with database.for_tenant(falcon, read_only=True) as own:
        assert await own.value("SELECT count(*) FROM alert") == 0


async def test_a_month_whose_count_is_not_settled_raises_nothing_yet(
    database: Database, box: SecretBox, reconciliation: Reconciliation, night: TurnableClock, operators: list[str]
) -> None:
    tenant, holding = await make_customer(database, await make_plan(database, "Silver", SILVER))
    await charge(database, tenant, holding, LAST, count=10_000, cost="79")
    night.turn_to(at("2026-12-02T02:00"))
    for hours, mailed in ((-1, []), (0, operators)):
        await synced(database, tenant, DECEMBER)
        async with database.for_tenant(tenant) as own:
            sql = "UPDATE usage_sync SET as_of = as_of + $1::interval WHERE reconciled_at IS NULL"
            await own.execute(sql, timedelta(hours=hours))
        await reconciliation.work_due()
        assert [mail.to for mail in await mails(database, box)] == mailed
