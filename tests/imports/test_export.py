"""Contacts as CSV: those of the filter, as an import takes them, behind an address that is good for minutes."""

import csv
import io

import httpx2

from auth.permissions import Permission, TenantRole
from portal.contacts.exporting import GOOD_FOR
from tests.imports.files import bring_in
from tests.imports.test_contacts import contacts
from tests.product import Caller, Product

EXPORT = """mutation ($filter: ContactFilter) {
  contactExport(input: {filter: $filter}) { url expiresAt errors { code } }
}"""
FILE = (
    "number,name,tags,consent,consent source,City,=Shop\r\n"
    '+12025550143,"Olga, the first","new, VIP",given,Paper form,Boston,\r\n'
    "+442079460018,Bea,,,,,\r\n"
    "+12025550144,=HYPERLINK(1),,withdrawn,@form,-1,+2\r\n"
)


async def _get(url: str) -> httpx2.Response:
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as http:
        return await http.get(url)


async def _export(caller: Caller, **given: object) -> str:
    made = (await caller.run(EXPORT, filter=given))["contactExport"]
    assert made["errors"] == []
    return str(made["url"])


def _rows(answer: httpx2.Response) -> list[list[str]]:
    return list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))


async def test_what_comes_out_goes_in_again_but_formulas_which_are_texts(product: Product) -> None:
    tenant, other = await product.tenant(), await product.tenant()
    await bring_in(product, tenant.machine, FILE, unknownHeaders="FIELDS")
    answer = await _get(await _export(tenant.machine))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    today = product.clock.now().date().isoformat()
    assert answer.headers["content-disposition"] == f'attachment; filename="contacts-{today}.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"\xef\xbb\xbfnumber,name,")
    header, olga, bea, formulas = _rows(answer)
    assert header == ["number", "name", "tags", "consent", "consent source", "'=Shop", "City"]
    assert olga == ["+12025550143", "Olga, the first", "new, VIP", "given", "Paper form", "", "Boston"]
    assert bea == ["+442079460018", "Bea", "", "", "", "", ""]
    assert formulas == ["+12025550144", "'=HYPERLINK(1)", "", "withdrawn", "'@form", "'+2", "'-1"]
    again = await bring_in(product, other.machine, answer.content, unknownHeaders="FIELDS")
    assert (again["created"], again["refused"]) == (3, 0)
    theirs, ours = await contacts(other.machine), await contacts(tenant.machine)
    assert [one for one in theirs if one["number"] != formulas[0]] == [
        one for one in ours if one["number"] != formulas[0]
    ]


async def test_an_address_is_of_its_filter_alone_and_ends_and_is_written_down(product: Product) -> None:
    tenant = await product.tenant()
    await bring_in(product, tenant.machine, FILE, unknownHeaders="FIELDS")
    tags = (await tenant.machine.run("{ contactTags { id name } }"))["contactTags"]
    (vip,) = [tag["id"] for tag in tags if tag["name"] == "VIP"]
    for given, expected in (
        ({"search": "bea"}, ["+442079460018"]),
        ({"tagIds": [vip], "consent": "GIVEN", "suppressed": False}, ["+12025550143"]),
        (
            {"countries": ["GB"], "createdIn": {"from": "2020-01-01T00:00:00Z", "until": "2030-01-01T00:00:00Z"}},
            ["+442079460018"],
        ),
    ):
        url = await _export(tenant.machine, **given)
        assert [row[0] for row in _rows(await _get(url))[1:]] == expected, given
        assert "bea" not in url
    url = await _export(tenant.machine)
    nobody = (await tenant.machine.run(EXPORT, filter={"search": "nobody"}))["contactExport"]
    assert nobody == {"url": None, "expiresAt": None, "errors": [{"code": "NOTHING_TO_EXPORT"}]}
    owner = await product.member(tenant.id, TenantRole.OWNER)
    assert _rows(await _get(await _export(owner))) == _rows(await _get(url))
    log = (await owner.run("{ auditLog(first: 100) { nodes { action } } }"))["auditLog"]["nodes"]
    assert [entry["action"] for entry in log].count("contactExport") == 5
    writer = await product.machine(tenant.id, [Permission.CONTACTS_WRITE])
    assert await writer.codes(EXPORT) == ["FORBIDDEN"]
    product.clock.advance(GOOD_FOR)
    for wrong in (url, url[:-4], f"{product.url}/contacts.csv/nonsense"):
        refused = await _get(wrong)
        assert (refused.status_code, refused.text) == (
            404,
            "This address is none, or too old: ask for a new one with contactExport.\n",
        )
