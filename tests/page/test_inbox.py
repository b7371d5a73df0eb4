"""What people write appears by itself, is answered, and a wish to hear nothing is kept."""

import secrets

import pytest
from playwright.async_api import Locator, expect

from tests.page.carrier import Carrier
from tests.page.visitor import SETTLED, Visitor

pytestmark = pytest.mark.slow


async def test_a_message_appears_with_a_badge_is_read_out_answered_and_its_sender_saved(visitor: Visitor) -> None:
    page, number, word = visitor.page, _number(), secrets.token_hex(4)
    carrier = await Carrier.of(visitor.portal, "freestyle-falcons")
    await visitor.sign_in(tenant="Freestyle Falcons")
    inbox = page.get_by_role("navigation", name="Main").get_by_role("link", name="Inbox")
    before = await _unread(inbox)
    await carrier.write(number, f"Are you open? {word}")
    await expect(inbox).to_contain_text(f"{before + 1} unread")
    await inbox.click()
    await page.get_by_role("link").filter(has_text=word).click()
    log = page.get_by_role("region", name=f"Messages with {number}")
    await expect(log.get_by_role("article", name=f"From {number}")).to_contain_text(word)
    await expect(inbox).not_to_contain_text(f"{before + 1} unread")  # opened is read
    await carrier.write(number, "Hello?")
    await expect(log.get_by_role("status")).to_have_text(f"{number} wrote: Hello?")

    await page.get_by_label(f"Answer to {number}").fill("Until six. 🙂")
    await expect(page.get_by_text("1 segment, special characters")).to_be_visible()
    await page.get_by_label(f"Answer to {number}").press("Control+Enter")
    answer = log.get_by_role("article", name=f"To {number}")
    await expect(answer).to_contain_text("Until six.")
    await expect(answer.locator('[data-status="DELIVERED"]')).to_be_visible(timeout=SETTLED)

    await page.get_by_role("button", name="Save contact").click()
    dialog = page.get_by_role("dialog", name="New contact")
    await expect(dialog.get_by_label("Mobile number")).to_have_value(number)
    await dialog.get_by_label("Name", exact=True).fill(f"Wanda {word}")
    await dialog.get_by_role("button", name="Add contact").click()
    await expect(page.get_by_role("heading", name=f"Wanda {word}")).to_be_visible()


async def test_somebody_who_writes_stop_is_shown_so_at_once_and_cannot_be_answered(visitor: Visitor) -> None:
    page, number = visitor.page, _number()
    carrier = await Carrier.of(visitor.portal, "freestyle-falcons")
    await carrier.write(number, "Who is this?")
    await visitor.sign_in(tenant="Freestyle Falcons", path="/inbox")
    await page.get_by_label("Search conversations").fill(number[-7:])
    await page.get_by_role("link").filter(has_text=number).click()
    answer = page.get_by_label(f"Answer to {number}")
    await expect(answer).to_be_visible()
    await carrier.write(number, "STOP")
    await expect(page.get_by_text(f"You cannot answer {number}")).to_be_visible()
    await expect(page.get_by_text("Only they can change that, by answering START")).to_be_visible()
    await expect(answer).to_have_count(0)
    await expect(page.get_by_text("Automatic answer")).to_be_visible()
    await page.get_by_role("link", name="Contacts").click()
    await page.get_by_role("tab", name="Opted out").click()
    row = page.get_by_role("row").filter(has_text=number[-2:]).filter(has_text="answered STOP")
    await expect(row.first).to_be_visible()
    await carrier.write(number, "START")
    await visitor.open("/inbox")
    await page.get_by_role("link").filter(has_text=number).click()
    await expect(answer).to_be_visible()


async def test_a_number_is_put_on_the_list_by_hand_and_one_that_is_none_is_not(visitor: Visitor) -> None:
    page, number = visitor.page, _number()
    await visitor.sign_in(tenant="Freestyle Falcons", path="/contacts/opted-out")
    await page.get_by_role("button", name="Add a number").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Mobile number").fill("12")
    await dialog.get_by_role("button", name="Send it nothing").click()
    await expect(dialog.get_by_label("Mobile number")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Mobile number").fill(number)
    await dialog.get_by_role("button", name="Send it nothing").click()
    await expect(dialog).to_be_hidden()
    row = page.get_by_role("table", name="Opted out").get_by_role("row").nth(1)
    await expect(row).to_contain_text(number[-2:])
    await expect(row).to_contain_text("entered by a colleague")


async def _unread(inbox: Locator) -> int:
    _, _, told = (await inbox.inner_text()).partition("\n")
    return int(told.split()[0]) if told else 0


def _number() -> str:
    """One that nobody in the demo has, and that gets what is sent to it."""
    return f"+1213555{secrets.randbelow(10_000):04}"
