"""Contacts come from a file, are tagged, merged and erased; what they said of getting messages is kept."""

import csv
import re

import pytest
from playwright.async_api import Download, Page, expect

from tests.axe import violations
from tests.page.conftest import NewVisitor
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
    told = await _rows(await downloading.value)
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
    told = await _rows(await downloading.value)
    assert {(each["number"], each["bike"]) for each in told} == {("+12025550171", "road"), ("+12025550172", "tandem")}


async def test_contacts_are_tagged_asked_for_consent_merged_and_erased_with_a_receipt(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.sign_in(tenant="Freestyle Falcons", path="/contacts")
    for name, number in (("Zoe Ziegler", "+12025550184"), ("Zoe Z.", "+12025550185")):
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

    await drawer.get_by_role("button", name="Look the line up").click()
    await expect(drawer).to_contain_text("Mobile phone", timeout=SETTLED)

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
    await erasing.get_by_label("Type +12025550184 to confirm").fill("+12025550184")
    await erasing.get_by_role("button", name="Erase for good").click()
    await expect(page.get_by_role("heading", name="Receipt of an erasure")).to_be_visible()
    seal = page.get_by_role("group", name="Seal (SHA-256)").locator("pre")
    await expect(seal).to_have_text(re.compile("^[0-9a-f]{64}$"), timeout=SETTLED)
    await expect(page.get_by_role("status").filter(has_text="Erased")).to_be_visible()
    await page.get_by_role("link", name="All receipts").click()
    await expect(visitor.row("Erased").first).to_be_visible()
    assert "Zoe" not in await page.get_by_role("main").inner_text()


async def test_a_contact_with_its_dialogs_and_a_file_s_problems_are_accessible_in_the_light_and_on_a_dark_phone(
    new_visitor: NewVisitor,
) -> None:
    guest = await new_visitor(bypass_csp=True, reduced_motion="reduce")
    page = guest.page
    await guest.sign_in(path="/contacts")
    await page.get_by_role("button", name="Chloe Dubois", exact=True).click()
    drawer = page.get_by_role("dialog", name="Contact", exact=True)
    await expect(drawer.get_by_role("region", name="Consent")).to_be_visible()
    found = await _light_and_dark(page)
    for button in ("Record what they said", "Tag", "Merge", "Erase the person"):
        await drawer.get_by_role("button", name=button, exact=True).click()
        await expect(page.get_by_role("dialog").get_by_role("button", name="Cancel")).to_be_visible()
        found += [f"{button}: {each}" for each in await _light_and_dark(page)]
        await page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    await guest.open("/contacts")
    await page.get_by_role("button", name="Import").click()
    rows = {"name": "people.csv", "mimeType": "text/csv", "buffer": b"number\n12\n+12025550199\n"}
    await page.locator("input[type=file]").set_input_files(rows)  # type: ignore[arg-type]  # a dict is a payload
    await page.get_by_role("button", name="Check the file").click()
    await expect(page.get_by_role("button", name="Import 1 contact")).to_be_visible(timeout=60_000)
    assert found + await _light_and_dark(page) == []


async def _light_and_dark(page: Page) -> list[str]:
    """What is wrong in the light, and in the dark on a small phone; how the page was is how it is."""
    found = await violations(page)
    large = page.viewport_size
    assert large is not None
    await page.emulate_media(color_scheme="dark")
    await page.set_viewport_size({"width": 360, "height": 740})
    found += await violations(page)
    width = await page.evaluate("document.documentElement.scrollWidth")
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(large)
    return found if width <= 360 else [*found, f"it is {width} pixels wide"]


async def _rows(download: Download) -> list[dict[str, str]]:
    """The rows of a CSV file that was downloaded, by their headers."""
    with open(await download.path(), encoding="utf-8-sig", newline="") as file:  # noqa: ASYNC230, PTH123  small and there
        return list(csv.DictReader(file))
