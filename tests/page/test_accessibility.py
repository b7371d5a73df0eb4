"""Every view passes axe-core, in the light, in the dark and on a small phone."""

from typing import Any

import pyotp
import pytest
from playwright.async_api import expect

from tests.axe import violations
from tests.page.carrier import Carrier
from tests.page.conftest import NewVisitor
from tests.page.visitor import Visitor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # axe-core takes its time on a busy machine

VIEWS = (
    "/",
    "/inbox",
    "/messages",
    "/messages/calls",
    "/contacts",
    "/contacts/tags",
    "/contacts/imports",
    "/contacts/erasures",
    "/contacts/opted-out",
    "/templates",
    "/usage",
    "/alerts",
    "/alerts/rules",
    "/alerts/pauses",
    "/plan",
    "/billing",
    "/billing/credits",
    "/billing/cap",
    "/numbers",
    "/team",
    "/api-clients",
    "/security",
    "/security/support",
    "/webhooks",
    "/webhooks/deliveries",
    "/settings",
)
OF_THE_OPERATOR = (
    *("/tenants", "/catalogue", "/catalogue/new", "/rate-card", "/invoicing"),
    *("/reconciliation", "/reconciliation/margins", "/economics"),
)
DIALOGS = (
    ("/", "New contact"),
    ("/contacts", "New contact"),
    ("/contacts", "Import"),
    ("/templates", "New template"),
    ("/templates", "Preview Service reminder"),
    ("/plan", "Choose Gold"),
    ("/numbers", "Set up"),
    ("/messages/calls", "Call somebody"),
    ("/team", "Invite a colleague"),
    ("/team", "Hand over ownership"),
    ("/api-clients", "New API client"),
    ("/webhooks", "New endpoint"),
    ("/webhooks/deliveries", "Send a range again"),
    ("/contacts/opted-out", "Add a number"),
    ("/contacts/opted-out", "Import numbers"),
)
DIALOGS_OF_THE_OPERATOR = (("/rate-card", "Publish a rate card"), ("/invoicing", "Make invoices"))
DIALOGS_OF_A_TENANT = ("Set the credit limit", "Assign a plan", "Make an exception")
OUTSIDE = (
    "/password/forgotten",
    "/password/reset?token=x",
    "/email/verify?token=x",
    "/sign-in?notice=password",
    "/invitation?token=x",
)
SCREENS: dict[str, dict[str, Any]] = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 360, "height": 740}},
}


@pytest.fixture(params=SCREENS)
async def guest(new_visitor: NewVisitor, request: pytest.FixtureRequest) -> Visitor:
    """A visitor with each kind of screen; the page's own policy would keep axe-core out."""
    return await new_visitor(**SCREENS[request.param], bypass_csp=True, reduced_motion="reduce")


async def test_every_view_is_accessible(guest: Visitor) -> None:
    await guest.sign_in()
    found = []
    for view in VIEWS:
        await guest.open(view)
        await guest.page.wait_for_load_state("networkidle")
        await expect(guest.page.get_by_role("heading", level=1)).to_be_visible()
        found += [f"{view}: {each}" for each in await violations(guest.page)]
    assert found == []


async def test_every_dialog_is_accessible(guest: Visitor) -> None:
    await guest.sign_in()
    found = []
    for view, button in DIALOGS:
        await guest.open(view)
        await guest.page.get_by_role("button", name=button).click()
        await expect(guest.page.get_by_role("dialog")).to_be_visible()
        found += [f"{view}: {each}" for each in await violations(guest.page)]
    assert found == []


async def test_the_staff_s_views_are_accessible_and_no_wider_than_the_screen(guest: Visitor) -> None:
    page = guest.page
    await guest.sign_in_as_staff("ISV_SUPPORT", "/tenants")
    await expect(guest.row("Freestyle Falcons")).to_be_visible()
    found = await violations(page)
    await page.get_by_role("button", name="Open session in Falcon Flights").click()
    await page.get_by_role("dialog").get_by_label("Reason").fill("How it looks")
    found += await violations(page)
    await page.get_by_role("dialog").get_by_role("button", name="Open session").click()
    await expect(page.get_by_role("region", name="Support session")).to_be_visible()
    await page.wait_for_load_state("networkidle")
    found += await violations(page)
    width, screen = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    await page.get_by_role("button", name="End session").click()
    await page.get_by_role("dialog").get_by_role("button", name="End session").click()
    await expect(page.get_by_role("heading", name="Tenants")).to_be_visible()
    assert (found, width) == ([], screen)


async def test_the_operator_s_views_are_accessible_and_no_wider_than_the_screen(guest: Visitor) -> None:
    page = guest.page
    await guest.sign_in_as_staff("ISV_OPERATOR")
    found, widths = [], {}
    for view in OF_THE_OPERATOR:
        await guest.open(view)
        await page.wait_for_load_state("networkidle")
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
        found += [f"{view}: {each}" for each in await violations(page)]
        widths[view] = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    for view, button in DIALOGS_OF_THE_OPERATOR:
        await guest.open(view)
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        found += [f"{view}, {button}: {each}" for each in await violations(page)]
    assert (found, widths) == ([], dict.fromkeys(OF_THE_OPERATOR, 0))


