"""An alert appears by itself, says what to do, and is acknowledged, muted and routed."""

import pytest
from playwright.async_api import expect

from tests.page.carrier import Carrier
from tests.page.conftest import NewVisitor
from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_an_alert_appears_is_muted_and_acknowledged(visitor: Visitor) -> None:
    page = visitor.page
    carrier = await Carrier.of(visitor.portal, "freestyle-falcons")
    await visitor.sign_in(tenant="Freestyle Falcons", path="/alerts")
    await expect(page.get_by_role("heading", name="Alerts", exact=True)).to_be_visible()
    await carrier.report("30034")
    alert = page.get_by_role("article").filter(has_text="the sender is not registered")
    await expect(alert).to_contain_text("Once")
    await expect(page.get_by_role("navigation", name="Main").get_by_role("link", name="Alerts")).to_contain_text("open")
    await alert.get_by_role("button", name="Mute").click()
    await page.get_by_role("menuitem", name="For a week").click()
    await expect(alert).to_contain_text("Muted until")
    await alert.get_by_role("button", name="Tell again").click()
    await expect(alert).not_to_contain_text("Muted until")
    await alert.get_by_role("button", name="Acknowledge").click()
    await expect(alert).to_have_count(0)
    await page.get_by_role("radiogroup", name="Which").get_by_text("Acknowledged").click()
    await expect(alert).to_contain_text("by Finn Frey")


async def test_who_is_told_of_a_kind_is_kept(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons", path="/alerts/rules")
    mail = page.get_by_role("checkbox", name="Registration: E-mail")
    await expect(mail).not_to_be_checked()
    await mail.click()
    await expect(mail).to_be_enabled()
    await page.reload()
    await expect(mail).to_be_checked()
    await expect(page.get_by_role("checkbox", name="Registration: Here")).to_be_checked()


async def test_own_percentages_are_kept_read_by_others_refused_at_their_field_and_taken_away(
    visitor: Visitor, new_visitor: NewVisitor
) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons", path="/alerts/rules")
    usage = page.get_by_role("region", name="When usage is told")
    field, save = usage.get_by_label("Percentages of your own"), usage.get_by_role("button", name="Save percentages")
    await field.fill("25")
    await field.press("Enter")
    await save.click()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    await page.reload()
    await expect(usage.get_by_text("25", exact=True)).to_be_visible()
    for wrong in ("0", "1001"):
        await field.fill(wrong)
        await field.press("Enter")
        await save.click()
        await expect(usage.get_by_text("Give at most 10 percentages from 1 to 1000, each once.")).to_be_visible()
        await expect(field).to_have_attribute("aria-invalid", "true")
        await page.reload()
        await expect(usage.get_by_text("25", exact=True)).to_be_visible()
        await expect(usage.get_by_text(wrong, exact=True)).to_have_count(0)
    reader = await new_visitor()
    await reader.sign_in("BILLING_MANAGER", "Freestyle Falcons", path="/alerts/rules")
    await expect(reader.page.get_by_text("Of your own: 25 %")).to_be_visible()
    await expect(reader.page.get_by_label("Percentages of your own")).to_have_count(0)
    await field.press("Backspace")
    await save.click()
    await expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    await page.reload()
    await expect(save).to_be_disabled()
    await expect(usage.get_by_text("25", exact=True)).to_have_count(0)
