"""Many senders at once never get more than a cap or credits have, and exactly as much."""

from decimal import Decimal
from typing import Any

import pytest

from auth.permissions import TenantRole
from tests.messages.traffic import add_contacts, plain_numbers, send_at_once
from tests.plans.books import balanced
from tests.plans.given import add_lot, give_card, give_plan, let_use
from tests.product import Product, TenantUnderTest

SENDERS = 40
CAP = "mutation ($input: SpendCapSetInput!) { spendCapSet(input: $input) { spendCap { reached } errors { code } } }"
PACKS = [
    {"credits": 100, "units": 12, "price": "10", "valid_days": 30},
    {"credits": 200, "units": 15, "price": "10", "valid_days": 10},
]
OVERAGE = {
    "strategy": "TIER_WITH_OVERAGE",
    "allowance_amount": 5,
    "at_limit": "OVERAGE",
    "overage": Decimal("0.0125"),
}
MARGIN = {
    "strategy": "DYNAMIC_MARGIN",
    "allowance_amount": None,
    "margin_kind": "MARKUP",
    "brackets": [{"up_to": 10, "ratio": "1"}, {"up_to": None, "ratio": "0.5"}],
}


async def _rush(product: Product, tenant: TenantUnderTest, senders: int = SENDERS) -> tuple[int, set[str]]:
    """How many of so many senders at once are accepted, and why the others are not."""
    contacts = await add_contacts(product, tenant, plain_numbers(senders))
    answers = await send_at_once(tenant.machine, [(f"send {n}", [contact]) for n, contact in enumerate(contacts)])
    assert all(answer["errors"] == [] for answer in answers)
    refused = {one["code"] for answer in answers for one in answer["batch"]["refusals"]["nodes"]}
    return sum(answer["batch"]["accepted"] for answer in answers), refused


@pytest.mark.parametrize(
    ("terms", "accepted", "reserved"),
    [
        pytest.param(OVERAGE, 5 + 24, Decimal("0.3000"), id="5 are free, 24 at 0.0125 fit into 0.31"),
        pytest.param(MARGIN, 15, Decimal("0.30"), id="15 at 0.02 fit into 0.31"),
    ],
)
async def test_many_senders_at_once_never_pass_the_spend_cap_and_all_that_fit_are_accepted(
    product: Product, terms: dict[str, Any], accepted: int, reserved: Decimal
) -> None:
    await give_card(product, US="0.01", elsewhere="0.01")
    tenant = await product.tenant()
    await give_plan(product, tenant.id, **terms)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    assert (await owner.run(CAP, input={"amount": "0.31"}))["spendCapSet"]["errors"] == []
    assert await _rush(product, tenant) == (accepted, {"SPEND_CAP_REACHED"})
    books = await balanced(product, tenant.id)
    assert books.units == [(0, accepted, 0)]
    assert books.money == [(Decimal(0), reserved)]


@pytest.mark.parametrize(
    ("allowance", "senders", "accepted", "lots"),
    [
        pytest.param(None, SENDERS, 27, [(0, 15, 0), (0, 12, 0)], id="more than two lots have"),
        pytest.param(None, 20, 20, [(0, 15, 0), (0, 5, 0)], id="the first to expire goes first"),
        pytest.param(5, SENDERS, 32, [(0, 15, 0), (0, 12, 0)], id="the allowance goes before"),
        pytest.param(5, 12, 12, [(0, 7, 0), (0, 0, 0)], id="the allowance and a part of a lot"),
    ],
)
async def test_many_senders_at_once_draw_on_the_first_lot_to_expire_and_overdraw_none(
    product: Product, allowance: int | None, senders: int, accepted: int, lots: list[tuple[int, int, int]]
) -> None:
    tenant = await product.tenant()
    terms: dict[str, Any] = {"strategy": "CREDITS", "at_limit": "CREDITS", "credit_packs": PACKS}
    await give_plan(product, tenant.id, allowance_amount=allowance, **terms)
    await let_use(product, tenant.id)
    owner = await product.member(tenant.id, TenantRole.OWNER)
    for pack in (100, 200):
        await add_lot(owner, f"pack {pack}", pack)
    refused = {"CREDITS_EXHAUSTED"} if senders > accepted else set()
    assert await _rush(product, tenant, senders) == (accepted, refused)
    books = await balanced(product, tenant.id)
    assert books.lots == lots
    assert books.units == [(0, accepted, accepted - (allowance or 0))]
