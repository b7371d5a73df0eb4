"""Usage as CSV: any range, the same numbers as the report, money for those alone who may see it."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx2
import pytest

from auth.permissions import Permission, StaffRole, TenantRole
from portal_schema.nodes import NOWHERE, to_global
from tests.product import Caller, Product, TenantUnderTest
from tests.usage.stored import add_charge, add_plan, add_record, hold_before
from tests.usage.syncing import DAY

COUNTS = ["day", "category", "label", "count", "count_unit", "usage", "usage_unit"]
PRICES = ["price", "price_currency", "price_basis"]
COSTS = ["cost", "cost_currency"]
REPORT = """query ($input: UsageInput!) {
  usage(input: $input) {
    buckets { start categories { category count usage price { amount currency } priceBasis } }
  }
}"""
WHOLE_YEAR = {"from": "2026-01-01", "until": "2026-12-31"}


@pytest.fixture
async def tenant(product: Product) -> TenantUnderTest:
    """A tenant that used something, forty days ago, of a plan with a margin on other usage."""
    tenant = await product.tenant("=HYPERLINK(1)")
    plan = await add_plan(
        product,
        "with overage",
        strategy="TIER_WITH_OVERAGE",
        allowance_amount=1,
        overage=Decimal("0.01"),
        other_ratio=Decimal("0.5"),
        margin_kind="MARKUP",
    )
    holding = await hold_before(product, tenant.id, plan, 60)
    day = _day(product)
    await add_charge(product, tenant.id, day, holding, 2, "0.0158", band=1)
    await add_record(product, tenant.id, day, "sms-outbound", 2, "0.0166")
    await add_record(product, tenant.id, day, "calls-inbound", 3, "0.0255")
    await add_record(product, tenant.id, day + 9 * DAY, "lookups", 2, "0.01")
    return tenant


def _day(product: Product) -> date:
    return product.clock.now().date() - timedelta(days=40)


async def _get(product: Product, caller: Caller | None, given: Any, **headers: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        known = caller.headers if caller else {}
        return await http.get(f"{product.url}/usage.csv", params=given, headers=known | headers)


async def _rows(product: Product, caller: Caller, **given: str) -> list[dict[str, str]]:
    answer = await _get(product, caller, given)
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text)))


def _range(product: Product) -> dict[str, str]:
    return {"from": str(_day(product) - 10 * DAY), "until": str(_day(product) + 30 * DAY)}


async def test_each_day_and_category_is_a_row_with_the_numbers_of_the_report(
    product: Product, tenant: TenantUnderTest
) -> None:
    answer = await _get(product, tenant.machine, _range(product))
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    named = f'attachment; filename="usage-{_range(product)["from"]}-{_range(product)["until"]}.csv"'
    assert answer.headers["content-disposition"] == named
    assert answer.headers["cache-control"] == "no-store"
    first, later = str(_day(product)), str(_day(product) + 9 * DAY)
    assert list(csv.reader(io.StringIO(answer.text))) == [
        COUNTS + PRICES,
        [first, "calls-inbound", "Calls received", "3", "calls", "3", "minutes", "0.03825", "USD", "FINAL"],
        [first, "sms-outbound", "Text messages sent", "2", "messages", "2", "segments", "0.02", "USD", "FINAL"],
        [later, "lookups", "Look-ups of numbers", "2", "look-ups", "2", "look-ups", "0.015", "USD", "FINAL"],
    ]
    asked = {"range": _range(product), "bucketSize": "DAY"}
    buckets = (await tenant.machine.run(REPORT, input=asked))["usage"]["buckets"]
    assert [
        (row["day"], row["category"], int(row["count"]), int(row["usage"]), row["price"], row["price_basis"])
        for row in csv.DictReader(io.StringIO(answer.text))
    ] == [
        (one["start"][:10], of["category"], of["count"], of["usage"], of["price"]["amount"], of["priceBasis"])
        for one in buckets
        for of in one["categories"]
    ]


async def test_a_price_is_there_for_those_who_see_bills_and_a_cost_for_the_operator_alone(
    product: Product, tenant: TenantUnderTest
) -> None:
    counting = await product.machine(tenant.id, [Permission.USAGE_READ])
    billing = await product.member(tenant.id, TenantRole.BILLING_MANAGER)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    given = _range(product)
    assert [list(row) for row in await _rows(product, counting, **given)] == [COUNTS] * 3
    assert [list(row) for row in await _rows(product, billing, **given)] == [COUNTS + PRICES] * 3
    rows = await _rows(product, operator, tenant=to_global("Tenant", tenant.id), **given)
    assert [list(row) for row in rows] == [COUNTS + PRICES + COSTS] * 3
    assert [(row["cost"], row["cost_currency"]) for row in rows] == [
        ("0.0255", "USD"),
        ("0.0166", "USD"),
        ("0.01", "USD"),
    ]


async def test_another_tenant_s_usage_is_in_no_row(product: Product, tenant: TenantUnderTest) -> None:
    other = await product.tenant("Freestyle Falcons")
    assert await _rows(product, other.machine, **_range(product)) == []
    named = await _get(product, other.machine, _range(product) | {"tenant": to_global("Tenant", tenant.id)})
    assert (named.status_code, "There is nothing else to ask for" in named.text) == (400, True)


async def test_who_may_not_see_usage_gets_no_file(product: Product, tenant: TenantUnderTest) -> None:
    contacts = await product.machine(tenant.id, [Permission.CONTACTS_READ])
    support = await product.member(None, StaffRole.ISV_SUPPORT)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    given = _range(product)
    for caller in (contacts, support):
        answer = await _get(product, caller, given)
        assert (answer.status_code, answer.text) == (403, "This needs the permission USAGE_READ.\n")
    for named in ({}, {"tenant": to_global("Tenant", NOWHERE)}, {"tenant": "x"}):
        assert (await _get(product, operator, given | named)).status_code == 404
    assert (await _get(product, None, given, **{"Sec-Fetch-Site": "none"})).status_code == 401
    assert (await _get(product, Caller("", {"Authorization": "Bearer x"}), given)).status_code == 401
    for site in ("cross-site", "same-site"):
        assert (await _get(product, owner, given, **{"Sec-Fetch-Site": site})).status_code == 403


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "`from` is no day of the calendar."),
        ({"from": "2026-04-01"}, "`until` is no day of the calendar."),
        ({"from": "2026-04-31", "until": "2026-05-02"}, "`from` is no day of the calendar."),
        ({"from": "2026-04-01", "until": "2026-04-31"}, "`until` is no day of the calendar."),
        ({"from": "=1+1", "until": "2026-04-30"}, "`from` is no day of the calendar."),
        ({"from": "2026-04-02", "until": "2026-04-02"}, "The range has to end after it begins"),
        ({"from": "2026-04-02", "until": "2026-04-01"}, "The range has to end after it begins"),
        ({"from": "1999-12-31", "until": "2026-04-01"}, "There is no usage before 2000-01-01."),
        ({"from": "2001-01-01", "until": "2026-04-01"}, "A range has at most 3,660 days"),
        ({"from": "2000-01-01", "until": "9999-12-31"}, "A range has at most 3,660 days"),
        (WHOLE_YEAR | {"categories": "sms"}, "There is nothing else to ask for"),
        ([*WHOLE_YEAR.items(), ("from", "2026-02-01")], "each of it once"),
    ],
)
async def test_a_range_that_is_none_is_told_what_is_wrong(given: Any, says: str, product: Product) -> None:
    tenant = await product.tenant()
    answer = await _get(product, tenant.machine, given)
    assert answer.status_code == 400
    assert says in answer.text
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_ten_years_come_a_part_at_a_time_and_days_to_come_have_no_row(
    product: Product, tenant: TenantUnderTest
) -> None:
    today = product.clock.now().date()
    rows = await _rows(product, tenant.machine, **{"from": str(today - 3_600 * DAY), "until": str(today + 60 * DAY)})
    assert [row["category"] for row in rows] == ["calls-inbound", "sms-outbound", "lookups"]
