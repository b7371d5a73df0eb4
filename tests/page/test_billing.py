"""Credits are bought, and used before or after they are paid; a cap is set, told of on every view, and taken away."""

import re

import pytest
from playwright.async_api import expect

from tests.page.conftest import NewVisitor
from tests.page.offers import assign, publish
from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow

PREPAID = {
    "strategy": "CREDITS",
    "fee": "0",
    "allowance": {"amount": None, "unit": "SEGMENTS", "per": "MONTH"},
    "creditPacks": [{"credits": 100, "units": 500, "price": "10"}],
}


async def test_credits_that_are_bought_wait_for_their_payment(visitor: Visitor, new_visitor: NewVisitor) -> None:
    operator = await new_visitor()
    await operator.sign_in_as_staff("ISV_OPERATOR", "/tenants")
    before = await assign(operator, "Freestyle Falcons", await publish(operator, "Prepaid", **PREPAID))
    page = visitor.page
    try:
        await visitor.sign_in("BILLING_MANAGER", "Freestyle Falcons", "/billing/credits")
        await expect(page.get_by_role("group", name="Allowance").first).to_contain_text("Each message takes credits")
        balance = page.get_by_role("region", name="Balance")
        await expect(balance).to_contain_text("Good for 0 segments")
        await page.get_by_role("button", name="Buy 100 credits").click()
        dialog = page.get_by_role("dialog", name="Buy these credits?")
        await expect(dialog).to_contain_text("100 credits for $10.00")
        await dialog.get_by_role("button", name="Buy").click()
        bought = page.get_by_role("region", name="What you bought").get_by_role("listitem")
        await expect(bought).to_have_count(1)
        await expect(bought).to_contain_text("Waits for its payment")
        await expect(bought).to_contain_text("by Bruno Berg")
        await expect(balance).to_contain_text("Good for 0 segments")
        entry = page.get_by_role("table", name="Statement").get_by_role("row").nth(1)
        await expect(entry).to_contain_text(re.compile(r"Bought.*\+500", re.DOTALL))
    finally:
        await assign(operator, "Freestyle Falcons", before)


async def test_a_cap_is_set_told_of_on_every_view_and_taken_away(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in("BILLING_MANAGER", path="/billing/cap")
    amount = page.get_by_label("At most, in USD a month")
    await amount.fill("a lot")
    await expect(page.get_by_role("button", name="Set the cap")).to_be_disabled()
    await amount.fill("0.001")
    await page.get_by_role("button", name="Set the cap").click()
    await expect(amount).to_have_attribute("aria-invalid", "true")
    await amount.fill("25")
    await page.get_by_role("button", name="Set the cap").click()
    spent = page.get_by_role("region", name="Spent this month")
    await expect(spent).to_contain_text("of $25.00")
    await expect(spent).to_contain_text("Set by Bea Brandt")
    await expect(page.get_by_role("group", name="The spend cap")).to_have_count(0)
    await amount.fill("0")
    await page.get_by_role("button", name="Set the cap").click()
    notice = page.get_by_role("group", name="The spend cap is reached")
    await expect(notice).to_be_visible()
    await page.get_by_role("link", name="Usage").click()
    await notice.get_by_role("link", name="See the cap").click()
    await page.get_by_role("button", name="Take it away").click()
    await expect(spent).to_have_count(0)
    await expect(notice).to_have_count(0)


async def test_a_role_without_billing_is_told_of_the_allowance_and_asks_for_no_amount(visitor: Visitor) -> None:
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    await visitor.sign_in("SUPPORT", path="/billing/cap")
    await expect(page.get_by_text("Not part of your role").last).to_be_visible()
    assert [each for each in asked if "query SpendCap" in each] == []
    limits = [each for each in asked if "query Limits" in each]
    assert limits
    assert all('"money":false' in each for each in limits)
