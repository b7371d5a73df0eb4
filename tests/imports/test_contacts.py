"""Contacts from CSV files: whatever a file holds, its rows come in once, or are told of."""

from typing import Any

from tests.imports.files import IMPORT, bring_in, start, upload, work_off
from tests.product import Caller, Product

CONTACTS = """{
  contacts(first: 100) { nodes { name number fields tags { name } consent { status source } } }
}"""


async def contacts(caller: Caller) -> list[dict[str, Any]]:
    """All contacts, by their numbers."""
    found: list[dict[str, Any]] = (await caller.run(CONTACTS))["contacts"]["nodes"]
    return sorted(found, key=lambda one: len(one["number"]) * 10**15 + int(one["number"]))


async def test_a_file_is_tried_and_brought_in_and_what_is_wrong_is_told_row_by_row(product: Product) -> None:
    tenant = await product.tenant()
    machine = tenant.machine
    file = (
        "\ufeffNumber;Name;Tags;Consent;Consent source;City\r\n"
        '(202) 555-0143;"Olga; the first";VIP, new;yes;Paper form;"New\nYork"\r\n'
        "+44 20 7946 0018;Bea;;no;;=1+1\r\n"
        "\r\n"
        "12;Nobody;;;;\r\n"
        "+1 202 555 0143;Olga again;;;;\r\n"
        "+12025550144;Carl;;perhaps;;\r\n"
        "+12025550145;Dora;;;;x;y\r\n"
        "+12025550146;E\0va;;;;\r\n"
    )
    problems = [
        {
            "row": 5,
            "column": "Number",
            "code": "INVALID_NUMBER",
            "message": "This is no phone number: its country has no such numbers. Write it like +1 202 555 0143.",
        },
        {"row": 6, "column": "Number", "code": "NUMBER_TWICE", "message": "Row 2 has the same number."},
        {
            "row": 7,
            "column": "Consent",
            "code": "INVALID",
            "message": "Consent is one of given, yes, true, withdrawn, no, false, unknown.",
        },
        {"row": 8, "column": None, "code": "TOO_MANY_CELLS", "message": "The row is longer than the header."},
        {
            "row": 9,
            "column": "Name",
            "code": "INVALID",
            "message": "It holds a character that no text has (NUL).",
        },
    ]
    done = {"state": "DONE", "rows": 7, "rowsDone": 7, "created": 2, "updated": 0, "skipped": 0, "refused": 5}
    done |= {"problemCount": 5, "problems": {"nodes": problems}}
    tried = await bring_in(product, machine, file, dryRun=True, unknownHeaders="FIELDS", tags=["Autumn"])
    assert tried == done | {"dryRun": True}
    assert await contacts(machine) == []
    assert await bring_in(product, machine, file, unknownHeaders="FIELDS", tags=["Autumn"]) == done | {"dryRun": False}
    olga, bea = await contacts(machine)
    assert olga == {
        "name": "Olga; the first",
        "number": "+12025550143",
        "fields": {"City": "New\nYork"},
        "tags": [{"name": "Autumn"}, {"name": "new"}, {"name": "VIP"}],
        "consent": {"status": "GIVEN", "source": "Paper form"},
    }
    assert bea == {
        "name": "Bea",
        "number": "+442079460018",
        "fields": {"City": "=1+1"},
        "tags": [{"name": "Autumn"}],
        "consent": {"status": "WITHDRAWN", "source": "Import of Customers.csv"},
    }


async def test_who_is_there_is_changed_or_left_and_what_a_file_does_not_say_stays(product: Product) -> None:
    tenant = await product.tenant()
    machine = tenant.machine
    await bring_in(product, machine, "number,name,tags,city\n+12025550143,Olga,VIP,Boston\n", unknownHeaders="FIELDS")
    again = "Phone number\tname\ttags\tshop\n+12025550143\t\tnew\tMain St\n+12025550144\tBea\t\t\n"
    skipped = await bring_in(
        product, machine, again.encode("utf-16"), onDuplicate="SKIP", unknownHeaders="LEAVE_OUT", dryRun=True
    )
    assert (skipped["created"], skipped["updated"], skipped["skipped"]) == (1, 0, 1)
    shop = {"header": "shop", "becomes": "FIELD", "field": "Shop"}
    changed = await bring_in(product, machine, again.encode("utf-16"), mapping=[shop])
    assert (changed["created"], changed["updated"], changed["skipped"]) == (1, 1, 0)
    olga, bea = await contacts(machine)
    assert (olga["name"], olga["fields"]) == ("Olga", {"city": "Boston", "Shop": "Main St"})
    assert [tag["name"] for tag in olga["tags"]] == ["new", "VIP"]
    assert (bea["name"], bea["fields"], bea["tags"]) == ("Bea", {}, [])


