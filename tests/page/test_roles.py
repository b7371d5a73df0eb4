"""What a role may not do is not offered, and its data is not even asked for."""

import pytest
from playwright.async_api import Route, expect

from tests.page.visitor import Visitor, operation_of

pytestmark = pytest.mark.slow

ROOMS = ("Send", "Messages", "Contacts", "Templates", "Usage", "Team", "API clients", "Security")
OPEN = {
    "OWNER": ROOMS,
    "ADMINISTRATOR": ROOMS,
    "DEVELOPER": tuple(room for room in ROOMS if room not in {"Team", "Security"}),
    "BILLING_MANAGER": ("Messages", "Usage"),
    "SUPPORT": ("Messages", "Usage"),
}


@pytest.mark.parametrize("role", OPEN)
async def test_the_navigation_opens_what_the_role_includes(visitor: Visitor, role: str) -> None:
    await visitor.sign_in(role)
    navigation = visitor.page.get_by_role("navigation", name="Main")
    assert tuple(await navigation.get_by_role("link").all_inner_texts()) == OPEN[role]
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
