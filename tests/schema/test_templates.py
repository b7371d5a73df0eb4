"""Templates: written, changed and archived; versions that messages keep; and all that can be wrong with one."""

import secrets
from typing import Any

import asyncpg
import pytest

from tests.product import Product
from tests.schema.nasty import LONG, TEXTS
from tests.schema.rows import add_contact, send
from tests.schema.world import World, contents

pytestmark = pytest.mark.asyncio(loop_scope="module")

VERSION = "id number body createdAt variables { name default example required }"
TEMPLATE = f"id name category archivedAt createdAt current {{ {VERSION} }} versions {{ {VERSION} }}"
CREATE = f"""mutation ($input: TemplateCreateInput!) {{
  templateCreate(input: $input) {{ template {{ {TEMPLATE} }} errors {{ code path message }} }}
}}"""
UPDATE = f"""mutation ($id: ID!, $input: TemplateUpdateInput!) {{
  templateUpdate(id: $id, input: $input) {{ template {{ {TEMPLATE} }} errors {{ code path message }} }}
}}"""
ARCHIVE = f"""mutation ($id: ID!) {{
  templateArchive(id: $id) {{ template {{ {TEMPLATE} }} errors {{ code path message }} }}
}}"""
READ = f"query ($id: ID!) {{ template(id: $id) {{ {TEMPLATE} }} }}"
LIST = "query ($archived: Boolean!) { templates(first: 100, filter: {archived: $archived}) { nodes { id } } }"
ESTIMATE = (
    "query ($input: MessageEstimateInput!) { messageEstimate(input: $input) { recipients preview refusals { code } } }"
)
VARIABLE = {"name": "name", "example": "Alice"}
Problems = list[tuple[str, list[str]]]
# What is wrong with a text or its variables, by the input: codes and paths, in order.
WRONG: dict[str, tuple[dict[str, Any], Problems]] = {
    "no name": ({"name": ""}, [("INVALID", ["name"])]),
    "a blank name": ({"name": " \t"}, [("INVALID", ["name"])]),
    "a long name": ({"name": "x" * 101}, [("INVALID", ["name"])]),
    "an endless name": ({"name": LONG}, [("INVALID", ["name"])]),
    "no text": ({"body": ""}, [("INVALID", ["body"])]),
    "a blank text": ({"body": " \n"}, [("INVALID", ["body"])]),
    "a long text": ({"body": "x" * 1601}, [("INVALID", ["body"])]),
    "an endless text": ({"body": LONG}, [("INVALID", ["body"])]),
    "an unknown variable": ({"body": "{{name}} {{city}}", "variables": [VARIABLE]}, [("UNKNOWN_VARIABLE", ["body"])]),
    "two unknown variables": (
        {"body": "{{a}} {{b}} {{a}}", "variables": []},
        [("UNKNOWN_VARIABLE", ["body"]), ("UNKNOWN_VARIABLE", ["body"])],
    ),
    "a variable that is no word": (
        {"body": "x", "variables": [VARIABLE | {"name": "first name"}]},
        [("INVALID", ["variables", "0", "name"])],
    ),
    "a variable without a name": (
        {"body": "x", "variables": [VARIABLE, VARIABLE | {"name": ""}]},
        [("INVALID", ["variables", "1", "name"])],
    ),
    "a variable with a long name": (
        {"body": "x", "variables": [VARIABLE | {"name": "x" * 51}]},
        [("INVALID", ["variables", "0", "name"])],
    ),
    "a variable twice": (
        {"body": "x", "variables": [VARIABLE, VARIABLE]},
        [("INVALID", ["variables", "0", "name"]), ("INVALID", ["variables", "1", "name"])],
    ),
    "a long default": (
        {"body": "x", "variables": [VARIABLE | {"default": "x" * 1601}]},
        [("INVALID", ["variables", "0", "default"])],
    ),
    "a long example": (
        {"body": "x", "variables": [VARIABLE | {"example": LONG}]},
        [("INVALID", ["variables", "0", "example"])],
    ),
    "too many variables": (
        {"body": "x", "variables": [{"name": f"v{n % 7}", "example": ""} for n in range(1_900)]},
        [("INVALID", ["variables"])],
    ),
    "too many variables in the text": (
        {"body": " ".join(f"{{{{v{n}}}}}" for n in range(51))},
        [("INVALID", ["variables"])],
    ),
    "all at once": (
        {"name": "", "body": "{{a}}" + "x" * 1600, "variables": [VARIABLE | {"name": "-"}]},
        [
            ("INVALID", ["name"]),
            ("INVALID", ["body"]),
            ("UNKNOWN_VARIABLE", ["body"]),
            ("INVALID", ["variables", "0", "name"]),
        ],
    ),
}


async def _add(world: World, body: str = "Ready, {{name}}!", **given: Any) -> dict[str, Any]:
    new = {"name": f"Template {secrets.token_hex(6)}", "category": "NOTIFICATION", "body": body}
    made = (await world.machine.run(CREATE, input=new | given))["templateCreate"]
    assert made["errors"] == []
    return dict(made["template"])


