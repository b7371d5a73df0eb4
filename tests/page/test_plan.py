"""A plan is changed after a look at what that does, comes later where it is a lesser one, and is kept after all."""

import re

import pytest
from playwright.async_api import expect

from tests.page.conftest import NewVisitor
from tests.page.offers import publish
from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_an_upgrade_holds_at_once_and_a_downgrade_is_taken_back(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    operator = await new_visitor()
    await operator.sign_in_as_staff("ISV_OPERATOR", "/tenants")
    await publish(operator, "Platinum", features=["A person to call"])
    page = visitor.page
    await visitor.sign_in("BILLING_MANAGER", "Freestyle Falcons", "/plan")
    offer = page.get_by_role("article", name="Platinum, version 1")
    await expect(offer).to_contain_text("A person to call")
    await offer.get_by_role("button", name="Choose Platinum").click()
    dialog = page.get_by_role("dialog", name="Change to Platinum?")
    facts = dialog.get_by_role("table", name="What changes")
    await expect(facts.get_by_role("row", name="Begins")).to_contain_text("At once")
    await expect(facts.get_by_role("row", name="Fee")).to_contain_text(re.compile(r"\+\$\d+\.\d\d a month"))
    await dialog.get_by_role("button", name="Keep what you have").click()
    await expect(offer.get_by_text("Yours")).to_have_count(0)
    await offer.get_by_role("button", name="Choose Platinum").click()
    await dialog.get_by_role("button", name="Change to Platinum now").click()
    present = page.get_by_role("region", name="Platinum")
    await expect(present).to_contain_text("of 1,000 messages left today")
    await expect(offer.get_by_text("Yours")).to_be_visible()
    await expect(page.get_by_role("group", name="Allowance").first).to_contain_text("of 1,000 messages left today")
    await page.get_by_role("button", name="Choose Credits", exact=True).click()
    dialog = page.get_by_role("dialog", name="Change to Credits?")
    await expect(dialog.get_by_role("row", name="Allowance")).to_contain_text("Each message takes credits")
    await dialog.get_by_role("button", name="Keep what you have").click()

    await page.get_by_role("button", name="Choose Free", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Change to Free on").click()
    coming = present.get_by_role("status")
    await expect(coming).to_contain_text("Asked for by Bruno Berg")
    await coming.get_by_role("button", name="Cancel this change").click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel the change").click()
    await expect(coming).to_have_count(0)
    history = page.get_by_role("table", name="What changed").get_by_role("row")
    await expect(history.nth(1)).to_contain_text("Platinum to Free")
    await expect(history.nth(1)).to_contain_text("by Bruno Berg")
    await expect(history.nth(2)).to_contain_text("to Platinum")


async def test_a_role_without_billing_reads_of_plans_and_changes_none(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in("DEVELOPER", path="/plan")
    await expect(page.get_by_role("article").first).to_be_visible()
    await expect(page.get_by_role("button", name=re.compile("^Choose"))).to_have_count(0)
    await expect(page.get_by_text("Who may change the plan")).to_be_visible()
