"""Both sides over GraphQL: a February worked out by hand, plans at full use, and who sees none of it."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from auth.permissions import StaffRole, TenantRole
from portal.database.address import DatabaseAddress
from portal_schema.nodes import to_global
from tests.economics.books import Books
from tests.product import Caller, Product
from tests.schema.world import contents_at

FEBRUARY = {"from": "2026-02-01", "until": "2026-03-01"}
UNITS = """query ($range: DateRange!) { unitEconomics(range: $range) {
  revenue { amount currency } cost { amount } grossMargin { amount } grossMarginRatio
  tenantsAtStart tenantsNew tenantsClosed tenantsAtEnd churnRatio freeToPaidRatio
  averageLifetimeValue { amount } averagePaybackMonths unconverted
} }"""
TENANTS = """query ($range: DateRange!) { tenants { nodes { name economics(range: $range) {
  revenue { amount } cost { amount } grossMargin { amount } grossMarginRatio
  lifetimeValue { amount } acquisitionCost { amount currency } paybackMonths unconverted
} } } }"""
TIERS = """{ tierEconomics {
  plan { name } tenants
  worstCase { revenue { amount } costOfGoodsSold { amount } grossMargin { amount } grossMarginRatio }
  lastMonth { revenue { amount } costOfGoodsSold { amount } }
  monthToDate { revenue { amount } costOfGoodsSold { amount } }
  warnings { code message }
} }"""
SET = """mutation ($input: AcquisitionCostSetInput!) { acquisitionCostSet(input: $input) {
  tenant { economics(range: {from: "2026-02-01", until: "2026-03-01"}) { acquisitionCost { amount currency } } }
  errors { code path message }
} }"""
OVERAGE = {"at_limit": "OVERAGE", "allowance_amount": 100}


@pytest.fixture
def books(product: Product, superuser: DatabaseAddress) -> Books:
    """The database of this test, to be written to."""
    return Books(product, superuser)


async def _february(books: Books) -> dict[str, UUID]:
    """Four tenants: one moves from free to paid, one pays in euros, one uses up credits and leaves, one stays free."""
    await books.card('{"EUR": "0.80"}')
    free = await books.plan("Free", "TIER", allowance_amount=10)
    small = await books.plan("Small", "TIER_WITH_OVERAGE", fee=Decimal("49.99"), overage=Decimal("0.5"), **OVERAGE)
    margin = '[{"up_to": null, "ratio": "0.2"}]'
    euros = await books.plan("Margin", "FIXED_MARGIN", currency="EUR", margin_kind="MARGIN", brackets=margin)
    packs = await books.plan("Credits", "CREDITS", at_limit="CREDITS", allowance_amount=0)
    falcon = await books.tenant("Falcon Flights", "2026-01-15")
    await books.hold(falcon, free, "2026-01-15", "2026-02-15T10:00")
    paid = await books.hold(falcon, small, "2026-02-15T10:00")
    await books.charge(falcon, paid, date(2026, 2, 20), 0, 100)
    await books.charge(falcon, paid, date(2026, 2, 20), 1, 10)
    await books.asked(falcon, date(2026, 2, 20), sms_outbound="0.88", phonenumbers="0.62", totalprice="1.50")
    quail = await books.tenant("Quiet Quails", "2026-02-03")
    await books.charge(quail, await books.hold(quail, euros, "2026-02-03"), date(2026, 2, 3), 0, 1000)
    owl = await books.tenant("Old Owls", "2026-01-10", "2026-02-20")
    await books.charge(owl, await books.hold(owl, packs, "2026-01-10", "2026-02-20"), date(2026, 2, 4), 0, 100)
    await books.use_credits(owl, packs, 100, date(2026, 2, 4))
    stork = await books.tenant("Still Storks", "2026-01-01")
    await books.hold(stork, free, "2026-01-01")
    return {"falcon": falcon, "quail": quail, "owl": owl, "stork": stork}


async def _enter(operator: Caller, tenant: UUID, amount: str, currency: str = "USD") -> dict[str, Any]:
    given = {"tenantId": to_global("Tenant", tenant), "amount": {"amount": amount, "currency": currency}}
    return dict((await operator.run(SET, input=given))["acquisitionCostSet"])


async def test_a_month_of_four_tenants_comes_to_what_was_worked_out_by_hand(product: Product, books: Books) -> None:
    tenants = await _february(books)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    assert (await _enter(operator, tenants["falcon"], "57.00"))["errors"] == []
    # Fees 49.99 * 14 / 28 + overage 10 * 0.50; euros 7.90 * 0.80 / (1 - 0.2) / 0.80; credits 100 * 10 / 500.
    assert (await operator.run(UNITS, range=FEBRUARY))["unitEconomics"] == {
        "revenue": {"amount": "41.87", "currency": "USD"},
        "cost": {"amount": "10.19"},  # 1.50 as the provider asks, 1000 * 0.0079 and 100 * 0.0079 by the rate card
        "grossMargin": {"amount": "31.68"},
        "grossMarginRatio": "0.7566",
        "tenantsAtStart": 3,
        "tenantsNew": 1,
        "tenantsClosed": 1,
        "tenantsAtEnd": 3,
        "churnRatio": "0.3333",
        "freeToPaidRatio": "0.5000",
        "averageLifetimeValue": {"amount": "26.35"},  # 31.68 over 101/28 months of tenants, over a churn of 1/3
        "averagePaybackMonths": "2.00",  # 57 / 28.495
        "unconverted": [],
    }
    found = {one["name"]: one["economics"] for one in (await operator.run(TENANTS, range=FEBRUARY))["tenants"]["nodes"]}
    assert found["Falcon Flights"] == {
        "revenue": {"amount": "30.00"},  # 24.995 + 5, half a cent away from zero
        "cost": {"amount": "1.50"},
        "grossMargin": {"amount": "28.50"},
        "grossMarginRatio": "0.9500",
        "lifetimeValue": {"amount": "85.49"},  # 28.495 / (1/3)
        "acquisitionCost": {"amount": "57.00", "currency": "USD"},
        "paybackMonths": "2.00",
        "unconverted": [],
    }
    assert found["Quiet Quails"]["revenue"] == {"amount": "9.88"}
    assert found["Quiet Quails"]["grossMarginRatio"] == "0.2004"  # of the rounded amounts
    assert found["Old Owls"] | {"lifetimeValue": None} == {
        "revenue": {"amount": "2.00"},
        "cost": {"amount": "0.79"},
        "grossMargin": {"amount": "1.21"},
        "grossMarginRatio": "0.6050",
        "lifetimeValue": None,
        "acquisitionCost": None,
        "paybackMonths": None,
        "unconverted": [],
    }
    assert found["Still Storks"]["grossMarginRatio"] is None


async def test_the_parts_of_a_range_add_up_to_it(product: Product, books: Books) -> None:
    await _february(books)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    cost = 0
    for first, until in (("2026-02-01", "2026-02-04"), ("2026-02-04", "2026-02-20"), ("2026-02-20", "2026-03-01")):
        part = (await operator.run(UNITS, range={"from": first, "until": until}))["unitEconomics"]
        cost += round(float(part["cost"]["amount"]) * 100)
    assert cost == 1019


async def test_without_tenants_nothing_is_divided_by_nothing(product: Product, books: Books) -> None:
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    found = (await operator.run(UNITS, range=FEBRUARY))["unitEconomics"]
    assert {name for name, value in found.items() if value is None} == {
        *("grossMarginRatio", "churnRatio", "freeToPaidRatio", "averageLifetimeValue", "averagePaybackMonths"),
    }
    assert found["revenue"] == {"amount": "0.00", "currency": "USD"}
    assert (await operator.run(TIERS))["tierEconomics"] == []


async def test_a_currency_without_a_rate_is_left_out_and_named(product: Product, books: Books) -> None:
    await _february(books)
    await books.write("UPDATE rate_card SET exchange_rates = '{}'")
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    found = (await operator.run(UNITS, range=FEBRUARY))["unitEconomics"]
    assert (found["revenue"]["amount"], found["cost"]["amount"], found["unconverted"]) == ("32.00", "10.19", ["EUR"])
    tiers = {one["plan"]["name"]: one for one in (await operator.run(TIERS))["tierEconomics"]}
    assert [one["code"] for one in tiers["Margin"]["warnings"]] == ["NO_EXCHANGE_RATE"]


async def test_plans_at_full_use_beside_last_month_and_this_one(product: Product, books: Books) -> None:
    await books.card()
    bronze = await books.plan("Bronze", "TIER", fee=15, allowance_amount=50)
    await books.write("ALTER TABLE plan DISABLE TRIGGER keep_published")
    await books.write("UPDATE plan SET allowance_per = 'DAY' WHERE id = $1", bronze)
    for name, fee, amount, overage in (("Large", "65.99", 300, "0.10"), ("Small", "49.99", 100, "0.50")):
        terms = {"at_limit": "OVERAGE", "allowance_amount": amount}
        await books.plan(name, "TIER_WITH_OVERAGE", fee=Decimal(fee), overage=Decimal(overage), **terms)
    await books.plan("Abroad", "TIER", fee=10, allowance_amount=1000, countries=["DE"])
    await books.plan("Open", "TIER", fee=10)
    retired = await books.plan("Gone", "TIER", fee=1)
    await books.write("UPDATE plan SET state = 'RETIRED' WHERE id = $1", retired)
    month = product.clock.now().date().replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    tenant = await books.tenant("Falcon Flights", before.isoformat())
    holding = await books.hold(tenant, bronze, before.isoformat())
    await books.charge(tenant, holding, before, 0, 200)
    await books.charge(tenant, holding, month, 0, 100)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    found = {one["plan"]["name"]: one for one in (await operator.run(TIERS))["tierEconomics"]}
    assert found["Bronze"]["worstCase"] == {
        "revenue": {"amount": "15.00"},
        "costOfGoodsSold": {"amount": "12.25"},  # 1,550 messages at 0.0079
        "grossMargin": {"amount": "2.75"},
        "grossMarginRatio": "0.1833",
    }
    assert found["Bronze"]["tenants"] == 1
    assert found["Bronze"]["lastMonth"] == {"revenue": {"amount": "15.00"}, "costOfGoodsSold": {"amount": "1.58"}}
    assert found["Bronze"]["monthToDate"]["costOfGoodsSold"] == {"amount": "0.79"}
    codes = {name: [one["code"] for one in tier["warnings"]] for name, tier in found.items()}
    assert codes == {
        "Abroad": ["NEGATIVE_MARGIN"],  # 1,000 messages to Germany cost 50
        "Bronze": [],
        "Large": ["OVERAGE_BELOW_UNIT_PRICE"],
        "Open": [],
        "Small": [],
    }
    assert found["Large"]["warnings"][0]["message"] == "A message over the allowance brings $0.10, one inside it $0.22."
    assert found["Open"]["worstCase"] is None


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"from": "2026-03-01", "until": "2026-03-01"}, "The range ends before it begins"),
        ({"from": "2026-03-02", "until": "2026-03-01"}, "The range ends before it begins"),
        ({"from": "2024-01-01", "until": "2026-03-01"}, "The range is longer than 366 days"),
        ({"from": "2026-04-31", "until": "2026-05-01"}, "There is no day '2026-04-31' in the calendar"),
    ],
)
async def test_a_range_that_is_none_is_refused_with_its_place(
    product: Product, asked: dict[str, str], message: str
) -> None:
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    for text in (UNITS, TENANTS):
        answer = (await operator.post(query=text, variables={"range": asked})).json()
        if text is UNITS or "calendar" in message:
            assert answer["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
            assert message in answer["errors"][0]["message"]


@pytest.mark.parametrize(
    ("amount", "currency", "problem"),
    [
        ("-0.01", "USD", ("INVALID", ["input", "amount", "amount"])),
        ("0.001", "USD", ("INVALID", ["input", "amount", "amount"])),
        ("1.5", "JPY", ("INVALID", ["input", "amount", "amount"])),
        ("1", "XYZ", ("INVALID", ["input", "amount", "currency"])),
        ("1", "EUR", ("OTHER_CURRENCY", ["input", "amount", "currency"])),
    ],
)
async def test_an_acquisition_cost_that_cannot_be_is_refused_and_nothing_changes(
    product: Product, superuser: DatabaseAddress, amount: str, currency: str, problem: tuple[str, list[str]]
) -> None:
    tenant = await product.tenant()
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    assert (await _enter(operator, tenant.id, "7"))["errors"] == []
    place = superuser.to(database=product.settings.database().database)
    before = await contents_at(place)
    (error,) = (await _enter(operator, tenant.id, amount, currency))["errors"]
    assert (error["code"], error["path"]) == problem
    assert await contents_at(place) == before


async def test_the_tenant_learns_that_a_cost_was_entered_and_never_how_much(product: Product) -> None:
    tenant = await product.tenant()
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    assert (await _enter(operator, tenant.id, "1234.56"))["tenant"] == {
        "economics": {"acquisitionCost": {"amount": "1234.56", "currency": "USD"}}
    }
    assert (await _enter(operator, tenant.id, "99"))["tenant"]["economics"]["acquisitionCost"]["amount"] == "99"
    owner = await product.member(tenant.id, TenantRole.OWNER)
    answer = await owner.post(query="{ auditLog { nodes { action actor { kind } changes } } }")
    entries = answer.json()["data"]["auditLog"]["nodes"]
    assert [one["action"] for one in entries if one["actor"]["kind"] == "ISV_OPERATOR"] == ["acquisitionCostSet"] * 2
    assert b"1234" not in answer.content
    for text in (TIERS, UNITS, SET, TENANTS):
        variables = {"range": FEBRUARY, "input": {"tenantId": "x", "amount": {"amount": "1", "currency": "USD"}}}
        answer = await owner.post(query=text, variables=variables)
        assert answer.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