async def _change(world: World, template: dict[str, Any], **given: Any) -> Any:
    return (await world.machine.run(UPDATE, id=template["id"], input=given))["templateUpdate"]


def _problems(payload: dict[str, Any]) -> Problems:
    assert all(error["message"].endswith(".") for error in payload["errors"])
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def test_a_template_is_written_with_the_variables_that_are_in_it(falcon: World) -> None:
    made = await _add(falcon, "Hello {{name}}, {{ shop }} is open. {{name}}! {{no variable}} {{1}}", name=" Opening ")
    assert made == (await falcon.machine.run(READ, id=made["id"]))["template"]
    assert (made["name"], made["category"], made["archivedAt"]) == ("Opening", "NOTIFICATION", None)
    assert made["versions"] == [made["current"]]
    assert made["current"]["number"] == 1
    assert made["current"]["variables"] == [
        {"name": "name", "default": None, "example": "name", "required": True},
        {"name": "shop", "default": None, "example": "shop", "required": True},
    ]


async def test_variables_are_kept_as_they_were_declared(falcon: World) -> None:
    declared = [
        {"name": "name", "example": "Alice", "default": "friend", "required": True},
        {"name": "unused", "example": "", "default": None, "required": False},
    ]
    made = await _add(falcon, variables=declared)
    assert made["current"]["variables"] == declared


@pytest.mark.parametrize("why", WRONG)
async def test_what_is_wrong_is_said_where_it_is_and_nothing_is_written(
    why: str, falcon: World, onlooker: asyncpg.Connection
) -> None:
    given, expected = WRONG[why]
    expected = [(code, ["input", *path]) for code, path in expected]
    before = await contents(onlooker)
    new = {"name": "Wrong", "category": "MARKETING", "body": "x"} | given
    made = (await falcon.machine.run(CREATE, input=new))["templateCreate"]
    assert _problems(made) == expected
    assert made["template"] is None
    changed = (await falcon.machine.run(UPDATE, id=falcon.template, input=given))["templateUpdate"]
    assert _problems(changed) == expected
    assert changed["template"] is None
    assert await contents(onlooker) == before


async def test_a_name_belongs_to_one_template_in_use(falcon: World) -> None:
    one, other = await _add(falcon), await _add(falcon)
    new = {"name": one["name"].upper() + " ", "category": "MARKETING", "body": "x"}
    again = (await falcon.machine.run(CREATE, input=new))["templateCreate"]
    assert _problems(again) == [("NAME_TAKEN", ["input", "name"])]
    changed = await _change(falcon, other, name=one["name"], body="Other")
    assert _problems(changed) == [("NAME_TAKEN", ["input", "name"])]
    assert (await falcon.machine.run(READ, id=other["id"]))["template"] == other
    assert (await _change(falcon, one, name=one["name"].upper()))["errors"] == []
    await falcon.machine.run(ARCHIVE, id=one["id"])
    assert (await _change(falcon, other, name=one["name"]))["errors"] == []


async def test_a_new_text_makes_a_version_and_the_same_text_does_not(falcon: World) -> None:
    made = await _add(falcon)
    same = await _change(falcon, made, body=made["current"]["body"])
    assert same["template"] == made
    changed = (await _change(falcon, made, body="Hi {{name}}, {{city}}!"))["template"]
    assert [version["number"] for version in changed["versions"]] == [2, 1]
    assert changed["versions"] == [changed["current"], made["current"]]
    assert changed["current"]["id"] != made["current"]["id"]
    assert [one["name"] for one in changed["current"]["variables"]] == ["name", "city"]


async def test_a_new_text_keeps_what_is_known_of_its_variables(falcon: World) -> None:
    known = {"name": "name", "example": "Alice", "default": "friend", "required": False}
    made = await _add(falcon, variables=[known])
    changed = (await _change(falcon, made, body="{{city}}: {{name}}"))["template"]
    city = {"name": "city", "example": "city", "default": None, "required": True}
    assert changed["current"]["variables"] == [city, known]
    declared = (await _change(falcon, made, variables=[city, known | {"default": None}]))["template"]
    assert declared["current"]["number"] == 3
    assert declared["current"]["variables"] == [city, known | {"default": None}]
    assert declared["current"]["body"] == "{{city}}: {{name}}"


@pytest.mark.parametrize("change", [{}, {"name": None, "category": None, "body": None, "variables": None}])
async def test_what_is_left_out_or_null_stays_as_it_is(change: dict[str, Any], falcon: World) -> None:
    made = await _add(falcon)
    changed = await _change(falcon, made, **change)
    assert changed == {"template": made, "errors": []}


