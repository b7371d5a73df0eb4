"""What a template says before anybody gets it, and what it is about."""

from typing import Any

from auth.permissions import TenantRole
from portal.preferences.links import PreferenceLinks
from tests.contacts.test_preferences import FORM, SETTINGS, open_page
from tests.messages.traffic import messages, send
from tests.product import SECRET, Caller, Product
from tests.templates.written import add_contact, change, create, made, read

PREVIEW = """query ($id: ID!, $contactId: ID, $variables: JSON) {
  templatePreview(id: $id, contactId: $contactId, variables: $variables) {
    text encoding encodingReason segments missing version { number } values { name text origin }
    warnings { code message variable }
  }
}"""
VARIABLES = [
    {"name": "name", "example": "Alice"},
    {"name": "city", "example": "Boston"},
    {"name": "size", "example": "", "default": "M"},
    {"name": "time", "example": "10:30"},
]


async def _preview(caller: Caller, template: str, contact: str | None = None, **variables: str) -> Any:
    return (await caller.run(PREVIEW, id=template, contactId=contact, variables=variables))["templatePreview"]


def _values(found: Any) -> list[tuple[str, str, str]]:
    return [(one["name"], one["text"], one["origin"]) for one in found["values"]]


async def test_a_preview_is_what_a_contact_gets_with_what_filled_it_or_the_examples(product: Product) -> None:
    tenant, other = await product.tenant("Falcon Flights"), await product.tenant("Quiet Quails")
    caller = tenant.machine
    template = await made(caller, "{{name}} of {{city}}: {{size}} “{{time}}”", variables=VARIABLES)
    bare = await _preview(caller, template)
    assert (bare["text"], bare["missing"]) == ("Alice of Boston: M “10:30”", [])
    assert [origin for _, _, origin in _values(bare)] == ["EXAMPLE", "EXAMPLE", "DEFAULT", "EXAMPLE"]
    assert [one["variable"] for one in bare["warnings"]] == ["city", "size", "time"]

    vera = await add_contact(caller, "+12135550001", "Vera", city="Salem")
    found = await _preview(caller, template, vera, size="L")
    assert (found["text"], found["missing"]) == ("Vera of Salem: L “”", ["time"])
    assert _values(found) == [
        ("name", "Vera", "CONTACT"),
        ("city", "Salem", "CONTACT"),
        ("size", "L", "CALLER"),
        ("time", "", "NOTHING"),
    ]
    assert found["warnings"] == [
        {
            "code": "UNKNOWN_FIELD",
            "message": "No contact has a field time: give it with each send, or add it to the contacts.",
            "variable": "time",
        }
    ]

    filled = await _preview(caller, template, vera, time="9:00")
    assert (filled["encoding"], filled["segments"], filled["version"]) == ("UCS_2", 1, {"number": 1})
    assert "U+201C" in filled["encodingReason"]
    sent = await send(caller, [vera], body=None, templateId=template, variables={"time": "9:00"})
    assert sent["errors"] == []
    (row,) = await messages(product, tenant)
    assert (row["body"], row["encoding"], row["segments"]) == (filled["text"], "UCS_2", 1)

    long = await _preview(caller, template, vera, time="x" * 1590)
    assert [one["code"] for one in long["warnings"]] == ["UNKNOWN_FIELD", "TEXT_TOO_LONG"]
    (error,) = await caller.errors(PREVIEW, id=template, variables={"time": "x" * 1601})
    assert (error["extensions"]["code"], error["extensions"]["path"]) == ("BAD_USER_INPUT", ["variables"])
    foreign = await add_contact(other.machine, "+12135550002", "Quentin")
    for contact in (foreign, template, "x"):
        assert await _preview(caller, template, contact) is None
    assert await _preview(other.machine, template) is None


async def test_the_link_in_a_preview_is_as_long_as_a_consumer_s_own_and_leads_nowhere(product: Product) -> None:
    tenant = await product.tenant()
    template = await made(tenant.machine, "Choose: {{preferences}}")
    contact = await add_contact(tenant.machine, "+12135550001")
    found = await _preview(tenant.machine, template, contact, preferences="mine")
    assert _values(found)[0][2] == "PORTAL"
    assert found["warnings"] == []
    link = found["text"].removeprefix("Choose: ")
    own = PreferenceLinks(SECRET, product.url).to(tenant.id, "+12135550001")
    assert len(link) == len(own)
    assert (await open_page(link)).status_code == 404


async def test_a_template_s_topic_holds_unless_the_send_names_its_own(product: Product) -> None:
    tenant = await product.tenant()
    caller = tenant.machine
    refused = await create(caller, "Sale!", topic="Offers")
    assert refused == {"template": None, "errors": [{"code": "INVALID", "path": ["input", "topic"]}]}
    owner = await product.member(tenant.id, TenantRole.OWNER)
    assert (await owner.run(SETTINGS))["settingsUpdate"]["errors"] == []
    template = await made(caller, "Sale!", topic="Offers")
    assert (await read(caller, template))["topic"] == "Offers"
    contact = await add_contact(caller, "+12135550001")
    declined = {name: value for name, value in FORM.items() if name != "topic Offers"} | {"topic Bookings": "on"}
    link = PreferenceLinks(SECRET, product.url).to(tenant.id, "+12135550001")
    assert "Saved." in (await open_page(link, declined)).text

    async def codes(key: str, **more: str) -> list[str]:
        sent = await send(caller, [contact], key=key, body=None, templateId=template, **more)
        assert sent["errors"] == []
        return [one["code"] for one in sent["batch"]["refusals"]["nodes"]]

    assert await codes("its own") == ["PREFERENCE"]
    assert await codes("the send's", topic="Bookings") == []
    assert (await change(caller, template, name="Other"))["template"]["topic"] == "Offers"
    assert (await change(caller, template, topic="Bookings"))["template"]["topic"] == "Bookings"
    async with product.database.for_tenant(tenant.id, read_only=True) as tx:
        topics = await tx.rows("SELECT topic FROM message_batch WHERE tenant_id = $1 ORDER BY topic", tenant.id)
    assert [row["topic"] for row in topics] == ["Bookings", "Offers"]
    none = 'mutation { settingsUpdate(input: {topics: ["Offers"]}) { errors { code } } }'
    assert (await owner.run(none))["settingsUpdate"]["errors"] == []
    gone = await send(caller, [contact], key="gone", body=None, templateId=template)
    assert gone["errors"] == [{"code": "INVALID", "path": ["input", "templateId"]}]
    assert (await change(caller, template, topic=None))["template"]["topic"] is None
    assert await codes("about nothing") == []
