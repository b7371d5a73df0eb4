"""What a role may not do is not offered, and its data is not even asked for."""

import pytest
from playwright.async_api import Route, expect

from tests.page.visitor import Visitor, operation_of

pytestmark = pytest.mark.slow

ROOMS = (
    *("Send", "Inbox", "Messages", "Contacts", "Templates", "Usage", "Alerts"),
    *("Plan", "Billing", "Numbers", "Team", "API clients", "Webhooks", "Security", "Settings"),
)
OPEN = {
    "OWNER": ROOMS,
    "ADMINISTRATOR": ROOMS,
    "DEVELOPER": tuple(room for room in ROOMS if room not in {"Billing", "Team", "Security"}),
    "BILLING_MANAGER": ("Messages", "Usage", "Alerts", "Plan", "Billing", "Settings"),
    "SUPPORT": ("Messages", "Usage", "Alerts", "Settings"),
}


@pytest.mark.parametrize("role", OPEN)
async def test_the_navigation_opens_what_the_role_includes(visitor: Visitor, role: str) -> None:
    await visitor.sign_in(role)
    navigation = visitor.page.get_by_role("navigation", name="Main")
    links = await navigation.get_by_role("link").all_inner_texts()
    assert tuple(link.partition("\n")[0] for link in links) == OPEN[role]
    locked = [room for room in ROOMS if room not in OPEN[role]]
    for room in locked:
        button = navigation.get_by_role("button", name=room)
        await expect(button).to_have_attribute("aria-disabled", "true")
    await expect(navigation.get_by_role("link", name=OPEN[role][0])).to_have_attribute("aria-current", "page")


async def test_support_reads_the_log_without_texts_and_reaches_no_contacts_by_address(visitor: Visitor) -> None:
    asked: list[str] = []

    async def note(route: Route) -> None:
        asked.append(operation_of(route)["query"])
        await route.continue_()

    await visitor.page.route("**/graphql", note)
    await visitor.sign_in("SUPPORT", path="/contacts")
    await expect(visitor.page.get_by_text("Not part of your role").last).to_be_visible()
    assert any("query Viewer" in query for query in asked)
    assert not any("query Contacts" in query for query in asked)
    await visitor.page.get_by_role("link", name="Messages").click()
    await expect(visitor.page.get_by_role("heading", name="Messages", exact=True)).to_be_visible()
    await expect(visitor.page.get_by_role("columnheader", name="Text")).to_have_count(0)


async def test_a_deep_link_leads_through_sign_in_and_back_and_sign_out_ends_it(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(path="/messages?status=delivered")
    assert page.url == f"{visitor.portal.url}/messages?status=delivered"
    await page.get_by_role("button", name="Account of").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.wait_for_url("**/sign-in*")
    await visitor.open("/messages")
    await page.wait_for_url("**/sign-in?return_to=%2Fmessages")


@pytest.mark.parametrize("role", ["SUPPORT", "BILLING_MANAGER"])
async def test_a_role_without_content_reaches_no_conversation_and_changes_neither_alerts_nor_settings(
    visitor: Visitor, role: str
) -> None:
    asked: list[str] = []

    async def note(route: Route) -> None:
        asked.append(operation_of(route)["query"])
        await route.continue_()

    page = visitor.page
    await page.route("**/graphql", note)
    await visitor.sign_in(role, path="/inbox")
    await expect(page.get_by_text("Not part of your role").last).to_be_visible()
    await page.get_by_role("link", name="Settings").click()
    await expect(page.get_by_label("When somebody writes HELP")).not_to_be_editable()
    await expect(page.get_by_role("button", name="Save")).to_have_count(0)
    await page.get_by_role("link", name="Alerts").click()
    await page.get_by_role("tab", name="Who is told").click()
    await expect(page.get_by_role("checkbox", name="Delivery: E-mail")).to_be_disabled()
    assert not any("onversation" in query for query in asked)
