"""Tags and consent of contacts, and the filter that goes by them."""

from typing import Any

import pytest

from portal.clock import ids_at
from portal.contacts.consent import ConsentStatus
from portal.contacts.filtering import ContactFilter, find_contact_ids
from portal_schema.nodes import key_of
from tests.product import Caller, Product
from tests.schema.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTACT = """
  id tags { id name contactCount } consent { status source recordedAt } preferredChannel topics
  line lookup { state valid country lookedUpAt }
"""
CREATE = f"""mutation ($input: ContactCreateInput!) {{
  contactCreate(input: $input) {{ contact {{ {CONTACT} }} errors {{ code path message }} }}
}}"""
UPDATE = f"""mutation ($id: ID!, $input: ContactUpdateInput!) {{
  contactUpdate(id: $id, input: $input) {{ contact {{ {CONTACT} }} errors {{ code path message }} }}
}}"""
RENAME = """mutation ($id: ID!, $name: String!) {
  contactTagRename(id: $id, name: $name) { contactTag { name } errors { code path } }
}"""
DELETE = "mutation ($id: ID!) { contactTagDelete(id: $id) { deletedId errors { code path } } }"
TAGS = "{ contactTags { id name contactCount } }"
FOUND = "query ($filter: ContactFilter) { contacts(first: 100, filter: $filter) { nodes { id } } }"


async def _add(world: World, **given: Any) -> dict[str, Any]:
    made = (await world.machine.run(CREATE, input={"number": next(world.numbers)} | given))["contactCreate"]
    assert made["errors"] == []
    return dict(made["contact"])


async def _tags(caller: Caller) -> dict[str, tuple[str, int]]:
    return {tag["name"]: (tag["id"], tag["contactCount"]) for tag in (await caller.run(TAGS))["contactTags"]}


async def _found(caller: Caller, **only: Any) -> set[str]:
    return {node["id"] for node in (await caller.run(FOUND, filter=only))["contacts"]["nodes"]}


async def test_tags_are_made_on_first_use_counted_renamed_and_taken_away(falcon: World) -> None:
    caller = falcon.machine
    one = await _add(falcon, tags=[" Guests ", "VIP", "guests"])
    assert [tag["name"] for tag in one["tags"]] == ["guests", "VIP"]
    two = await _add(falcon, tags=["vip"])
    vip, count = (await _tags(caller))["VIP"]
    assert count == 2
    assert await _found(caller, tagIds=[vip]) == {one["id"], two["id"]}
    changed = (await caller.run(UPDATE, id=one["id"], input={"tags": ["Regulars"]}))["contactUpdate"]["contact"]
    assert [tag["name"] for tag in changed["tags"]] == ["Regulars"]
    kept = (await caller.run(UPDATE, id=one["id"], input={"name": "Bea"}))["contactUpdate"]["contact"]
    assert kept["tags"] == changed["tags"]
    renamed = (await caller.run(RENAME, id=vip, name="Friends"))["contactTagRename"]
    assert renamed == {"contactTag": {"name": "Friends"}, "errors": []}
    taken = (await caller.run(RENAME, id=vip, name="REGULARS"))["contactTagRename"]["errors"]
    assert taken == [{"code": "NAME_TAKEN", "path": ["name"]}]
    assert (await _tags(caller))["Friends"] == (vip, 1)
    assert (await caller.run(DELETE, id=vip))["contactTagDelete"] == {"deletedId": vip, "errors": []}
    assert await _found(caller, tagIds=[vip]) == set()
    none = (await caller.run(UPDATE, id=one["id"], input={"tags": None}))["contactUpdate"]["contact"]
    assert none["tags"] == []


async def test_a_tag_is_given_whatever_letters_it_is_written_in(falcon: World) -> None:
    # Python and PostgreSQL do not agree on the small letters of these.
    names = [
        "\N{GREEK CAPITAL LETTER OMICRON}\N{GREEK CAPITAL LETTER SIGMA}",
        "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}",
    ]
    made = await _add(falcon, tags=names)
    assert {tag["name"] for tag in made["tags"]} == set(names)


