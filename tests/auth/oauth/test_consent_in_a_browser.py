"""The consent with a real browser: its policy lets the answer through to the application, and everybody can read it."""

import shutil
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from auth.permissions import Permission, TenantRole
from tests.auth.house import PASSWORD, House
from tests.auth.oauth.third_party import STATE, ThirdParty, register
from tests.axe import violations

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")]
EMAIL = "dora@example.com"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def application(house: House, falcon: UUID) -> ThirdParty:
    """An application that listens on this machine: the house itself stands in for its listener."""
    await house.person(EMAIL, roles={falcon: TenantRole.DEVELOPER})
    port = urlsplit(house.public_url).port
    application = await register(
        house, Permission.CONTACTS_READ, Permission.USAGE_READ, redirect_uri="http://127.0.0.1/page"
    )
    application.redirect_uri = f"http://127.0.0.1:{port}/page"
    return application


async def _to_the_question(application: ThirdParty, page: Page) -> None:
    await page.goto(f"{application.house.public_url}/oauth/authorize?{urlencode(application.request())}")
    await page.get_by_label("E-mail address").fill(EMAIL)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("heading", name="Allow Booking helper?")).to_be_visible()


@pytest.mark.parametrize(("button", "told"), [("Allow", "code"), ("Do not allow", "error")])
async def test_the_answer_reaches_the_application_without_javascript(
    application: ThirdParty, browser: Browser, button: str, told: str
) -> None:
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await _to_the_question(application, page)
    await page.get_by_role("button", name=button, exact=True).focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{application.redirect_uri}?*")
    found = {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}
    assert found["state"] == STATE
    assert found["iss"] == application.house.public_url
    assert found.get("error") == (None if told == "code" else "access_denied")
    if told == "code":
        answer = await application.exchange(found["code"])
        assert answer.status_code == 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_are_accessible_and_fit_a_phone(application: ThirdParty, browser: Browser, scheme: str) -> None:
    size = {"width": 360, "height": 740}
    context = await browser.new_context(bypass_csp=True, viewport=size, color_scheme=scheme)  # type: ignore[arg-type]  # both are schemes
    page = await context.new_page()
    await _to_the_question(application, page)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    await page.goto(f"{application.house.public_url}/oauth/authorize?client_id=app_unknown")
    await expect(page.get_by_role("alert")).to_contain_text("Nothing was allowed.")
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
