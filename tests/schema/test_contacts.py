"""Contacts: added, changed and deleted, and everything that is wrong with what was given, said where it is."""

from typing import Any

import asyncpg
import pytest

from portal.contacts.suppressions import SuppressionSource, suppress
from tests.product import Product, operation
from tests.schema.nasty import LONG, TEXTS
from tests.schema.world import World, contents

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTACT = """name number country fields suppression { source since } createdAt updatedAt"""
CREATE = f"""mutation ($input: ContactCreateInput!) {{
  contactCreate(input: $input) {{ contact {{ id {CONTACT} }} errors {{ code path message }} }}
}}"""
UPDATE = f"""mutation ($id: ID!, $input: ContactUpdateInput!) {{
  contactUpdate(id: $id, input: $input) {{ contact {{ {CONTACT} }} errors {{ code path message }} }}
}}"""
DELETE = "mutation ($id: ID!) { contactDelete(id: $id) { deletedId errors { code path message } } }"
READ = f"query ($id: ID!) {{ contact(id: $id) {{ {CONTACT} }} }}"
WRONG_NUMBERS = {
    "empty": "",
    "blank": "  ",
    "a word": "abc",
    "too short": "12",
    "no such country": "+999 202 555 0143",
    "no such area": "+1 055 555 0143",
    "too long": "+1 202 555 0143 0143 0143",
    "an extension": "+1 202 555 0143 ext. 5",
    "letters after": "+1 202 555 0143; DROP TABLE contact",
    "endless": "1" * 100_000,
    "a plus sign": "+",
    "an emoji": "☎️",
}
# What is wrong with a contact, by the input: codes and paths, in order.
WRONG: dict[str, tuple[dict[str, Any], list[tuple[str, list[str]]]]] = {
    **{
        f"number: {why}": ({"number": number}, [("INVALID_NUMBER", ["number"])])
        for why, number in WRONG_NUMBERS.items()
    },
    "a long name": ({"name": "x" * 201}, [("INVALID", ["name"])]),
    "an endless name": ({"name": LONG}, [("INVALID", ["name"])]),
    "fields: a list": ({"fields": ["a"]}, [("INVALID", ["fields"])]),
    "fields: a text": ({"fields": "a"}, [("INVALID", ["fields"])]),
    "fields: a number": ({"fields": 1.5}, [("INVALID", ["fields"])]),
    "fields: false": ({"fields": False}, [("INVALID", ["fields"])]),
    "fields: a number in it": ({"fields": {"a": 1}}, [("INVALID", ["fields", "a"])]),
    "fields: a null in it": ({"fields": {"a": None}}, [("INVALID", ["fields", "a"])]),
    "fields: an object in it": ({"fields": {"a": {"b": "c"}}}, [("INVALID", ["fields", "a"])]),
    "fields: a long text": ({"fields": {"a": "x" * 1001, "b": "y"}}, [("INVALID", ["fields", "a"])]),
    "fields: a long name": ({"fields": {LONG: "x"}}, [("INVALID", ["fields", "x" * 200])]),
    "fields: no name": ({"fields": {"": "x"}}, [("INVALID", ["fields", ""])]),
    "fields: too many": ({"fields": {str(n): 1 for n in range(51)}}, [("INVALID", ["fields"])]),
    "all at once": (
        {"number": "abc", "name": "x" * 201, "fields": {"a": 1, "b": 2}},
        [
            ("INVALID", ["name"]),
            ("INVALID_NUMBER", ["number"]),
            ("INVALID", ["fields", "a"]),
            ("INVALID", ["fields", "b"]),
        ],
    ),
}


async def _add(world: World, **given: Any) -> dict[str, Any]:
    made = (await world.machine.run(CREATE, input={"number": next(world.numbers)} | given))["contactCreate"]
    assert made["errors"] == []
    return dict(made["contact"])


