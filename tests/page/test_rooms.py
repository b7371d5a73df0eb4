"""Contacts and templates are kept in order, the log is searched, GraphiQL asks for the curious."""

import re

import pytest
from playwright.async_api import expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_a_contact_is_added_changed_found_and_deleted(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(path="/contacts")
    await page.get_by_role("button", name="New contact").click()
    dialog = page.get_by_role("dialog", name="New contact")
    await dialog.get_by_label("Name", exact=True).fill("Aaron Abbot")
    await dialog.get_by_label("Mobile number").fill("+1 202 555 0182")
    await dialog.get_by_role("button", name="Add a detail").click()
    await dialog.get_by_label("Name of detail 1").fill("bike")
    await dialog.get_by_label("Value of bike").fill("tandem")
    await dialog.get_by_role("button", name="Add contact").click()
    row = visitor.row("Aaron Abbot")
    await expect(row).to_contain_text("Bike: tandem")
    await row.get_by_role("button", name="Edit Aaron Abbot").click()
    dialog = page.get_by_role("dialog", name="Edit contact")
    await dialog.get_by_label("Mobile number").fill("+12025550100")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog.get_by_label("Mobile number")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Mobile number").fill("+12025550183")
    await dialog.get_by_role("button", name="Save").click()
    await expect(dialog).to_be_hidden()
    await page.get_by_label("Search contacts").fill("0183")
    await expect(row).to_contain_text("+12025550183")
    await expect(visitor.row("Alice Adler")).to_have_count(0)
    await row.get_by_role("button", name="Delete Aaron Abbot").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_text("Nobody matches “0183”")).to_be_visible()


async def test_a_template_is_written_changed_sent_and_archived(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(path="/templates")
    await page.get_by_role("button", name="New template").click()
    dialog = page.get_by_role("dialog", name="New template")
    await dialog.get_by_role("textbox", name="Name", exact=True).fill("Tyre check")
    await dialog.get_by_role("textbox", name="Text", exact=True).fill("Hi {{name}}, bring your {{bike}} in for air.")
    await dialog.get_by_role("group", name="Bike").get_by_label("Example").fill("tandem")
    await expect(dialog.get_by_test_id("preview")).to_contain_text("bring your tandem in for air.")
    await dialog.get_by_role("button", name="Create template").click()
    card = page.get_by_role("article", name="Tyre check")
    await expect(card).to_contain_text("Version 1")
    await card.get_by_role("button", name="Edit Tyre check").click()
    dialog = page.get_by_role("dialog", name="Edit template")
    await dialog.get_by_role("textbox", name="Text", exact=True).fill(
        "Hi {{name}}, bring your {{bike}} in for free air."
    )
    await dialog.get_by_role("button", name="Save new version").click()
    await expect(card).to_contain_text("Version 2")
    await expect(card.get_by_test_id("preview")).to_contain_text("bring your tandem in for free air.")
    await card.get_by_role("link", name="Send Tyre check").click()
    await expect(page.get_by_role("radio", name="Tyre check")).to_be_checked()
    await page.get_by_role("link", name="Templates").click()
    await card.get_by_role("button", name="Archive Tyre check").click()
    await page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    await expect(card).to_have_count(0)
    await page.get_by_label("Show archived ones").check()
    await expect(card).to_contain_text("Archived")


async def test_the_log_is_narrowed_to_a_status_and_usage_counts_what_was_sent(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons")
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Chloe Dubois", "Nils Nobody")
    await visitor.send("Send to 2 people")
    await visitor.becomes("Chloe Dubois", "DELIVERED")
    await visitor.becomes("Nils Nobody", "UNDELIVERED")
    await page.get_by_role("link", name="Messages").click()
    await page.get_by_role("radiogroup", name="Status").get_by_text("Not delivered").click()
    await expect(visitor.row("Nils Nobody")).to_have_count(1)
    await expect(visitor.row("Chloe Dubois")).to_have_count(0)
    await page.get_by_role("link", name="Usage").click()
    await expect(page.get_by_role("region", name="Sent")).to_contain_text(re.compile("[1-9][0-9]* *messages"))
    await page.get_by_role("button", name="The figures, bar by bar").click()
    await expect(page.get_by_role("table", name="Usage by bar")).to_be_visible()


async def test_graphiql_runs_a_query_as_the_person_who_is_signed_in(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in()
    await visitor.open("/graphql")
    await expect(page.locator(".graphiql-query-editor")).to_contain_text("viewer", timeout=30_000)  # it loads in parts
    await page.get_by_role("button", name="Execute query").click()
    await expect(page.locator(".result-window")).to_contain_text("Falcon Flights", timeout=30_000)
