"""A number is set up, somebody is called from it, and a forward that may not be is refused at its field."""

import re
import secrets

import pytest
from playwright.async_api import expect

from tests.page.visitor import SETTLED, Visitor

pytestmark = pytest.mark.slow


async def test_a_number_is_set_up_with_an_error_at_its_field_first_and_somebody_is_called_from_it(
    visitor: Visitor,
) -> None:
    page, word = visitor.page, secrets.token_hex(4)
    await visitor.sign_in(path="/numbers")
    number = page.get_by_role("article").filter(has_text="+14155550100")
    await expect(number).to_contain_text("Ready to send")
    pace = page.get_by_role("region", name="Pace of your plan")
    await expect(pace).to_contain_text(re.compile("12 *messages a second"))
    await number.get_by_role("button", name="Set up").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Label").fill(f"Shop {word}")
    await dialog.get_by_role("radio", name="Forward it").check()
    forward = dialog.get_by_label("Forward to")
    await forward.fill("+14155550100")
    await dialog.get_by_role("button", name="Save").click()
    await expect(forward).to_have_attribute("aria-invalid", "true")  # its own, which would ring for ever
    await forward.fill("+1 202 555 0101")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_have_count(0)
    await expect(number.get_by_role("heading")).to_have_text(f"Shop {word}")
    await expect(number).to_contain_text("Calls are forwarded to +12025550101.")

    await visitor.open("/messages/calls")
    await page.get_by_role("button", name="Call somebody").click()
    await dialog.get_by_label("Or a number").fill("+1 202 555 0100")
    await dialog.get_by_label("What is read out").fill(f"Your bike is ready. {word}")
    await dialog.get_by_role("button", name="Call", exact=True).click()
    await expect(dialog).to_have_count(0)
    call = visitor.row(word)
    await expect(call).to_contain_text("Completed", timeout=SETTLED)
    await page.get_by_label("Direction").select_option("Received")
    await expect(call).to_have_count(0)
