"""The operator's rooms: plans are drafted, published, assigned and retired; invoices are made and issued."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date
from typing import cast

import pytest
from playwright.async_api import Page, expect

from api.settings import Settings
from portal.clock import SystemClock
from portal.database import Database, DatabaseRole
from portal.tenants.tenants import find_tenants
from tests.invoices.stored import add_draft
from tests.page.conftest import NewVisitor
from tests.page.visitor import DemoPortal, Visitor
from tests.product import Product

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@dataclass
class Running:
    """What the running portal's own database is written by."""

    database: Database
    clock: SystemClock


@pytest.fixture
async def running(portal: DemoPortal) -> AsyncIterator[Running]:
    """The running portal's database."""
    settings = Settings(_env_file=None, portal_home=portal.mails.parent)  # type: ignore[call-arg]  # pydantic's own
    database = await Database.connect(settings.database(), pool_size=2)
    try:
        yield Running(database, SystemClock())
    finally:
        await database.close()


async def test_a_plan_is_drafted_with_an_error_at_its_field_first_published_assigned_and_retired(
    visitor: Visitor,
) -> None:
    page = visitor.page
    await visitor.sign_in_as_staff("ISV_OPERATOR", "/catalogue/new")
    await page.get_by_role("textbox", name="Name").fill("Sage")
    fee = page.get_by_role("textbox", name="Fee")
    await fee.fill("9.999")
    await page.get_by_role("button", name="Keep as draft").click()
    await expect(fee).to_have_accessible_description("Give at most 2 decimals.")
    await expect(page.get_by_role("alert")).to_contain_text("1 field above says what to mend")
    await fee.fill("9.99")
    await expect(page.get_by_role("region", name="As tenants see it")).to_contain_text("$9.99")
    await page.get_by_role("button", name="Keep as draft").click()
    sage = page.get_by_role("article", name="Sage, version 1")
    await expect(sage).to_contain_text("Seen by nobody but you")
    await sage.get_by_role("link", name="Edit the draft of Sage").click()
    await expect(fee).to_have_value("9.99")
    await page.get_by_role("button", name="Publish").click()
    await page.get_by_role("dialog").get_by_role("button", name="Put on sale").click()
    await expect(sage).to_contain_text("No tenant has it")

    await page.get_by_role("link", name="Tenants").click()
    await page.get_by_role("link", name="Freestyle Falcons").click()
    held = page.get_by_role("region", name="Plan")
    before = re.sub(", version.*", "", await held.get_by_role("heading").inner_text())
    await _assign(page, "Sage")
    await expect(held).to_contain_text("Sage, version 1")
    await _assign(page, before)  # as other tests know it
    await expect(held).to_contain_text(before)

    await page.get_by_role("link", name="Catalogue").click()
    await sage.get_by_role("button", name="Retire Sage").click()
    await page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    await expect(sage).to_have_count(0)
    await page.get_by_text("Retired", exact=True).click()
    await expect(sage).to_contain_text("Retired")


async def test_invoices_are_made_a_draft_is_issued_and_the_tenant_takes_its_pdf(
    visitor: Visitor, new_visitor: NewVisitor, running: Running
) -> None:
    page = visitor.page
    await visitor.sign_in_as_staff("ISV_OPERATOR", "/invoicing")
    await page.get_by_role("button", name="Make invoices").click()
    await page.get_by_role("dialog").get_by_role("button", name="Make invoices").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.get_by_role("region", name="Runs").get_by_role("listitem")).not_to_have_count(0)
    async with running.database.as_role(DatabaseRole.WORKER, read_only=True) as tx:
        (tenant,) = await find_tenants(tx, "falcon-flights")
    await add_draft(cast("Product", running), tenant.id, date(2026, 1, 1))

    await page.reload()
    row = page.get_by_role("table", name="Held back").get_by_role("row").filter(has_text="January 2026")
    await expect(row).to_contain_text("nobody knows why")
    await row.get_by_role("link", name="Falcon Flights").click()
    await expect(page.get_by_role("heading", name="Draft for January 2026")).to_be_visible()
    await page.get_by_role("button", name="Issue").click()
    await page.get_by_role("dialog").get_by_role("button", name="Issue").click()
    heading = page.get_by_role("heading", name=re.compile(r"^Invoice \S+ for January 2026"))
    await expect(heading).to_be_visible()

    owner = await new_visitor()
    await owner.sign_in(path="/billing")
    await owner.page.get_by_role("link", name="January 2026").click()
    await expect(owner.page.get_by_role("heading", name=await heading.inner_text())).to_be_visible()
    async with owner.page.expect_download() as taken:
        await owner.page.get_by_role("link", name="PDF").click()
    file = await (await taken.value).path()
    assert file.read_bytes().startswith(b"%PDF-")


async def _assign(page: Page, name: str) -> None:
    await page.get_by_role("button", name="Assign a plan").click()
    dialog = page.get_by_role("dialog")
    option = dialog.get_by_label("Plan").get_by_role("option").filter(has_text=f"{name}, version")
    await dialog.get_by_label("Plan").select_option(label=await option.inner_text())  # waits for the plans on sale
    await dialog.get_by_role("button", name="Assign").click()
    await expect(dialog).to_have_count(0)