def _problems(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    assert all(error["message"].endswith(".") for error in payload["errors"])
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def test_a_contact_is_added_with_all_that_it_has(falcon: World) -> None:
    made = await _add(falcon, name="  Alice ", number="(202) 555-0999", fields={"city": "Boston"})
    found = await falcon.machine.run(READ, id=made.pop("id"))
    assert found["contact"] == made
    assert made["name"] == "Alice"
    assert (made["number"], made["country"]) == ("+12025550999", "US")
    assert made["fields"] == {"city": "Boston"}
    assert made["suppression"] is None
    assert made["createdAt"] == made["updatedAt"]


@pytest.mark.parametrize(
    ("written", "number", "country"),
    [
        ("+44 20 7946 0958", "+442079460958", "GB"),
        ("0049-30-901820", None, None),  # an exit code of Germany, where the home is the US
        ("011 49 30 901820", "+4930901820", "DE"),
        ("+1 (416) 555-0199", "+14165550199", "CA"),
        ("+800 1234 5678", "+80012345678", "001"),
        ("tel:+1-202-555-0188", "+12025550188", "US"),
        ("٢٠٢٥٥٥٠١٨٧", "+12025550187", "US"),
    ],
)
async def test_a_number_is_read_as_people_write_it(
    written: str, number: str | None, country: str | None, falcon: World
) -> None:
    made = (await falcon.machine.run(CREATE, input={"number": written}))["contactCreate"]
    if number is None:
        assert _problems(made) == [("INVALID_NUMBER", ["input", "number"])]
    else:
        assert (made["contact"]["number"], made["contact"]["country"]) == (number, country)


@pytest.mark.parametrize("why", WRONG)
async def test_what_is_wrong_is_said_where_it_is_and_nothing_is_written(
    why: str, falcon: World, onlooker: asyncpg.Connection
) -> None:
    given, expected = WRONG[why]
    expected = [(code, ["input", *path]) for code, path in expected]
    before = await contents(onlooker)
    made = (await falcon.machine.run(CREATE, input={"number": "+12025559999"} | given))["contactCreate"]
    assert _problems(made) == expected
    assert made["contact"] is None
    changed = (await falcon.machine.run(UPDATE, id=falcon.other_contact, input=given))["contactUpdate"]
    assert _problems(changed) == expected
    assert changed["contact"] is None
    assert await contents(onlooker) == before


async def test_a_number_belongs_to_one_contact(falcon: World) -> None:
    one, other = await _add(falcon), await _add(falcon)
    again = (await falcon.machine.run(CREATE, input={"number": one["number"]}))["contactCreate"]
    assert _problems(again) == [("NUMBER_TAKEN", ["input", "number"])]
    changed = await falcon.machine.run(UPDATE, id=other["id"], input={"number": one["number"], "name": "Thief"})
    assert _problems(changed["contactUpdate"]) == [("NUMBER_TAKEN", ["input", "number"])]
    assert (await falcon.machine.run(READ, id=other["id"]))["contact"]["name"] is None
    itself = await falcon.machine.run(UPDATE, id=one["id"], input={"number": one["number"]})
    assert itself["contactUpdate"]["errors"] == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"name": None}, {"name": None}),
        ({"name": " "}, {"name": None}),
        ({"name": "Bea"}, {"name": "Bea"}),
        ({"fields": None}, {"fields": {}}),
        ({"fields": {}}, {"fields": {}}),
        ({"fields": {"town": "Salem"}}, {"fields": {"town": "Salem"}}),
        ({"name": "Bea", "fields": None}, {"name": "Bea", "fields": {}}),
    ],
)
async def test_a_change_keeps_what_is_left_out_and_takes_away_what_is_null(
    change: dict[str, Any], expected: dict[str, Any], falcon: World, served: Product
) -> None:
    made = await _add(falcon, name="Alice", fields={"city": "Boston"})
    changed = (await falcon.machine.run(UPDATE, id=made["id"], input=change))["contactUpdate"]
    assert changed["errors"] == []
    assert changed["contact"] == {key: value for key, value in made.items() if key != "id"} | expected


async def test_a_number_can_be_changed_and_never_be_taken_away(falcon: World) -> None:
    made, number = await _add(falcon, name="Alice"), next(falcon.numbers)
    changed = (await falcon.machine.run(UPDATE, id=made["id"], input={"number": number}))["contactUpdate"]
    assert (changed["contact"]["number"], changed["contact"]["name"]) == (number, "Alice")
    taken = (await falcon.machine.run(UPDATE, id=made["id"], input={"number": None}))["contactUpdate"]
    assert _problems(taken) == [("INVALID_NUMBER", ["input", "number"])]
    assert (await falcon.machine.run(READ, id=made["id"]))["contact"]["number"] == number


