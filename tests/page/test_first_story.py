"""Sign in, choose a template, add a contact, see the estimate, send, see it arrive."""

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow

PICTURE = os.environ.get("PORTAL_PICTURE")  # where to put the picture for the README, when one is wanted
FOREIGN = re.compile(r"twilio|\b(AC|SM|MM|MG|PN|SK)[0-9a-f]{32}\b", re.IGNORECASE)


async def test_the_owner_sends_to_a_new_contact_and_sees_it_delivered_without_reloading(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in()
    await _mark(page)
    await visitor.choose_template("Ready for pick-up")
    await page.get_by_role("button", name="New contact").click()
    dialog = page.get_by_role("dialog", name="New contact")
    await dialog.get_by_label("Name", exact=True).fill("Vera Vogel")
    await dialog.get_by_label("Mobile number").fill("+1 202 555 0181")
    await dialog.get_by_role("button", name="Add contact").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_label("Time").fill("7 pm")
    preview = page.get_by_test_id("preview")
    await expect(preview).to_have_text(re.compile(r"^Hi Vera Vogel, your .+ is ready! .+ until 7 pm\. Reply STOP"))
    await expect(page.get_by_test_id("recipients")).to_have_text("1 person")
    await expect(page.get_by_test_id("length")).to_contain_text("1 segment")
    await expect(page.get_by_test_id("allowance-after")).to_have_text(re.compile(r"^\d+ of 250 messages left today$"))
    if PICTURE is not None:
        await page.set_viewport_size({"width": 1280, "height": 1000})
        await page.get_by_role("alert").get_by_role("button").click()
        await page.evaluate("window.scrollTo(0, 0)")
        await page.screenshot(path=PICTURE, animations="disabled")
    await visitor.send("Send to 1 person")
    await visitor.becomes("Vera Vogel", "DELIVERED")
    await expect(page.get_by_role("status").filter(has_text="Delivered")).to_have_text("Delivered")
    assert await page.evaluate("window.notReloaded") is True
    await page.get_by_role("link", name="Vera Vogel").click()
    drawer = page.get_by_role("dialog", name="Message")
    for step in ("Queued", "Sending", "Sent", "Delivered"):
        await expect(drawer.get_by_text(step, exact=True).last).to_be_visible()
    assert await page.evaluate("window.notReloaded") is True


async def test_what_did_not_arrive_says_why_and_what_to_do(visitor: Visitor) -> None:
    await visitor.sign_in()
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Uma Unreachable", "Olga Optedout", "Chloe Dubois")
    await expect(visitor.page.get_by_test_id("recipients")).to_have_text(re.compile(r"people$"))
    await visitor.page.get_by_role("button", name=re.compile(r"^Send to")).click()
    await visitor.becomes("Uma Unreachable", "UNDELIVERED")
    await visitor.becomes("Chloe Dubois", "DELIVERED")
    row = visitor.row("Uma Unreachable")
    await expect(row).to_contain_text("The phone could not be reached")
    await expect(row).to_contain_text("Try again later")
    await expect(visitor.page.get_by_text("has asked not to receive messages from you")).to_be_visible()
    assert not FOREIGN.search(await visitor.page.content())


async def test_a_number_that_is_none_is_refused_at_its_field_and_nothing_is_added(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(path="/contacts")
    await page.get_by_role("button", name="New contact").click()
    dialog = page.get_by_role("dialog", name="New contact")
    await dialog.get_by_label("Name", exact=True).fill("Nemo Nowhere")
    await dialog.get_by_label("Mobile number").fill("12")
    await dialog.get_by_role("button", name="Add contact").click()
    number = dialog.get_by_label("Mobile number")
    await expect(number).to_have_attribute("aria-invalid", "true")
    await expect(dialog).to_contain_text(re.compile("number", re.IGNORECASE))
    await dialog.get_by_role("button", name="Cancel").click()
    await page.get_by_label("Search contacts").fill("Nemo Nowhere")
    await expect(page.get_by_text("Nobody matches “Nemo Nowhere”")).to_be_visible()


async def test_the_files_of_the_page_name_no_provider() -> None:
    dist = Path(__file__).parents[2] / "frontend-stub" / "dist"
    files = [dist / "index.html", *dist.glob("assets/*.js"), *dist.glob("assets/*.css")]
    assert [file.name for file in files if FOREIGN.search(file.read_text(errors="replace"))] == []


async def _mark(page: Page) -> None:
    """What a reload would lose."""
    await page.evaluate("window.notReloaded = true")
