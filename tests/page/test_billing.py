"""Credits are bought, and used before or after they are paid; a cap is set, told of on every view, and taken away."""

import re

import pytest
from playwright.async_api import expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_credits_are_usable_within_the_limit_and_beyond_it_wait_for_their_payment(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Harrier Runners", path="/billing/credits")
    await expect(page.get_by_role("group", name="Allowance").first).to_contain_text("Each message takes credits")
    balance = page.get_by_role("region", name="Balance")
    await expect(balance).to_contain_text("up to $50.00 can be used before they are paid")
    before = _number(await balance.inner_text())
    bought = page.get_by_role("region", name="What you bought").get_by_role("listitem")
    waiting = bought.filter(has_text="Waits for its payment")
    await _buy(visitor, "200 credits", "$15.00")
    await expect(bought).to_have_count(2)
    await expect(bought.filter(has_text="Usable, not paid yet")).to_have_count(2)
    await expect(balance).to_contain_text(str(before + 200))
    await _buy(visitor, "200 credits", "$15.00")
    await expect(bought).to_have_count(3)
    await expect(waiting).to_have_count(0)
    await _buy(visitor, "100 credits", "$10.00")
    await expect(waiting).to_have_count(1)
    await expect(waiting).to_contain_text("by Hana Haas")
    await expect(balance).to_contain_text(str(before + 400))
    entry = page.get_by_role("table", name="Statement").get_by_role("row").nth(1)
    await expect(entry).to_contain_text(re.compile(r"Bought.*\+500", re.DOTALL))


async def _buy(visitor: Visitor, pack: str, price: str) -> None:
    await visitor.page.get_by_role("button", name=f"Buy {pack}").click()
    dialog = visitor.page.get_by_role("dialog", name="Buy these credits?")
    await expect(dialog).to_contain_text(f"{pack} for {price}, without taxes")
    await dialog.get_by_role("button", name="Buy").click()
    await expect(dialog).to_be_hidden()


def _number(text: str) -> int:
    found = re.search(r"\d+", text)
    assert found is not None
    return int(found[0])


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
