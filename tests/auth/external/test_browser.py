"""Signing in at the real provider with a real browser, without JavaScript; and what axe-core says of the pages."""

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from auth.authentication import SESSION_COOKIE
from tests.auth.house import House

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).parents[3] / "frontend-stub" / "node_modules" / "axe-core" / "axe.min.js"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        await chromium.close()


async def test_bf_05_bf_06_from_the_button_to_the_page_with_nothing_but_a_session(
    house: House, chromium: Browser
) -> None:
    context = await chromium.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{house.public_url}/sign-in?return_to=/page")
    await page.get_by_role("button", name="Sign in with Falcon ID").click()
    await page.get_by_label("Subject").fill("olga-in-a-browser")
    await page.get_by_label("E-mail").fill("olga@example.com")
    await page.get_by_label("Verified").fill("yes")
    await page.get_by_role("button", name="Continue").click()
    await page.wait_for_url(f"{house.public_url}/page")
    assert (await page.inner_text("body")).startswith("member:")
    kept = [cookie for cookie in await context.cookies() if cookie["domain"] == "localhost"]
    assert [cookie["name"] for cookie in kept] == [SESSION_COOKIE]
    assert [(cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) for cookie in kept] == [(True, True, "Lax")]
    assert (await context.storage_state())["origins"] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_its_pages_are_accessible_on_a_small_phone(house: House, chromium: Browser, scheme: str) -> None:
    context = await chromium.new_context(
        viewport={"width": 360, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
        bypass_csp=True,  # the page's own policy would keep axe-core out
    )
    page = await context.new_page()
    await page.route("**/sign-in/external", _stay)
    await page.goto(f"{house.public_url}/sign-in?return_to=/page")
    await _passes(page, "Sign in")
    await page.get_by_role("button", name="Sign in with Falcon ID").click()
    await _passes(page, "On to Falcon ID")
    await page.goto(f"{house.public_url}/sign-in/external/callback?state=foreign")
    await expect(page.get_by_role("alert")).to_be_focused()
    await _passes(page, "Sign in")


async def _stay(route: Route) -> None:
    """The page that leads to the provider, without going there by itself."""
    answer = await route.fetch()
    headers = {name: value for name, value in answer.headers.items() if name != "refresh"}
    await route.fulfill(response=answer, headers=headers)


async def _passes(page: Page, heading: str) -> None:
    await expect(page.get_by_role("heading", level=1, name=heading, exact=True)).to_be_visible()
    await page.evaluate(AXE.read_text())
    assert await page.evaluate("axe.run().then(({ violations }) => violations.map(({ id }) => id))") == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
