"""Signing in with a real browser, without JavaScript: what it sends, and what it does with the cookie."""

import shutil
from uuid import UUID

import pytest
from playwright.async_api import async_playwright, expect

from auth.permissions import TenantRole
from tests.auth.house import PASSWORD, House

CHROMIUM = shutil.which("chromium")


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs the system's Chromium")
async def test_a_browser_signs_in_keeps_the_session_and_signs_out(house: House, falcon: UUID) -> None:
    olga = await house.person("olga@example.com", roles={falcon: TenantRole.OWNER})
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
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
        await browser.close()
