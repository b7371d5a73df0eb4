"""Advice over GraphQL: of one's own use alone, with amounts for whoever may see what is paid."""

import re
from typing import Any

from auth.permissions import TenantRole
from portal.database import DatabaseRole
from portal.plans.catalogue import draft_plan, retire_plan
from tests.factories import make_tenant
from tests.invoices.stored_usage import make_plan
from tests.plans.offers import SMALL as FREE_DRAFT
from tests.product import Caller, Product
from tests.rerating.customers import FEBRUARY, JANUARY, MARCH, make_customer, on_the_third, stage
from tests.rerating.used import FIXED, LARGE, MEDIUM, SMALL
from tests.schema.surface import SCHEMA

ADVICE = """{ planAdvice {
  verdict months reason monthlySaving { amount currency } recommended { name }
  basis { plan { name } monthlyPrice { amount currency } refusedMessages }
} }"""
UNPRICED = "{ planAdvice { verdict months recommended { name } basis { plan { name } refusedMessages } } }"


async def advice(caller: Caller, asked: str = ADVICE) -> Any:
    return (await caller.run(asked))["planAdvice"]


def compared(name: str, amount: str) -> dict[str, Any]:
    return {"plan": {"name": name}, "monthlyPrice": {"amount": amount, "currency": "USD"}, "refusedMessages": 0}


async def test_the_cheapest_plan_for_three_whole_months_with_its_reason(product: Product) -> None:
    await stage(product)
    tenant_id = await make_customer(product, "Small", SMALL, on_the_third(150) | {MARCH.replace(month=4): 9_000})
    await make_customer(product, "Medium", MEDIUM, on_the_third(9_000))  # another tenant's use is none of ours
    await make_plan(product.database, "Large", LARGE)
    admin = await product.member(tenant_id, TenantRole.ADMINISTRATOR)
    assert await advice(admin) == {
        "verdict": "CHANGE",
        "months": ["2027-01", "2027-02", "2027-03"],
        "reason": "At 150 messages a month Medium comes to $59.99 and Small, which you have, to $74.99: $15.00 less. "
        "From 120 messages a month on Medium costs no more than Small.",
        "monthlySaving": {"amount": "15.00", "currency": "USD"},
        "recommended": {"name": "Medium"},
        "basis": [compared("Medium", "59.99"), compared("Large", "65.99"), compared("Small", "74.99")],
    }


async def test_a_plan_by_the_cost_is_compared_by_its_own_price_and_nothing_tells_the_cost(product: Product) -> None:
    await stage(product)
    tenant_id = await make_customer(product, "Small", SMALL, on_the_third(150))
    await make_plan(product.database, "Fixed", FIXED)
    admin = await product.member(tenant_id, TenantRole.ADMINISTRATOR)
    found = await advice(admin)
    assert found["basis"] == [compared("Fixed", "1.22"), compared("Small", "74.99")]  # 150 * 0.0079 / 0.97
    assert not re.search(r"1\.18|0\.0079|3\.55", str(found))  # a month's cost, a message's, that of all
    names = [name for kind in ("PlanAdvice", "PlanComparison") for name in getattr(SCHEMA.type_map[kind], "fields", {})]
    assert len(names) == 9
    assert [name for name in names if re.search("(?i)cost|margin", name)] == []


async def test_whoever_may_not_see_what_is_paid_sees_which_plan_and_no_amount(product: Product) -> None:
    await stage(product)
    tenant_id = await make_customer(product, "Small", SMALL, on_the_third(150))
    await make_plan(product.database, "Medium", MEDIUM)
    developer = await product.member(tenant_id, TenantRole.DEVELOPER)
    assert await advice(developer, UNPRICED) == {
        "verdict": "CHANGE",
        "months": ["2027-01", "2027-02", "2027-03"],
        "recommended": {"name": "Medium"},
        "basis": [
            {"plan": {"name": "Medium"}, "refusedMessages": 0},
            {"plan": {"name": "Small"}, "refusedMessages": 0},
        ],
    }
    errors = await developer.errors(ADVICE)
    assert {(error["extensions"]["code"], error["path"][-1]) for error in errors} == {
        ("FORBIDDEN", "reason"),
        ("FORBIDDEN", "monthlySaving"),
        ("FORBIDDEN", "monthlyPrice"),
    }
    assert not re.search(r"\d+\.\d\d", str(errors))
    support = await product.member(tenant_id, TenantRole.SUPPORT)
    assert await support.codes(UNPRICED) == ["FORBIDDEN"]


async def test_what_is_no_longer_sold_or_not_yet_is_not_recommended_but_one_s_own_is_kept(product: Product) -> None:
    await stage(product)
    tenant_id = await make_customer(product, "Small", SMALL, on_the_third(110))
    retired = await make_plan(product.database, "Medium", MEDIUM)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        own = await tx.value("SELECT plan_id FROM tenant_plan WHERE tenant_id = $1", tenant_id)
        for one in (retired, own):
            await retire_plan(tx, one, "Otto", now=product.clock.now())
        await draft_plan(tx, FREE_DRAFT, "Otto", now=product.clock.now())
    found = await advice(await product.member(tenant_id, TenantRole.ADMINISTRATOR))
    assert (found["verdict"], found["recommended"]) == ("KEEP", {"name": "Small"})
    assert found["basis"] == [compared("Small", "54.99")]


async def test_before_there_is_a_plan_or_any_use_there_is_nothing_to_recommend(product: Product) -> None:
    await stage(product)
    without = await product.member(await make_tenant(product.database, product.clock), TenantRole.OWNER)
    assert await advice(without) is None
    used = {MARCH.replace(month=4): 40}  # the month that is not over
    tenant_id = await make_customer(product, "Small", SMALL, used)
    found = await advice(await product.member(tenant_id, TenantRole.OWNER))
    assert found == {
        "verdict": "NO_USE",
        "months": [f"{month:%Y-%m}" for month in (JANUARY, FEBRUARY, MARCH)],
        "reason": "No message was sent with a plan from January to March 2027: there is nothing to compare plans by.",
        "monthlySaving": None,
        "recommended": None,
        "basis": [],
    }
