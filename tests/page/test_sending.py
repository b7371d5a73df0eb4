"""A send waits for its time, is put off and taken back; the operator lets a tenant break a rule, and ends that."""

import re
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


def _days_ahead(days: int) -> str:
    """A time as its field takes it."""
    return f"{datetime.now(UTC) + timedelta(days=days):%Y-%m-%dT10:00}"


async def test_a_text_that_breaks_a_rule_is_mended_scheduled_put_off_and_taken_back(visitor: Visitor) -> None:
    page, word = visitor.page, secrets.token_hex(4)
    number = f"+1213555{secrets.randbelow(10_000):04}"  # of nobody, so that a first message goes there
    await visitor.sign_in()
    await visitor.choose_template("Your own text")
    text = page.get_by_label("Your text")
    await text.fill(f"We open again. {word}")
    numbers = page.get_by_role("combobox", name="Numbers")
    for each in (number, "12"):
        await numbers.fill(each)
        await numbers.press("Enter")
    await expect(page.get_by_role("alert").filter(has_text="A rule stands against it")).to_contain_text("Reply STOP")
    await text.fill(f"We open again. {word} Reply STOP to opt out.")
    await expect(page.get_by_test_id("recipients")).to_have_text("1 person")
    await expect(page.get_by_role("alert").filter(has_text="Some will not")).to_contain_text("1 recipient: no phone")
    await page.get_by_role("radio", name="Later").check()
    await page.get_by_label("Send at").fill(_days_ahead(2))
    await visitor.send("Schedule for 1 person")

    await expect(page.get_by_role("heading", name="Your message waits for its time")).to_be_visible()
    await expect(page.get_by_role("alert").filter(has_text="Not sent to")).to_contain_text("number 2 of the request")
    await page.get_by_role("button", name="Send all at another time").click()
    dialog = page.get_by_role("dialog")
    time = dialog.get_by_label("Send at")
    await time.fill("2026-01-01T10:00")
    await dialog.get_by_role("button", name="Reschedule").click()
    await expect(time).to_have_attribute("aria-invalid", "true")
    await time.fill(_days_ahead(3))
    await dialog.get_by_role("button", name="Reschedule").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text(re.compile(r"^The first goes out .*, 10:00:00"))).to_contain_text(
        f"{datetime.now(UTC) + timedelta(days=3):%Y}"
    )
    await page.get_by_role("button", name="Cancel what has not left").click()
    await dialog.get_by_role("button", name="Cancel messages").click()
    await visitor.becomes(f"••{number[-2:]}", "CANCELED")
    await expect(page.get_by_role("button", name="Cancel what has not left")).to_have_count(0)


async def test_the_operator_lets_a_tenant_break_a_rule_for_a_time_and_ends_that(visitor: Visitor) -> None:
    page, word = visitor.page, secrets.token_hex(4)
    await visitor.sign_in_as_staff("ISV_OPERATOR", "/tenants")
    await page.get_by_role("link", name="Kestrel Surf").click()
    await page.get_by_role("button", name="Make an exception").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Rule").select_option("No gambling")
    await dialog.get_by_label("Reason").fill(f"A raffle {word}")
    await dialog.get_by_role("button", name="Make it").click()
    exception = page.get_by_role("region", name="Exceptions from policy").get_by_role("listitem").filter(has_text=word)
    await expect(exception).to_contain_text("Need not be kept")
    await exception.get_by_role("button", name="End").click()
    await dialog.get_by_role("button", name="End it").click()
    await expect(exception).to_contain_text("ended by Otto Operator")