async def test_consent_is_recorded_with_its_evidence_and_the_last_word_holds(falcon: World, served: Product) -> None:
    said = {"status": "GIVEN", "source": "paper form", "shown": "I agree to get offers."}
    made = await _add(falcon, consent=said)
    assert (made["consent"]["status"], made["consent"]["source"]) == ("GIVEN", "paper form")
    assert made["consent"]["recordedAt"] is not None
    assert (made["preferredChannel"], made["topics"], made["line"]) == ("SMS", [], None)
    gone = {"consent": {"status": "WITHDRAWN", "source": "by phone"}}
    changed = (await falcon.machine.run(UPDATE, id=made["id"], input=gone))["contactUpdate"]["contact"]
    assert (changed["consent"]["status"], changed["consent"]["source"]) == ("WITHDRAWN", "by phone")
    assert (await _add(falcon))["consent"] == {"status": "UNKNOWN", "source": None, "recordedAt": None}
    async with served.database.for_tenant(falcon.tenant.id, read_only=True) as tx:
        evidence = await tx.rows(
            "SELECT status, source, shown, actor_kind, actor_name FROM contact_consent JOIN contact "
            "USING (tenant_id, number) WHERE contact.id = $1 ORDER BY status",
            key_of("Contact", made["id"]),
        )
    machine = ("API_CLIENT", "Shop system")
    assert [tuple(row) for row in evidence] == [
        ("GIVEN", "paper form", "I agree to get offers.", *machine),
        ("WITHDRAWN", "by phone", None, *machine),
    ]


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"tags": [" "]}, ["input", "tags"]),
        ({"tags": ["x" * 51]}, ["input", "tags"]),
        ({"tags": [str(number) for number in range(21)]}, ["input", "tags"]),
        ({"consent": {"status": "GIVEN", "source": " "}}, ["input", "consent", "source"]),
        ({"consent": {"status": "GIVEN", "source": "x", "shown": "x" * 2001}}, ["input", "consent", "shown"]),
    ],
)
async def test_a_tag_or_a_consent_that_is_none_is_refused_and_no_contact_is_made(
    given: dict[str, Any], path: list[str], falcon: World
) -> None:
    number = next(falcon.numbers)
    made = (await falcon.machine.run(CREATE, input={"number": number} | given))["contactCreate"]
    assert [(error["code"], error["path"]) for error in made["errors"]] == [("INVALID", path)]
    assert await _found(falcon.machine, search=number) == set()


async def test_the_same_filter_chooses_for_a_list_and_for_a_send(falcon: World, served: Product) -> None:
    begin = served.clock.now()
    tagged = await _add(falcon, name="Zoe Filter", tags=["filtered"], consent={"status": "GIVEN", "source": "form"})
    british = await _add(falcon, name="Zed Filter", number="+442079460999")
    span = {"from": begin.isoformat(), "until": "2100-01-01T00:00:00Z"}
    tag = tagged["tags"][0]["id"]
    for only, expected in (
        ({"search": "filter"}, [tagged, british]),
        ({"search": "filter", "countries": ["GB", "FR"]}, [british]),
        ({"search": "filter", "countries": []}, []),
        ({"search": "filter", "consent": "UNKNOWN"}, [british]),
        ({"search": "filter", "tagIds": [tag], "suppressed": False, "consent": "GIVEN"}, [tagged]),
        ({"search": "filter", "suppressed": True}, []),
        ({"search": "filter", "createdIn": span}, [tagged, british]),
        ({"search": "filter", "createdIn": {"from": span["until"], "until": span["until"]}}, []),
    ):
        assert await _found(falcon.machine, **only) == {one["id"] for one in expected}, only
    async with served.database.for_tenant(falcon.tenant.id, read_only=True) as tx:
        only_given = ContactFilter(search="filter", consent=ConsentStatus.GIVEN)
        assert await find_contact_ids(tx, only_given, 10_000) == [key_of("Contact", tagged["id"])]
        everybody = await find_contact_ids(tx, ContactFilter(created_from=begin), 1)
    assert len(everybody) == 1
    assert everybody[0] >= ids_at(begin)[0]
