"""Signing in with a real browser: without JavaScript, and with a passkey of a virtual authenticator."""

import shutil
from collections.abc import AsyncIterator
from uuid import UUID

import pyotp
import pytest
from playwright.async_api import Browser, Page, async_playwright, expect

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from tests.auth.house import PASSWORD, House

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def _type_password(page: Page, email: str) -> None:
    await page.get_by_label("E-mail address").fill(email)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()


async def test_a_browser_signs_in_keeps_the_session_and_signs_out(house: House, falcon: UUID, browser: Browser) -> None:
    olga = await house.person("olga@example.com", roles={falcon: TenantRole.OWNER})
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{house.public_url}/sign-in?return_to=/page")
    await expect(page.get_by_label("E-mail address")).to_be_focused()
    await page.keyboard.type("olga@example.com")
    await page.get_by_label("Password").fill("wrong")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("E-mail address or password is wrong.")
    await expect(page.get_by_label("E-mail address")).to_have_value("olga@example.com")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(f"{house.public_url}/page")
    assert await page.inner_text("body") == f"member:{olga}"
    await page.reload()
    assert await page.inner_text("body") == f"member:{olga}"
    await page.set_content(f'<form method="post" action="{house.public_url}/sign-out"><button>out</button></form>')
    await page.get_by_role("button").click()
    await page.wait_for_url(f"{house.public_url}/sign-in")
    await page.goto(f"{house.public_url}/page")
    assert await page.inner_text("body") == "nobody"


async def test_an_app_is_set_up_and_used_without_javascript(house: House, browser: Browser) -> None:
    sam = await house.person("sam@example.com", staff_role=StaffRole.ISV_SUPPORT)
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{house.public_url}/sign-in?return_to=/page")
    await _type_password(page, "sam@example.com")
    await expect(page.get_by_role("img", name="QR code")).to_be_visible()
    secret = await page.locator("code.secret").inner_text()
    await page.get_by_label("The code that the app shows now").fill(pyotp.TOTP(secret).at(house.clock.now()))
    await page.get_by_role("button", name="Confirm and sign in").click()
    await expect(page.get_by_role("listitem")).to_have_count(10)
    code = await page.get_by_role("listitem").first.inner_text()
    await page.get_by_role("link", name="go on").click()
    assert await page.inner_text("body") == f"isv_support:{sam}"
    await page.context.clear_cookies()
    await page.goto(f"{house.public_url}/sign-in?return_to=/page")
    await _type_password(page, "sam@example.com")
    await page.get_by_text("Use a recovery code").click()
    await page.get_by_label("Recovery code").fill(code)
    await page.get_by_role("button", name="Sign in with the recovery code").click()
    assert await page.inner_text("body") == f"isv_support:{sam}"


async def test_a_passkey_is_registered_and_used(house: House, browser: Browser) -> None:
    sam = await house.person("sam@example.com", staff_role=StaffRole.ISV_OPERATOR)
    page = await (await browser.new_context()).new_page()
    await _plug_in_an_authenticator(page)
    await page.goto(f"{house.public_url}/sign-in?return_to=/page")
    await _type_password(page, "sam@example.com")
    await page.get_by_label("A name for the passkey").fill("Key of the tests")
    await page.get_by_role("button", name="Add a passkey and sign in").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    for uses in (1, 2):
        await page.context.clear_cookies()
        await page.goto(f"{house.public_url}/sign-in?return_to=/page")
        await _type_password(page, "sam@example.com")
        await page.get_by_role("button", name="Use a passkey").click()
        await page.wait_for_url(f"{house.public_url}/page")
        assert await page.inner_text("body") == f"isv_operator:{sam}"
        async with house.database.as_role(DatabaseRole.AUTH) as tx:
            row = await tx.row("SELECT name, last_used_at, sign_count FROM passkey")
        assert row is not None
        assert tuple(row) == ("Key of the tests", house.clock.now(), uses + 1)


async def _plug_in_an_authenticator(page: Page) -> None:
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
