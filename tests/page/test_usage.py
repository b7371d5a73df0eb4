"""Usage of a period or a range, cut as one likes, read anew from the carriers, with prices for whom they are for."""

import csv
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.page.visitor import Visitor

pytestmark = pytest.mark.slow


async def test_usage_of_a_range_is_cut_into_months_and_kept_in_the_address(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(path="/usage")
    await expect(page.get_by_role("region", name="Price")).to_contain_text("beside the plan")
    await page.get_by_label("Period").select_option("From day to day …")
    await expect(page.get_by_text("Choose the first and the last day.")).to_be_visible()
    await page.get_by_label("From", exact=True).fill("2026-02-01")
    await page.get_by_label("To", exact=True).fill("2026-01-01")
    await expect(page.get_by_label("To", exact=True)).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("To", exact=True).fill("2026-02-28")
    await expect(page.get_by_role("region", name="Sent")).to_be_visible()
    await page.get_by_label("Cut into").select_option("Months")
    await page.reload()
    await expect(page.get_by_label("From", exact=True)).to_have_value("2026-02-01")
    await expect(page.get_by_label("Cut into")).to_have_value("MONTH")
    link = page.get_by_role("link", name="CSV, day by day")
    await expect(link).to_have_attribute("href", "/usage.csv?from=2026-02-01&until=2026-03-01")


async def test_usage_is_read_anew_and_the_page_tells_when_it_is_done(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in("DEVELOPER", path="/usage?period=TODAY")
    fresh = page.get_by_role("region", name="How fresh this is")
    await fresh.get_by_role("button", name="Sync now").click()
    await expect(fresh.get_by_role("status")).to_contain_text("The last sync read 1 day,", timeout=60_000)
    await expect(fresh).to_contain_text("All else as the carriers counted it")


async def test_a_role_without_billing_sees_what_was_used_and_no_price(visitor: Visitor) -> None:
    page = visitor.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or ""))
    await visitor.sign_in("SUPPORT", path="/usage")
    await expect(page.get_by_role("region", name="Sent")).to_be_visible()
    await expect(page.get_by_text("Prices are for those whose role includes billing.")).to_be_visible()
    await expect(page.get_by_role("region", name="Price")).to_have_count(0)
    await expect(page.get_by_role("columnheader", name="Price")).to_have_count(0)
    usage = [each for each in asked if "query Usage(" in each]
    assert usage
    assert all('"prices":false' in each for each in usage)


async def test_the_days_that_are_shown_are_taken_away_as_csv(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    await visitor.sign_in()
    await visitor.choose_template("Service reminder")
    await visitor.choose_contacts("Alice Adler")
    await visitor.send("Send to 1 person")
    await visitor.becomes("Alice Adler", "DELIVERED")
    await visitor.open("/usage?period=TODAY")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="CSV, day by day").click()
    await (await download.value).save_as(tmp_path / "usage.csv")
    rows = list(csv.DictReader((tmp_path / "usage.csv").read_text().splitlines()))
    (sent,) = [row for row in rows if row["category"] == "sms-outbound"]
    assert int(sent["count"]) >= 1
