"""An endpoint is made in the page, tested, rotated, disabled and deleted; an address inside is refused."""

import re

import pytest
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from tests.page.visitor import Visitor
from tests.serving import free_port, serving
from tests.waiting import until

pytestmark = pytest.mark.slow

INSIDE = "https://10.0.0.1/portal"


async def test_an_endpoint_is_made_tested_rotated_disabled_and_deleted(visitor: Visitor) -> None:
    page = visitor.page
    dialog = page.get_by_role("dialog")
    listening = free_port()
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/portal"
    received: list[bytes] = []

    async def receive(request: Request) -> Response:
        received.append(await request.body())
        return PlainTextResponse("taken")

    async with serving(Starlette(routes=[Route("/portal", receive, methods=["POST"])]), listening):
        await visitor.sign_in("DEVELOPER", path="/webhooks")
        secret = await _made(page, url)
        card = page.get_by_role("article", name=url)
        await expect(card.get_by_role("list", name="Events")).to_have_text("Message status")
        assert secret not in await page.content()
        await card.get_by_role("button", name="Send a test").click()
        await until(lambda: len(received) == 1, seconds=30)
    await page.get_by_role("tab", name="Deliveries").click()
    row = visitor.row(url).filter(has_text="Test")
    await expect(row).to_have_count(1)
    await row.get_by_role("button", name="Test").click()
    drawer = page.get_by_role("dialog", name="Delivery")
    await expect(drawer.get_by_role("group", name="Request").locator("pre")).to_have_text(received[0].decode())
    await drawer.get_by_role("button", name="Read again").click()
    await expect(drawer.get_by_role("status")).to_have_text("Delivered")
    await expect(drawer.get_by_role("group", name="Response")).to_contain_text("taken")
    await page.keyboard.press("Escape")

    await page.get_by_role("tab", name="Endpoints").click()
    await card.get_by_role("button", name="New secret").click()
    await dialog.get_by_role("button", name="Make a new secret").click()
    newer = await _shown(dialog)
    assert newer != secret
    await expect(card).to_contain_text("the old one until")
    await card.get_by_role("button", name="Disable").click()
    await expect(card).to_contain_text("A member disabled it")
    await card.get_by_role("button", name="Enable").click()
    await expect(card).not_to_contain_text("A member disabled it")
    await card.get_by_role("button", name="Delete").click()
    await dialog.get_by_role("button", name="Delete").click()
    await expect(card).to_have_count(0)


async def _made(page: Page, url: str) -> str:
    """Make an endpoint, at first where none may be; its secret."""
    await page.get_by_role("button", name="New endpoint").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Address").fill(INSIDE)
    await dialog.get_by_label("Message status").check()
    await dialog.get_by_role("button", name="Add endpoint").click()
    await expect(dialog.get_by_label("Address")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Address").fill(url)
    await dialog.get_by_role("button", name="Add endpoint").click()
    return await _shown(dialog)


async def _shown(dialog: Locator) -> str:
    secret = await dialog.get_by_role("group", name="Signing secret").locator("pre").inner_text()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/=]+", secret)
    await dialog.get_by_role("button", name="I have saved it").click()
    return secret