async def test_null_for_what_a_new_contact_may_lack_is_as_if_left_out(falcon: World) -> None:
    made = await _add(falcon, name=None, fields=None)
    assert (made["name"], made["fields"]) == (None, {})


async def test_a_deleted_contact_is_gone_and_its_messages_stay(falcon: World) -> None:
    made = await _add(falcon)
    send = {"idempotencyKey": made["id"], "recipients": {"contactIds": [made["id"]]}, "body": "Hello"}
    batch = (await falcon.machine.run(operation("messageSend"), input=send))["messageSend"]["batch"]["id"]
    gone = (await falcon.machine.run(DELETE, id=made["id"]))["contactDelete"]
    assert gone == {"deletedId": made["id"], "errors": []}
    assert (await falcon.machine.run(READ, id=made["id"]))["contact"] is None
    found = await falcon.machine.run(
        "query ($id: ID!) { messages(filter: {batchId: $id}) { nodes { contact { id } recipient { number } } } }",
        id=batch,
    )
    assert found["messages"]["nodes"] == [{"contact": None, "recipient": {"number": made["number"]}}]
    again = (await falcon.machine.run(DELETE, id=made["id"]))["contactDelete"]
    assert _problems(again) == [("NOT_FOUND", ["id"])]
    changed = (await falcon.machine.run(UPDATE, id=made["id"], input={"name": "X"}))["contactUpdate"]
    assert _problems(changed) == [("NOT_FOUND", ["id"])]


async def test_a_wish_to_get_no_messages_outlives_the_contact(falcon: World, served: Product) -> None:
    made = await _add(falcon)
    async with served.database.for_tenant(falcon.tenant.id) as tx:
        await suppress(tx, made["number"], SuppressionSource.STOP, now=served.clock.now())
    await falcon.machine.run(DELETE, id=made["id"])
    again = await _add(falcon, number=made["number"])
    assert again["suppression"]["source"] == "STOP"


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_any_text_comes_back_as_it_was_given(text: str, falcon: World) -> None:
    made = await _add(falcon, name=text, fields={text: text, "x": f" {text} "})
    assert made["name"] == text.strip()
    assert made["fields"] == {text: text, "x": f" {text} "}
    changed = await falcon.machine.run(UPDATE, id=made["id"], input={"name": text, "fields": {text: text}})
    assert changed["contactUpdate"]["errors"] == []
    found = await falcon.machine.run(operation("contacts"), first=100, filter={"search": text})
    assert made["id"] in [node["id"] for node in found["contacts"]["nodes"]]


NUL_INPUTS: list[dict[str, Any]] = [
    {"number": "+1202555\x000143"},
    {"number": "+12025559999", "name": "a\0b"},
    {"number": "+12025559999", "fields": {"a": "\0"}},
    {"number": "+12025559999", "fields": {"\0": "a"}},
    {"number": "+12025559999", "fields": {"a": [{"b": "c\0"}]}},
]


@pytest.mark.parametrize("given", NUL_INPUTS)
async def test_a_nul_in_a_text_is_bad_input(given: dict[str, Any], falcon: World, onlooker: asyncpg.Connection) -> None:
    before = await contents(onlooker)
    answer = await falcon.machine.post(query=CREATE, variables={"input": given})
    assert answer.status_code == 400
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_USER_INPUT"]
    assert await contents(onlooker) == before


@pytest.mark.parametrize("literal", ['"\\u0000"', '"\\u{0}"', '"\\u{000}"', '"""\0"""', '"\0"'])
async def test_a_nul_in_a_document_is_bad_input(literal: str, falcon: World) -> None:
    for text in (
        f"{{ contacts(filter: {{search: {literal}}}) {{ nodes {{ id }} }} }}",
        f"{{ contact(id: {literal}) {{ id }} }}",
        f'mutation {{ contactCreate(input: {{number: "+12025559999", name: {literal}}}) {{ errors {{ code }} }} }}',
    ):
        answer = await falcon.machine.post(query=text)
        assert answer.status_code < 500
        assert [error["extensions"]["code"] for error in answer.json()["errors"]] == ["BAD_USER_INPUT"]
        assert "data" not in answer.json()
