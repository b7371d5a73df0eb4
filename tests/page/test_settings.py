"""A company's own texts are kept, and the standard ones come back."""

import pytest
from playwright.async_api import expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_a_text_is_saved_and_the_standard_one_set_again(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons", path="/settings")
    text, save = page.get_by_label("When somebody writes HELP", exact=True), page.get_by_role("button", name="Save")
    standard = await text.input_value()
    await expect(save).to_be_disabled()
    await text.fill("Freestyle Falcons, +1 202 555 0142. Reply STOP to opt out.")
    await page.get_by_label("Kept for, in days").fill("30")
    await save.click()
    await expect(page.get_by_text("It holds from now on.")).to_be_visible()
    await page.reload()
    await expect(text).to_have_value("Freestyle Falcons, +1 202 555 0142. Reply STOP to opt out.")
    await expect(page.get_by_label("Kept for, in days")).to_have_value("30")
    await page.get_by_role("button", name="Use the standard text when somebody writes HELP").click()
    await expect(text).to_have_value(standard)
