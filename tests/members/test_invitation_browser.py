"""The page of an invitation in a real browser: without JavaScript, on a small phone, and with axe-core's eyes."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ViewportSize, async_playwright, expect

from tests.axe import violations
from tests.members.team import Team, person
from tests.product import PASSWORD, Product

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")]
BEA = "bea@example.com"
NEW = "correct horse battery"
SMALL: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_a_new_person_joins_with_the_keyboard_alone(product: Product, falcon: Team, browser: Browser) -> None:
    page = await (await browser.new_context(java_script_enabled=False, viewport=SMALL)).new_page()
    await page.goto(f"{product.url}/invitation?token={await falcon.invite(BEA)}")
    await expect(page.get_by_label("Your name")).to_be_focused()
    await page.keyboard.type("Bea Blum")
    await page.keyboard.press("Tab")
    await page.keyboard.type("bea@example.com")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("your e-mail address")
    await expect(page.get_by_label("Your name")).to_have_value("Bea Blum")
    await page.get_by_label("A new password").fill(NEW)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{product.url}/")
    assert (await falcon.roles())[BEA] == "DEVELOPER"


async def test_a_person_with_an_account_signs_in_on_the_way(product: Product, falcon: Team, browser: Browser) -> None:
    await person(product, BEA)
    token = await falcon.invite(BEA)
    page = await (await browser.new_context(java_script_enabled=False, viewport=SMALL)).new_page()
    await page.goto(f"{product.url}/invitation?token={token}")
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_label("E-mail address").fill(BEA)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("button", name="Join Falcon Flights").click()
    await page.wait_for_url(f"{product.url}/")
    assert (await falcon.roles())[BEA] == "DEVELOPER"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_state_of_the_page_is_accessible(
    scheme: str, product: Product, falcon: Team, browser: Browser
) -> None:
    options = {"color_scheme": scheme, "viewport": SMALL, "bypass_csp": True}
    page = await (await browser.new_context(**options)).new_page()  # type: ignore[arg-type]  # Playwright's own names
    found, widths = [], []

    async def look() -> None:
        found.extend(await violations(page))
        widths.append(await page.evaluate("document.documentElement.scrollWidth"))

    address = f"{product.url}/invitation?token={await falcon.invite(BEA)}"
    await page.goto(address)  # a new person
    await look()
    await page.get_by_label("Your name").fill("Bea Blum")
    await page.get_by_label("A new password").fill(BEA)
    await page.get_by_role("button", name="Create the account").click()  # an error
    await look()
    await person(product, BEA)
    await page.goto(address)  # somebody with an account
    await look()
    await page.get_by_role("link", name="Sign in").click()
    await page.get_by_label("E-mail address").fill(BEA)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("button", name="Join")).to_be_visible()  # signed in
    await look()
    await page.goto(f"{product.url}/invitation?token={await falcon.invite('carl@example.com')}")  # somebody else
    await look()
    await page.goto(f"{product.url}/invitation?token=x")  # not valid
    await look()
    assert found == []
    assert widths == [SMALL["width"]] * 6
