"""Back-tests over GraphQL: drafts on the past months of all tenants; what is wrong with one; nothing is changed."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.invoices.making import make_invoices
from portal_schema.nodes import to_global
from tests.factories import make_tenant
from tests.invoices.stored_usage import at, hold, make_plan, record, synced
from tests.product import Product
from tests.rerating.customers import APRIL, FEBRUARY, JANUARY, MARCH, make_customer, on_the_third, stage
from tests.rerating.used import DYNAMIC, SILVER, SMALL, tier
from tests.schema.rows import publish_rates
from tests.schema.world import contents_at
from tests.turnable_clock import TurnableClock

FIGURES = "revenue { amount currency } cost { amount } grossMargin { amount } grossMarginRatio"
BACKTEST = f"""mutation ($input: PlanInput!, $months: Int!) {{
  planBacktest(input: $input, months: $months) {{
    planBacktest {{
      months {{ month before {{ {FIGURES} }} after {{ {FIGURES} }} refusedMessages }}
      before {{ {FIGURES} }} after {{ {FIGURES} }} refusedMessages
      tenants payingMore payingLess refusedTenants unconverted
      changes {{ tenant {{ id }} before {{ amount }} after {{ amount }} difference {{ amount }} refusedMessages }}
    }}
    errors {{ code path message }}
  }}
}}"""
DRAFT = "mutation ($input: PlanInput!) { planDraft(input: $input) { plan { id } errors { code path message } } }"
INVOICED = "SELECT sum(total) FROM invoice WHERE tenant_id = $1 AND month = $2 AND state <> 'VOID'"
MEDIUM_GIVEN: dict[str, Any] = {
    "name": "Medium",
    "strategy": "TIER_WITH_OVERAGE",
    "currency": "USD",
    "fee": "59.99",
    "allowance": {"amount": 200, "unit": "MESSAGES", "per": "MONTH"},
    "overage": "0.30",
}
SMALL_GIVEN = MEDIUM_GIVEN | {
    "name": "Small",
    "fee": "49.99",
    "allowance": {"amount": 100, "unit": "MESSAGES", "per": "MONTH"},
    "overage": "0.50",
}
DYNAMIC_GIVEN: dict[str, Any] = {
    "name": "Dynamic",
    "strategy": "DYNAMIC_MARGIN",
    "currency": "USD",
    "marginKind": "MARGIN",
    "brackets": [{"upTo": 100, "marginRatio": "0.05"}, {"upTo": 300, "marginRatio": "0.03"}, {"marginRatio": "0.02"}],
}


async def backtest(product: Product, given: dict[str, Any], months: int = 3) -> Any:
    """What came of a back-test, without anything that was wrong."""
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    done = (await operator.run(BACKTEST, input=given, months=months))["planBacktest"]
    assert done["errors"] == []
    return done["planBacktest"]


def figures(revenue: str, cost: str, margin: str, ratio: str | None) -> dict[str, Any]:
    return {
        "revenue": {"amount": revenue, "currency": "USD"},
        "cost": {"amount": cost},
        "grossMargin": {"amount": margin},
        "grossMarginRatio": ratio,
    }


def amounts(found: Any) -> tuple[str, str, str]:
    return tuple(found[name]["amount"] for name in ("before", "after", "difference"))


async def everything(product: Product, superuser: DatabaseAddress) -> tuple[object, ...]:
    """All that tenants have, and all plans."""
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        plans = [tuple(row.values()) for row in await tx.rows("SELECT * FROM plan ORDER BY id")]
    return plans, await contents_at(superuser.to(database=product.settings.database().database))


async def test_a_draft_on_three_months_of_three_tenants_by_hand(product: Product) -> None:
    await stage(product)
    small = await make_customer(product, "Small", SMALL, on_the_third(150))
    silver = await make_customer(product, "Silver", SILVER, {FEBRUARY: 20})
    free = await make_customer(product, "Free", tier("0", 50), {MARCH.replace(day=20): 10}, since="2027-03-16T10:00")
    await make_tenant(product.database, product.clock)  # which never had a plan
    found = await backtest(product, MEDIUM_GIVEN)
    # Small: 49.99 + 50 * 0.50 = 74.99 a month; Silver 49.00; from 16 March on Medium is 59.99 * 16 / 31 = 30.96
    assert found["months"] == [
        {
            "month": "2027-01",
            "before": figures("123.99", "1.19", "122.80", "0.9904"),  # 150 * 0.0079 = 1.185
            "after": figures("119.98", "1.19", "118.79", "0.9901"),
            "refusedMessages": 0,
        },
        {
            "month": "2027-02",
            "before": figures("123.99", "1.34", "122.65", "0.9892"),  # 170 * 0.0079 = 1.343
            "after": figures("119.98", "1.34", "118.64", "0.9888"),
            "refusedMessages": 0,
        },
        {
            "month": "2027-03",
            "before": figures("123.99", "1.26", "122.73", "0.9898"),  # 160 * 0.0079 = 1.264
            "after": figures("150.94", "1.26", "149.68", "0.9917"),
            "refusedMessages": 0,
        },
    ]
    assert found["before"] == figures("371.97", "3.79", "368.18", "0.9898")
    assert found["after"] == figures("390.90", "3.79", "387.11", "0.9903")
    assert (found["tenants"], found["payingMore"], found["payingLess"]) == (3, 2, 1)
    assert (found["refusedMessages"], found["refusedTenants"], found["unconverted"]) == (0, 0, [])
    changes = {one["tenant"]["id"]: amounts(one) for one in found["changes"]}
    assert changes == {
        to_global("Tenant", small): ("224.97", "179.97", "-45.00"),
        to_global("Tenant", silver): ("147.00", "179.97", "32.97"),
        to_global("Tenant", free): ("0.00", "30.96", "30.96"),
    }
    assert list(changes) == [to_global("Tenant", one) for one in (small, silver, free)]


async def test_the_terms_that_a_tenant_had_come_to_its_invoices_to_the_cent(product: Product) -> None:
    await stage(product)
    small = await make_customer(product, "Small", SMALL, on_the_third(133), since="2027-01-12T09:00")
    for month in (JANUARY, FEBRUARY, MARCH):
        async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
            await make_invoices(tx, small, month, now=product.clock.now())
    found = await backtest(product, SMALL_GIVEN)
    for month, expected in ((JANUARY, "48.75"), (FEBRUARY, "66.49"), (MARCH, "66.49")):
        # 49.99 * 20 / 31 = 32.25, and 33 * 0.50 = 16.50
        async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
            assert str(await tx.value(INVOICED, small, month)) == expected
        (told,) = (one for one in found["months"] if one["month"] == f"{month:%Y-%m}")
        assert told["before"] == told["after"]
        assert told["after"]["revenue"]["amount"] == expected


async def test_a_margin_goes_by_the_provider_s_final_price_to_the_cent_of_the_invoice(product: Product) -> None:
    await stage(product)
    day = MARCH.replace(day=3)
    tenant_id = await make_customer(product, "Dynamic", DYNAMIC, {day: 90})
    for category, price in (("sms-outbound", "0.73"), ("phonenumbers", "1.15"), ("totalprice", "1.88")):
        await record(product.database, tenant_id, day, category, price)
    await synced(product.database, tenant_id, APRIL)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await make_invoices(tx, tenant_id, MARCH, now=product.clock.now())
        invoiced = await tx.value(INVOICED, tenant_id, MARCH)
    found = await backtest(product, DYNAMIC_GIVEN, months=1)
    assert invoiced == Decimal("1.98")  # 0.73 / 0.95 = 0.768..., 1.15 / 0.95 = 1.210...
    assert found["before"] == found["after"] == figures("1.98", "1.88", "0.10", "0.0505")
    assert amounts(found["changes"][0]) == ("1.98", "1.98", "0.00")


async def test_what_a_draft_would_have_refused_is_told_and_brings_and_costs_nothing(product: Product) -> None:
    await stage(product)
    await make_customer(product, "Small", SMALL, on_the_third(150))
    stops = SMALL_GIVEN | {"strategy": "TIER", "overage": None}
    found = await backtest(product, stops, months=2)
    assert found["before"] == figures("149.98", "2.37", "147.61", "0.9842")
    assert found["after"] == figures("99.98", "1.58", "98.40", "0.9842")  # 2 * 100 * 0.0079
    assert [month["refusedMessages"] for month in found["months"]] == [50, 50]
    assert (found["refusedMessages"], found["refusedTenants"], found["payingLess"]) == (100, 1, 1)
    assert found["changes"][0]["refusedMessages"] == 100


async def test_tenants_with_a_currency_that_cannot_be_converted_are_left_out_and_it_is_named(product: Product) -> None:
    await stage(product)
    await make_customer(product, "Euro", replace(SILVER, currency="EUR"))
    silver = await make_customer(product, "Silver", SILVER)
    long_ago = await make_plan(product.database, "Franc", replace(SILVER, currency="CHF"))
    await hold(product.database, silver, long_ago, "2025-01-01", "2026-01-01")
    found = await backtest(product, MEDIUM_GIVEN, months=1)
    assert (found["unconverted"], found["tenants"], len(found["changes"])) == (["EUR"], 1, 1)
    assert found["before"]["revenue"]["amount"] == "49.00"


async def test_what_was_paid_in_another_currency_is_told_in_that_of_the_draft(product: Product) -> None:
    await stage(product)
    await publish_rates(product)
    await make_customer(product, "Euro", replace(SILVER, currency="EUR"))
    found = await backtest(product, MEDIUM_GIVEN, months=1)
    assert amounts(found["changes"][0]) == ("53.26", "59.99", "6.73")  # 49 / 0.92
    in_euros = await backtest(product, MEDIUM_GIVEN | {"currency": "EUR"}, months=1)
    assert amounts(in_euros["changes"][0]) == ("49.00", "59.99", "10.99")


async def test_more_tenants_than_are_shown_or_read_at_once_are_all_counted(product: Product) -> None:
    await stage(product)
    plan_id = await make_plan(product.database, "Silver", SILVER)
    for _ in range(102):
        tenant_id = await make_tenant(product.database, TurnableClock(at("2026-01-01")))
        await hold(product.database, tenant_id, plan_id, "2026-01-01")
    found = await backtest(product, MEDIUM_GIVEN, months=1)
    assert (found["tenants"], found["payingMore"], len(found["changes"])) == (102, 102, 100)
    assert found["before"]["revenue"]["amount"] == "4998.00"  # 102 * 49
    assert found["after"]["revenue"]["amount"] == "6118.98"  # 102 * 59.99
    assert len({one["tenant"]["id"] for one in found["changes"]}) == 100


async def test_a_back_test_changes_nothing_whether_it_is_made_or_refused(
    product: Product, superuser: DatabaseAddress
) -> None:
    await stage(product)
    await make_customer(product, "Small", SMALL, on_the_third(150))
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    before = await everything(product, superuser)
    for given, months, problems in ((MEDIUM_GIVEN, 24, 0), (MEDIUM_GIVEN | {"fee": "-1"}, 3, 1), (MEDIUM_GIVEN, 0, 1)):
        done = (await operator.run(BACKTEST, input=given, months=months))["planBacktest"]
        assert (len(done["errors"]), done["planBacktest"] is None) == (problems, bool(problems))
        assert await everything(product, superuser) == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"fee": "-0.01"},
        {"fee": "49.999"},
        {"currency": "XXX"},
        {"overage": None},
        {"allowance": {}},
        {"countries": ["XX"]},
        {"throughput": "0"},
        {"features": ["a", "a"]},
        {"creditPacks": [{"credits": 1, "units": 1, "price": "1"}]},
        DYNAMIC_GIVEN | {"brackets": [{"upTo": 100, "marginRatio": "0.05"}]},
        DYNAMIC_GIVEN | {"brackets": [{"upTo": 9, "marginRatio": "0"}, {"upTo": 5, "marginRatio": "1"}]},
        {"fee": "-1", "overage": "-1", "name": ""},
    ],
)
async def test_bad_input_is_refused_as_it_is_when_a_plan_is_drafted(product: Product, wrong: dict[str, Any]) -> None:
    given = MEDIUM_GIVEN | wrong if "strategy" not in wrong else wrong
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    drafted = (await operator.run(DRAFT, input=given))["planDraft"]
    tried = (await operator.run(BACKTEST, input=given, months=1))["planBacktest"]
    assert drafted["errors"]
    assert tried == {"planBacktest": None, "errors": drafted["errors"]}


@pytest.mark.parametrize("months", [0, -1, 25, 2**31 - 1])
async def test_months_are_1_to_24(product: Product, months: int) -> None:
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    refused = (await operator.run(BACKTEST, input=MEDIUM_GIVEN | {"fee": "-1"}, months=months))["planBacktest"]
    problems = [(error["code"], error["path"]) for error in refused["errors"]]
    assert problems == [("OUT_OF_RANGE", ["input", "fee"]), ("OUT_OF_RANGE", ["months"])]
    assert refused["planBacktest"] is None


async def test_a_currency_without_an_exchange_rate_is_refused_as_when_a_plan_is_published(product: Product) -> None:
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    refused = (await operator.run(BACKTEST, input=MEDIUM_GIVEN | {"currency": "EUR"}, months=1))["planBacktest"]
    assert [(error["code"], error["path"]) for error in refused["errors"]] == [
        ("NO_EXCHANGE_RATE", ["input", "currency"])
    ]


async def test_nobody_else_tries_plans_out(product: Product) -> None:
    owner = await product.member(await make_tenant(product.database, product.clock), TenantRole.OWNER)
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    for caller in (owner, support):
        assert await caller.codes(BACKTEST, input=MEDIUM_GIVEN, months=1) == ["FORBIDDEN"]