NUMBERS = "number\n+12025550143\n"
REFUSED: dict[str, tuple[bytes, dict[str, Any], str, str]] = {
    "latin": ("number,name\n+12025550143,Olga\n+12025550144,Zoë\n".encode("latin-1"), {}, "WRONG_ENCODING", "Line 3"),
    "bare utf-16": ("number\n+12025550143\n".encode("utf-16-le"), {}, "WRONG_ENCODING", "neither"),
    "half a character": (NUMBERS.encode("utf-16") + b"\0", {}, "WRONG_ENCODING", "Line 3"),
    "unknown header": (b"number,shoe size,city\n1,2,3\n", {}, "UNKNOWN_HEADER", "shoe size, city"),
    "no number": (b"name\nOlga\n", {"unknownHeaders": "FIELDS"}, "NO_NUMBER", "number"),
    "twice": (b"number,phone\n1,2\n", {}, "HEADER_TWICE", "number, phone"),
    "mapped, not there": (
        NUMBERS.encode(),
        {"mapping": [{"header": "mobile", "becomes": "NUMBER"}]},
        "UNKNOWN_HEADER",
        "mobile",
    ),
    "mapped twice": (
        NUMBERS.encode(),
        {"mapping": [{"header": "number", "becomes": "NUMBER"}] * 2},
        "INVALID",
        "twice",
    ),
    "a million columns": (b"number" + b"," * 1_000_000 + b"\n1\n", {}, "TOO_LONG", "line 1"),
    "many columns": (b"number" + b",x" * 150 + b"\n1\n", {"unknownHeaders": "FIELDS"}, "TOO_MANY_COLUMNS", "151"),
    "an endless line": (b"number\n" + b"1" * 200_000, {}, "TOO_LONG", "line 2"),
    "an endless quote": (b'number\n"' + b"1\n" * 100_000, {}, "TOO_LONG", "quote"),
    "an open quote": (b'number\n"1', {}, "UNREADABLE", "line 2"),
    "nothing but lines": (b"number\n" + b"\r" * 200_010, {}, "TOO_LONG", "200,000"),
    "a header alone": (b"number", {}, "EMPTY", "no rows"),
    "no rows": (b"number\n\n\n", {}, "EMPTY", "no rows"),
    "too many rows": (b"number\n" + b"1\n" * 100_001, {}, "TOO_MANY_ROWS", "100,000"),
    "a tag too long": (NUMBERS.encode(), {"tags": ["x" * 51]}, "INVALID", "50"),
}


async def test_what_is_no_file_of_contacts_is_refused_as_a_whole(product: Product) -> None:
    tenant = await product.tenant()
    for name, (data, options, code, told) in REFUSED.items():
        answer = await start(tenant.machine, data, **options)
        assert answer["contactImport"] is None, name
        assert [error["code"] for error in answer["errors"]] == [code], name
        assert told in answer["errors"][0]["message"], (name, answer["errors"])
        assert answer["errors"][0]["path"][0] == "input", name
    assert await work_off(product) == 0
    assert await contacts(tenant.machine) == []


async def test_a_file_is_of_one_tenant_and_of_one_purpose_and_a_key_starts_one_import(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    mine, suppressions = await upload(tenant.machine, NUMBERS), await upload(tenant.machine, NUMBERS, "SUPPRESSIONS")
    for caller, given in ((other.machine, mine), (tenant.machine, suppressions), (tenant.machine, "nonsense")):
        answer = (await caller.run(IMPORT, input={"uploadId": given, "dryRun": False}))["contactImport"]
        assert [(one["code"], one["path"]) for one in answer["errors"]] == [("NOT_FOUND", ["input", "uploadId"])]
    asked = {"uploadId": mine, "dryRun": False, "idempotencyKey": "once"}
    first, again = [(await tenant.machine.run(IMPORT, input=asked))["contactImport"] for _ in range(2)]
    assert first["contactImport"]["id"] == again["contactImport"]["id"]
    assert (first["idempotentReplay"], again["idempotentReplay"]) == (False, True)
    otherwise = (await tenant.machine.run(IMPORT, input=asked | {"dryRun": True}))["contactImport"]
    assert [one["code"] for one in otherwise["errors"]] == ["IDEMPOTENCY_CONFLICT"]
    assert await work_off(product) == 1
    assert len(await contacts(tenant.machine)) == 1
