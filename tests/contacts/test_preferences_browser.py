"""The page of preferences in a real browser: without JavaScript, on a small phone, and with axe-core's eyes."""

import shutil
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ViewportSize, async_playwright, expect

from auth.permissions import TenantRole
from portal.preferences.links import PreferenceLinks
from tests.axe import violations
from tests.contacts.test_preferences import SETTINGS
from tests.product import SECRET, Product

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")]
SMALL: ViewportSize = {"width": 360, "height": 740}


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def test_a_consumer_chooses_on_a_small_phone_and_every_state_is_accessible(
    product: Product, browser: Browser
) -> None:
    tenant = await product.tenant("Falcon Flights")
    owner = await product.member(tenant.id, TenantRole.OWNER)
    await owner.run(SETTINGS)
    link = PreferenceLinks(SECRET, product.url).to(tenant.id, "+12135550147")
    page = await (await browser.new_context(java_script_enabled=False, viewport=SMALL)).new_page()
    await page.goto(link)
    await page.get_by_label("Bookings").uncheck()
    await page.get_by_label("From").fill("21:00")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("both a beginning and an end")
    await expect(page.get_by_label("From")).to_have_value("21:00")
    await expect(page.get_by_label("Bookings")).not_to_be_checked()
    await page.get_by_label("Until").fill("08:00")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status")).to_contain_text("Saved.")
    await expect(page.get_by_label("Bookings")).not_to_be_checked()
    await expect(page.get_by_label("Offers")).to_be_checked()
    for scheme in ("light", "dark"):
        context = await browser.new_context(bypass_csp=True, color_scheme=scheme, viewport=SMALL)
        looked_at = await context.new_page()
        await looked_at.goto(f"{link}?saved")
        assert await violations(looked_at) == []
        assert await looked_at.evaluate("document.documentElement.scrollWidth") <= SMALL["width"]