async def test_a_tenant_s_view_and_dialogs_are_accessible_and_no_wider_than_the_screen(guest: Visitor) -> None:
    page = guest.page
    await guest.sign_in_as_staff("ISV_OPERATOR", "/tenants")
    await page.get_by_role("link", name="Harrier Runners").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Harrier Runners")
    await page.wait_for_load_state("networkidle")
    found = await violations(page)
    width = await page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    for button in DIALOGS_OF_A_TENANT:
        await page.get_by_role("button", name=button).click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        found += [f"{button}: {each}" for each in await violations(page)]
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
    assert (found, width) == ([], 0)


async def test_what_became_of_a_send_is_accessible(guest: Visitor) -> None:
    await guest.sign_in()
    await guest.choose_template("Service reminder")
    await guest.choose_contacts("Ben Castillo", "Fred Filtered")
    await guest.send("Send to 2 people")
    await guest.becomes("Fred Filtered", "UNDELIVERED")
    await guest.becomes("Ben Castillo", "DELIVERED")
    found = await violations(guest.page)
    await guest.page.get_by_role("link", name="Fred Filtered").click()
    await expect(
        guest.page.get_by_role("dialog", name="Message").get_by_role("heading", name="Its way")
    ).to_be_visible()
    assert found + await violations(guest.page) == []


async def test_a_conversation_and_an_alert_are_accessible_and_no_wider_than_the_screen(guest: Visitor) -> None:
    carrier = await Carrier.of(guest.portal, "falcon-flights")
    await carrier.write("+12025550155", "Are you open on Sunday?")
    await carrier.write("+12025550156", "STOP")
    await carrier.report("30007")
    page = guest.page
    await guest.sign_in(path="/inbox")
    found = []
    for number in ("+12025550155", "+12025550156"):
        await guest.open("/inbox")
        await page.get_by_role("list", name="Conversations").get_by_role("link").filter(has_text=number).click()
        await expect(page.get_by_role("region", name=f"Messages with {number}")).to_be_visible()
        found += await violations(page)
    await guest.open("/alerts")
    await expect(page.get_by_role("article").first).to_be_visible()
    found += await violations(page)
    width, screen = await page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert (found, width) == ([], screen)


async def test_every_page_of_signing_in_is_accessible(guest: Visitor) -> None:
    found = []
    for path in OUTSIDE:
        await guest.open(path)
        found += [f"{path}: {each}" for each in await violations(guest.page)]
    await guest.open("/sign-in")
    await guest.type_password("ISV_SUPPORT", None)
    await expect(guest.page.get_by_label("Code of your authenticator app")).to_be_visible()
    await guest.page.get_by_text("Use a recovery code").click()
    found += await violations(guest.page)
    await guest.page.get_by_label("Code of your authenticator app").fill("000 000")
    await guest.page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(guest.page.get_by_role("alert")).to_be_visible()
    assert found + await violations(guest.page) == []


async def test_every_page_of_the_account_is_accessible(guest: Visitor) -> None:
    page = guest.page
    await guest.sign_in("BILLING_MANAGER", "Freestyle Falcons")
    found = []
    for path in ("/account", "/account/confirm", "/account/second-factor"):
        await guest.open(path)
        found += [f"{path}: {each}" for each in await violations(page)]
    secret = await page.locator("code.secret").inner_text()
    await page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(secret).now())
    await page.get_by_role("button", name="Confirm the app").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    found += await violations(page)
    await page.get_by_role("link", name="go on").click()
    found += await violations(page)
    await page.get_by_role("button", name="Remove the authenticator app").click()
    await expect(page.get_by_role("status")).to_have_text("Your second factors are changed.")
    assert found + await violations(page) == []


async def test_no_page_outside_the_views_is_wider_than_a_small_phone(new_visitor: NewVisitor) -> None:
    guest = await new_visitor(**SCREENS["phone"])
    widths = {}
    for path in OUTSIDE:
        await guest.open(path)
        widths[path] = await guest.page.evaluate("document.documentElement.scrollWidth")
    await guest.sign_in()
    for path in ("/account", "/account/second-factor"):
        await guest.open(path)
        widths[path] = await guest.page.evaluate("document.documentElement.scrollWidth")
    assert widths == dict.fromkeys(widths, 360)


async def test_no_view_is_wider_than_a_small_phone(new_visitor: NewVisitor) -> None:
    guest = await new_visitor(**SCREENS["phone"])
    await guest.sign_in()
    widths = {}
    for view in VIEWS:
        await guest.open(view)
        await guest.page.wait_for_load_state("networkidle")
        widths[view] = await guest.page.evaluate("document.documentElement.scrollWidth")
    assert widths == dict.fromkeys(VIEWS, 360)


async def test_a_message_is_sent_with_the_keyboard_alone(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons")
    await page.get_by_role("radio", name="Service reminder").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("combobox", name="Contacts").focus()
    await page.keyboard.type("Alice")
    await expect(page.get_by_role("option", name="Alice Adler")).to_be_visible()
    await expect(page.get_by_role("option", name="Ben Castillo")).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    send = page.get_by_role("button", name="Send to 1 person")
    await expect(send).to_be_enabled()
    for _ in range(30):
        await page.keyboard.press("Tab")
        if await send.evaluate("button => button === document.activeElement"):
            break
    await page.keyboard.press("Enter")
    await visitor.becomes("Alice Adler", "DELIVERED")