async def test_name_and_category_change_without_a_new_version(falcon: World) -> None:
    made = await _add(falcon)
    name = f"Other {made['name']}"
    changed = (await _change(falcon, made, name=f" {name} ", category="MARKETING"))["template"]
    assert changed == made | {"name": name, "category": "MARKETING"}


async def test_a_message_keeps_the_version_that_it_was_sent_with(falcon: World) -> None:
    made = await _add(falcon, "First {{name}}")
    contact = await add_contact(falcon.machine, next(falcon.numbers), "Vera")
    first = await send(falcon.machine, [contact], templateId=made["id"])
    await _change(falcon, made, body="Second {{name}}")
    second = await send(falcon.machine, [contact], templateId=made["id"])
    await falcon.machine.run(ARCHIVE, id=made["id"])
    read = "query ($id: ID!) { messages(filter: {batchId: $id}) { nodes { body template { number body } } } }"
    for batch, number, word in ((first, 1, "First"), (second, 2, "Second")):
        found = (await falcon.machine.run(read, id=batch["id"]))["messages"]["nodes"]
        assert found == [{"body": f"{word} Vera", "template": {"number": number, "body": f"{word} {{{{name}}}}"}}]


async def test_an_archived_template_is_out_of_use_for_good(falcon: World, served: Product) -> None:
    made = await _add(falcon)
    archived = (await falcon.machine.run(ARCHIVE, id=made["id"]))["templateArchive"]
    assert archived["errors"] == []
    assert archived["template"]["archivedAt"] is not None
    assert archived["template"] == made | {"archivedAt": archived["template"]["archivedAt"]}
    again = (await falcon.machine.run(ARCHIVE, id=made["id"]))["templateArchive"]
    assert again == archived
    changed = await _change(falcon, made, body="x")
    assert (_problems(changed), changed["template"]) == ([("ARCHIVED", ["id"])], None)
    lists = [(await falcon.machine.run(LIST, archived=which))["templates"]["nodes"] for which in (True, False)]
    assert [{"id": made["id"]} in found for found in lists] == [True, False]
    (error,) = await falcon.machine.errors(
        ESTIMATE, input={"recipients": {"contactIds": [falcon.other_contact]}, "templateId": made["id"]}
    )
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["extensions"]["path"] == ["input", "templateId"]


async def test_what_is_no_template_is_not_found(falcon: World) -> None:
    for given in (falcon.contact, "nothing", ""):
        changed = (await falcon.machine.run(UPDATE, id=given, input={"name": ""}))["templateUpdate"]
        assert _problems(changed) == [("NOT_FOUND", ["id"])]
        archived = (await falcon.machine.run(ARCHIVE, id=given))["templateArchive"]
        assert _problems(archived) == [("NOT_FOUND", ["id"])]


async def test_a_default_fills_what_nothing_else_does_and_what_is_optional_may_stay_empty(falcon: World) -> None:
    variables = [
        {"name": "city", "example": "Boston", "default": "town", "required": True},
        {"name": "street", "example": "Main", "required": False},
        {"name": "name", "example": "Alice"},
    ]
    made = await _add(falcon, "{{name}} of {{city}}{{street}}", variables=variables)
    nameless = await add_contact(falcon.machine, next(falcon.numbers), "")
    contacts = [falcon.other_contact, nameless]
    given = {"recipients": {"contactIds": contacts}, "templateId": made["id"]}
    found = (await falcon.machine.run(ESTIMATE, input=given))["messageEstimate"]
    assert found == {"recipients": 1, "preview": "Alice of town", "refusals": [{"code": "MISSING_VARIABLE"}]}
    found = (await falcon.machine.run(ESTIMATE, input=given | {"variables": {"name": "You"}}))["messageEstimate"]
    assert found == {"recipients": 2, "preview": "You of town", "refusals": []}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
async def test_any_text_comes_back_as_it_was_given(text: str, falcon: World) -> None:
    variables = [{"name": name, "example": text, "default": text, "required": True} for name in ("name", "x")]
    made = await _add(falcon, f" {text} ", name=f"{text}.", variables=variables)
    assert (made["name"], made["current"]["body"]) == (f"{text}.".strip(), f" {text} ")
    assert made["current"]["variables"] == variables
    changed = await _change(falcon, made, body=f"{text}{{{{x}}}}")
    assert changed["template"]["current"]["body"] == f"{text}{{{{x}}}}"
    assert changed["errors"] == []


async def test_two_changes_at_once_make_two_versions(falcon: World) -> None:
    made = await _add(falcon)
    answer = await falcon.machine.run(
        """mutation ($id: ID!) {
          a: templateUpdate(id: $id, input: {body: "A"}) { template { current { number body } } errors { code } }
          b: templateUpdate(id: $id, input: {body: "B"}) { template { current { number body } } errors { code } }
        }""",
        id=made["id"],
    )
    assert answer["a"]["template"]["current"] == {"number": 2, "body": "A"}
    assert answer["b"]["template"]["current"] == {"number": 3, "body": "B"}
