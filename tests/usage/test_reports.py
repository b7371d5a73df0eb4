"""Reports of usage: money as estimated and as final, calls in minutes, and ranges that are none."""

from datetime import date, timedelta
from typing import Any

import pytest

from auth.permissions import Permission, StaffRole
from portal.usage.usage import CALLS_INBOUND, add_usage
from portal_schema.nodes import to_global
from tests.product import Product, TenantUnderTest
from tests.usage.stored import add_charge, add_plan, add_record, hold_before
from tests.usage.syncing import DAY, sync, use

MONEY = "price { amount currency } priceBasis"
USAGE = f"""query ($input: UsageInput!) {{
  usage(input: $input) {{
    total {{ amount currency }} categories {{ category count countUnit usage usageUnit {MONEY} }}
  }}
}}"""
OF_TENANT = """query ($id: ID!, $input: UsageInput!) {
  tenant(id: $id) {
    usage(input: $input) { totalCost { amount } categories { category cost { amount } grossMarginRatio } }
  }
}"""
COUNTED = "query ($input: UsageInput!) { usage(input: $input) { categories { category count usage usageUnit } } }"


@pytest.fixture
def day(product: Product) -> date:
    """A day forty days ago."""
    return product.clock.now().date() - timedelta(days=40)


async def _by_cost(product: Product, day: date) -> TenantUnderTest:
    """A tenant that pays what its usage costs, and a quarter on top; it sent two messages on that day."""
    tenant = await product.tenant()
    brackets = '[{"up_to": null, "ratio": "0.25"}]'
    terms = {"strategy": "FIXED_MARGIN", "margin_kind": "MARKUP", "brackets": brackets, "allowance_amount": None}
    plan = await add_plan(product, "by the cost", **terms)
    holding = await hold_before(product, tenant.id, plan, 60)
    await add_charge(product, tenant.id, day, holding, 2, "0.0160")
    return tenant


def _of(day: date) -> dict[str, Any]:
    return {"range": {"from": str(day), "until": str(day + DAY)}}


async def test_a_price_is_estimated_until_the_provider_s_own_holds_the_whole_day(product: Product, day: date) -> None:
    tenant = await _by_cost(product, day)
    counts = {"category": "sms-outbound", "count": 2, "countUnit": "messages", "usage": 2, "usageUnit": "segments"}
    report = (await tenant.machine.run(USAGE, input=_of(day)))["usage"]
    estimate = {"amount": "0.02", "currency": "USD"}
    assert report["categories"] == [{**counts, "price": estimate, "priceBasis": "ESTIMATED"}]
    await add_record(product, tenant.id, day, "sms-outbound", 2, "0.0166", days_later=0)  # it holds an hour of the day
    assert (await tenant.machine.run(USAGE, input=_of(day)))["usage"] == report
    await use(product, tenant, day, "sms-outbound", 2, "0.0166")
    await sync(product, tenant, day, day + DAY)
    report = (await tenant.machine.run(USAGE, input=_of(day)))["usage"]
    final = {"amount": "0.02075", "currency": "USD"}
    assert report == {"total": final, "categories": [{**counts, "price": final, "priceBasis": "FINAL"}]}


async def test_the_operator_sees_cost_and_margin_that_add_up_to_the_provider_s_total(
    product: Product, day: date
) -> None:
    tenant = await _by_cost(product, day)
    await use(product, tenant, day, "sms-outbound", 2, "0.0166")
    await use(product, tenant, day, "calls-inbound", 3, "0.0255")
    await use(product, tenant, day, "lookups", 1, "0.005")
    await sync(product, tenant, day, day + DAY)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    seen = await operator.run(OF_TENANT, id=to_global("Tenant", tenant.id), input=_of(day))
    usage = seen["tenant"]["usage"]
    assert usage["totalCost"] == {"amount": "0.0471"}
    assert {one["category"]: (one["cost"]["amount"], one["grossMarginRatio"]) for one in usage["categories"]} == {
        "calls-inbound": ("0.0255", "0.2000"),
        "lookups": ("0.005", "0.2000"),
        "sms-outbound": ("0.0166", "0.2000"),
    }
    counting = await product.machine(tenant.id, [Permission.USAGE_READ])
    assert await counting.codes(USAGE, input=_of(day)) == ["FORBIDDEN"] * 7  # what they may count is answered
    assert len((await counting.run(COUNTED, input=_of(day)))["usage"]["categories"]) == 3


async def test_calls_are_counted_here_in_calls_and_minutes_until_there_is_the_provider_s_count(
    product: Product, day: date
) -> None:
    tenant = await product.tenant()
    noon = product.clock.now().replace(hour=12) - timedelta(days=40)
    async with product.database.for_tenant(tenant.id) as tx:
        await add_usage(tx, CALLS_INBOUND, [1, 4], now=noon)
    calls = {"category": "calls-inbound", "count": 2, "usage": 5, "usageUnit": "minutes"}
    assert (await tenant.machine.run(COUNTED, input=_of(day)))["usage"]["categories"] == [calls]
    await add_record(product, tenant.id, day, "calls-inbound", 3, "0.0255")
    assert (await tenant.machine.run(COUNTED, input=_of(day)))["usage"]["categories"] == [
        calls | {"count": 3, "usage": 3}
    ]


@pytest.mark.parametrize(
    ("given", "says", "path"),
    [
        ({"from": "2026-04-02", "until": "2026-04-02"}, "has to end after it begins", ["input", "range"]),
        ({"from": "2026-04-02", "until": "2026-04-01"}, "has to end after it begins", ["input", "range"]),
        ({"from": "1999-12-31", "until": "2026-04-01"}, "no usage before 2000-01-01", ["input", "range", "from"]),
        ({"from": "2001-01-01", "until": "2026-04-01"}, "at most 3,660 days", ["input", "range"]),
        ({"from": "2000-01-01", "until": "9999-12-31"}, "at most 3,660 days", ["input", "range"]),
        ({"from": "2024-01-01", "until": "2026-04-01"}, "731 days at most", ["input", "bucketSize"]),
    ],
)
async def test_a_range_that_cannot_be_reported_is_refused_with_a_code_and_a_path(
    given: dict[str, str], says: str, path: list[str], product: Product
) -> None:
    tenant = await product.tenant()
    size = "DAY" if path[-1] == "bucketSize" else "WHOLE"
    [error] = await tenant.machine.errors(COUNTED, input={"range": given, "bucketSize": size})
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert says in error["message"]
    assert error["extensions"]["path"] == path


@pytest.mark.parametrize("given", [{}, {"period": "TODAY", "range": {"from": "2026-04-01", "until": "2026-04-02"}}])
async def test_a_report_is_of_a_period_or_of_a_range(given: dict[str, Any], product: Product) -> None:
    tenant = await product.tenant()
    assert await tenant.machine.codes(COUNTED, input=given) == ["BAD_USER_INPUT"]


async def test_nothing_of_another_tenant_is_in_a_report(product: Product, day: date) -> None:
    tenant, other = await _by_cost(product, day), await product.tenant("Freestyle Falcons")
    assert len((await tenant.machine.run(COUNTED, input=_of(day)))["usage"]["categories"]) == 1
    assert (await other.machine.run(COUNTED, input=_of(day)))["usage"]["categories"] == []
