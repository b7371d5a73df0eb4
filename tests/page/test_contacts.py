"""Contacts come from a file, are tagged, merged and erased; what they said of getting messages is kept."""

import csv
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.page.visitor import SETTLED, Visitor

pytestmark = pytest.mark.slow

ROWS = (
    "number,name,tags,bike\n"
    "+12025550171,Iris Import,cyclists,road\n"
    "12,Nemo Nowhere,,\n"
    "+12025550172,Ivo Import,cyclists,tandem\n"
    "+12025550171,Iris Again,,\n"
)


async def test_a_file_is_checked_row_by_row_then_imported_and_exported(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons", path="/contacts")
    await page.get_by_role("button", name="Import").click()
    dialog = page.get_by_role("dialog", name="Import contacts")
    file = page.locator("input[type=file]")
    await file.set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": b"name\nNobody\n"})
    await dialog.get_by_role("button", name="Check the file").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("No column holds phone numbers")
    await file.set_input_files({"name": "people.csv", "mimeType": "text/csv", "buffer": ROWS.encode()})
    await dialog.get_by_role("button", name="Check the file").click()

    await expect(page.get_by_role("heading", name="Check of people.csv")).to_be_visible()
    await expect(page.get_by_role("status").filter(has_text="Done")).to_contain_text("4 of 4 rows", timeout=SETTLED)
    problems = page.get_by_role("region", name="2 problems")
    rows = problems.get_by_role("row")
    await expect(rows.nth(1)).to_contain_text(re.compile("^3.*number.*No phone number"))
    await expect(rows.nth(2)).to_contain_text(re.compile("^5.*The same number again"))
    async with page.expect_download() as downloading:
        await problems.get_by_role("button", name="Download the problems").click()
    told = list(csv.DictReader((await _text(await (await downloading.value).path())).splitlines()))
    assert [(each["row"], each["code"]) for each in told] == [("3", "INVALID_NUMBER"), ("5", "NUMBER_TWICE")]
    await page.get_by_role("button", name="Import 2 contacts").click()
    await expect(page.get_by_role("heading", name="Import of people.csv")).to_be_visible()
    await expect(page.get_by_role("region", name="New")).to_contain_text("2", timeout=SETTLED)

    await page.get_by_role("link", name="All imports").click()
    await expect(visitor.row("people.csv")).to_have_count(2)
    await page.get_by_role("tab", name="People").click()
    await page.get_by_label("Tag", exact=True).select_option("cyclists")
    await expect(visitor.row("Iris Import")).to_contain_text("cyclists")
    await expect(page.get_by_role("row")).to_have_count(3)
    async with page.expect_download() as downloading:
        await page.get_by_role("button", name="Export these").click()
    told = list(csv.DictReader((await _text(await (await downloading.value).path())).splitlines()))
    assert {(each["number"], each["bike"]) for each in told} == {("+12025550171", "road"), ("+12025550172", "tandem")}


async def test_contacts_are_tagged_asked_for_consent_merged_and_erased_with_a_receipt(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons", path="/contacts")
    for name, number in (("Zoe Ziegler", "+12025550176"), ("Zoe Z.", "+12025550177")):
        made = await visitor.run(
            "mutation M($input: ContactCreateInput!) { contactCreate(input: $input) { contact { id } } }",
            input={"name": name, "number": number},
        )
        assert made["contactCreate"]["contact"] is not None
    await visitor.open("/contacts?search=Zoe")
    dialog = page.get_by_role("dialog")
    await page.get_by_role("checkbox", name="Choose all on this page").check()
    await page.get_by_role("button", name="Tag", exact=True).click()
    await dialog.get_by_label("Tags").fill("regulars")
    await page.keyboard.press("Tab")
    await dialog.get_by_role("button", name="Add tags").click()
    await expect(page.get_by_role("list", name="Tags")).to_have_text(["regulars", "regulars"])

    await page.get_by_role("tab", name="Tags").click()
    await page.get_by_role("button", name="Rename regulars").click()
    await dialog.get_by_label("Name").fill("friends")
    await dialog.get_by_role("button", name="Rename").click()
    await page.get_by_role("link", name="2 contacts with friends").click()
    await page.get_by_role("button", name="Zoe Z.", exact=True).click()
    drawer = page.get_by_role("dialog", name="Contact", exact=True)
    consent = drawer.get_by_role("region", name="Consent")
    await expect(consent).to_contain_text("Nothing recorded")
    await consent.get_by_role("button", name="Record what they said").click()
    await page.get_by_label("They agree no more").check()
    await page.get_by_label("How").fill("Said so at the counter")
    await page.get_by_role("button", name="Record it").click()
    await expect(consent).to_contain_text("Said so at the counter")
    await expect(consent).to_contain_text("Agrees no more")

    await drawer.get_by_role("button", name="Merge").click()
    merging = page.get_by_role("dialog", name="Merge two contacts")
    await merging.get_by_role("combobox", name="The same person as Zoe Z.").fill("Ziegler")
    await page.get_by_role("option", name="Zoe Ziegler").click()
    await merging.get_by_label("Zoe Ziegler").check()
    await expect(merging).to_contain_text("If either opted out, neither number gets messages any more.")
    await merging.get_by_role("button", name="Merge").click()
    await expect(drawer).to_contain_text("Zoe Ziegler")
    await expect(drawer.get_by_role("region", name="Consent")).to_contain_text("Agrees no more")

    await drawer.get_by_role("button", name="Erase the person").click()
    erasing = page.get_by_role("dialog", name="Erase this person?")
    await expect(erasing.get_by_role("button", name="Erase for good")).to_be_disabled()
    await erasing.get_by_label("Type +12025550176 to confirm").fill("+12025550176")
    await erasing.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_role("heading", name="Receipt of an erasure")).to_be_visible()
    seal = page.get_by_role("group", name="Seal (SHA-256)").locator("pre")
    await expect(seal).to_have_text(re.compile("^[0-9a-f]{64}$"), timeout=SETTLED)
    await expect(page.get_by_role("status").filter(has_text="All is erased")).to_be_visible()
    assert "Zoe" not in await page.get_by_role("main").inner_text()


async def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8-sig")
