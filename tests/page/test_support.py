"""The portal's own staff: support looks into a tenant for a reason, sees content while it may, and is seen doing so."""

import re

import pytest
from playwright.async_api import expect

from tests.page.conftest import NewVisitor
from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow

REASON = "Ticket 4711: messages arrive late"


@pytest.fixture
async def support(new_visitor: NewVisitor) -> Visitor:
    """Somebody of ISV support, in no tenant."""
    visitor = await new_visitor()
    await visitor.sign_in_as_staff("ISV_SUPPORT")
    return visitor


async def test_support_looks_into_a_tenant_which_lets_it_see_content_and_sees_it(
    visitor: Visitor, support: Visitor
) -> None:
    await _send_to_alice(visitor)
    page, owner = support.page, visitor.page
    await _open_session(support)
    banner = page.get_by_role("region", name="Support session")
    await expect(banner).to_contain_text("Support session in Freestyle Falcons until")
    await expect(banner).to_contain_text(REASON)
    await expect(banner).to_contain_text("Texts and full numbers are hidden")
    row = support.row("+1••••••••00").first
    await expect(row).to_contain_text("Delivered")
    await expect(page.get_by_role("columnheader", name="Text")).to_have_count(0)
    assert await _rooms(support) == ["Messages", "Usage", "Alerts", "Numbers", "Settings", "Tenants"]

    await visitor.open("/security/support")
    session = owner.get_by_role("table", name="Support sessions").get_by_role("row").filter(has_text=REASON)
    await expect(session).to_contain_text("saw no content")
    await expect(session).to_contain_text("Open until")
    await owner.get_by_role("button", name="Let support see content").click()
    await expect(owner.get_by_text("Support may see content until")).to_be_visible()
    await page.reload()
    await expect(banner).to_contain_text("It lets support see texts and full numbers")
    await expect(row).to_contain_text("Hi Alice Adler, your board was last serviced")

    await owner.get_by_role("button", name="Take it back").click()
    await expect(owner.get_by_role("button", name="Let support see content")).to_be_visible()
    await page.reload()
    await expect(banner).to_contain_text("Texts and full numbers are hidden")
    await expect(page.get_by_role("columnheader", name="Text")).to_have_count(0)

    await banner.get_by_role("button", name="End session").click()
    await page.get_by_role("dialog").get_by_role("button", name="End session").click()
    await expect(page.get_by_role("heading", name="Tenants")).to_be_visible()
    await expect(banner).to_have_count(0)
    await owner.reload()
    await expect(session).to_contain_text(re.compile(r"[1-9]\d* times"))
    await expect(session).to_contain_text("could see content")
    await expect(session).not_to_contain_text("Open until")
    await owner.get_by_role("tab", name="Activity").click()
    await owner.get_by_label("Who").select_option("Our support")
    activity = owner.get_by_role("table", name="Activity")
    await expect(activity).to_contain_text("Opened a support session")
    await expect(visitor.row("Looked at messages").first).to_contain_text("Iris Support")
    await expect(activity).not_to_contain_text("Finn Frey")


async def test_support_without_a_session_reaches_no_tenant_s_view_by_address(support: Visitor) -> None:
    await support.open("/messages")
    await expect(support.page.get_by_text("Not part of your role")).to_be_visible()
    assert await _rooms(support) == ["Tenants"]


async def test_the_operator_sees_each_tenant_with_its_plan_and_opens_none(visitor: Visitor) -> None:
    await visitor.sign_in_as_staff("ISV_OPERATOR")
    row = visitor.row("Falcon Flights")
    await expect(row).to_contain_text("Silver")
    await expect(row).to_contain_text(re.compile(r"\d+ of 250 messages left today"))
    await expect(row).to_contain_text(re.compile(r"\d+ messages?$"))
    await expect(visitor.page.get_by_role("button", name="Open session")).to_have_count(0)
    await visitor.page.get_by_text("Suspended", exact=True).click()
    await expect(visitor.page.get_by_text("No tenant matches")).to_be_visible()


async def test_the_operator_sees_what_all_tenants_and_each_plan_bring_in(visitor: Visitor) -> None:
    await visitor.sign_in_as_staff("ISV_OPERATOR")
    page = visitor.page
    await page.get_by_role("link", name="Economics").click()
    await expect(page.get_by_text("Cost of goods sold")).to_be_visible()
    silver = page.get_by_role("table", name=re.compile("^Margin of Silver"))
    await expect(silver.get_by_role("rowheader")).to_have_text(["At full use", "Last month", "This month"])
    await page.set_viewport_size({"width": 360, "height": 740})
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def _send_to_alice(visitor: Visitor) -> None:
    await visitor.sign_in(tenant="Freestyle Falcons")
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Alice Adler")
    await visitor.send("Send to 1 person")
    await visitor.becomes("Alice Adler", "DELIVERED")


async def _open_session(support: Visitor) -> None:
    """Find the tenant, be refused without a proper reason, and go in with one."""
    page = support.page
    await page.get_by_label("Search tenants").fill("Freestyle")
    await expect(support.row("Falcon Flights")).to_have_count(0)
    await page.get_by_role("button", name="Open session in Freestyle Falcons").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Reason").fill("?")
    await dialog.get_by_role("button", name="Open session").click()
    await expect(dialog).to_contain_text("Say why in 5 to 500 characters")
    await dialog.get_by_label("Reason").fill(REASON)
    await dialog.get_by_role("button", name="Open session").click()


async def _rooms(visitor: Visitor) -> list[str]:
    return await visitor.page.get_by_role("navigation", name="Main").get_by_role("link").all_inner_texts()
