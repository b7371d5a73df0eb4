"""Lists: every item once whatever comes and goes between the pages, honest page infos, and cursors that fit."""

import base64
from datetime import timedelta
from itertools import product as pairs
from typing import Any

import orjson
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.product import Caller, Product
from tests.schema.rows import add_contact

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONTACTS = """query (
  $first: Int, $after: String, $last: Int, $before: String, $filter: ContactFilter, $sort: ContactSort
) {
  contacts(first: $first, after: $after, last: $last, before: $before, filter: $filter, sort: $sort) {
    edges { cursor node { id name } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""
DELETE = "mutation ($id: ID!) { contactDelete(id: $id) { errors { code } } }"
# Names that are alike, differ in case only, are missing, or sort beside the ASCII letters.
NAMES = ["Bob", "bob", "BOB", None, "alice", "Alice", None, "Zoë", "zoe", "100%", "a_b", "aXb", "Ärger", "😀", "", "  "]
SORTS: list[dict[str, str] | None] = [
    None,
    *({"field": field, "direction": way} for field, way in pairs(("CREATED_AT", "NAME"), ("ASCENDING", "DESCENDING"))),
]
SIZES = (1, 2, 3, 7, len(NAMES) - 1, len(NAMES), 100)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(served: Product) -> Caller:
    """A tenant's machine, the tenant with a contact of each name."""
    machine = (await served.tenant("Long Lists")).machine
    create = "mutation ($input: ContactCreateInput!) { contactCreate(input: $input) { errors { code } } }"
    for number, name in enumerate(NAMES):
        made = await machine.run(create, input={"number": f"+1202555{number:04}", "name": name})
        assert made["contactCreate"]["errors"] == []
        served.clock.advance(timedelta(milliseconds=number % 2))  # some are of the same instant
    return machine


async def _page(caller: Caller, **arguments: Any) -> dict[str, Any]:
    page = (await caller.run(CONTACTS, **arguments))["contacts"]
    ids = [edge["node"]["id"] for edge in page["edges"]]
    cursors = [edge["cursor"] for edge in page["edges"]]
    info = page["pageInfo"]
    assert [node["id"] for node in page["nodes"]] == ids
    assert (info["startCursor"], info["endCursor"]) == ((cursors[0], cursors[-1]) if cursors else (None, None))
    return {"ids": ids, "names": [edge["node"]["name"] for edge in page["edges"]], "cursors": cursors, **info}


@pytest.mark.parametrize("sort", SORTS)
async def test_pages_of_any_size_cover_the_list_once_in_both_directions(
    sort: dict[str, str] | None, caller: Caller
) -> None:
    whole = await _page(caller, first=100, sort=sort)
    assert len(set(whole["ids"])) == len(NAMES)
    assert (whole["hasNextPage"], whole["hasPreviousPage"]) == (False, False)
    assert (await _page(caller, last=100, sort=sort))["ids"] == whole["ids"]
    for size in SIZES:
        forward: list[str] = []
        cursor: str | None = None
        while True:
            page = await _page(caller, first=size, after=cursor, sort=sort)
            assert page["hasPreviousPage"] == bool(forward)
            forward += page["ids"]
            assert page["hasNextPage"] == (len(forward) < len(NAMES))
            cursor = page["endCursor"]
            if not page["hasNextPage"]:
                break
        backward: list[str] = []
        cursor = None
        while True:
            page = await _page(caller, last=size, before=cursor, sort=sort)
            assert page["hasNextPage"] == bool(backward)
            backward = page["ids"] + backward
            assert page["hasPreviousPage"] == (len(backward) < len(NAMES))
            cursor = page["startCursor"]
            if not page["hasPreviousPage"]:
                break
        assert forward == backward == whole["ids"]


@pytest.mark.parametrize("sort", SORTS)
async def test_behind_and_before_every_cursor_lies_the_rest(sort: dict[str, str] | None, caller: Caller) -> None:
    whole = await _page(caller, first=100, sort=sort)
    for place, cursor in enumerate(whole["cursors"]):
        behind = await _page(caller, first=100, after=cursor, sort=sort)
        before = await _page(caller, last=100, before=cursor, sort=sort)
        assert behind["ids"] == whole["ids"][place + 1 :]
        assert before["ids"] == whole["ids"][:place]
        assert (behind["hasNextPage"], behind["hasPreviousPage"]) == (False, True)
        assert (before["hasNextPage"], before["hasPreviousPage"]) == (True, False)


async def test_names_sort_without_regard_to_case_and_those_missing_come_first(caller: Caller) -> None:
    rising = (await _page(caller, first=100, sort={"field": "NAME"}))["names"]
    falling = (await _page(caller, first=100, sort={"field": "NAME", "direction": "DESCENDING"}))["names"]
    assert rising[:4] == [None] * 4  # two were not given, two were blank
    assert falling == rising[::-1]
    places = {name: place for place, name in enumerate(rising)}
    assert max(places["Alice"], places["alice"]) < min(places["Bob"], places["bob"], places["BOB"])


async def test_the_oldest_contacts_come_first_unless_asked_otherwise(caller: Caller) -> None:
    names = (await _page(caller, first=100))["names"]
    falling = await _page(caller, first=100, sort={"field": "CREATED_AT", "direction": "DESCENDING"})
    assert falling["names"] == names[::-1]
    for pair in range(0, len(NAMES), 2):  # two were made at each instant
        assert set(names[pair : pair + 2]) == {(name or "").strip() or None for name in NAMES[pair : pair + 2]}


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("bob", ["BOB", "Bob", "bob"]),
        ("  BOB ", ["BOB", "Bob", "bob"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("A_B", ["a_b"]),
        ("ärger", ["Ärger"]),
        ("😀", ["😀"]),
        ("zoë", ["Zoë"]),
        ("\\", []),
        ("'; DROP TABLE contact; --", []),
        ("nobody", []),
        ("(202) 555-0004", ["alice"]),
        ("5550004", ["alice"]),
        ("0004", ["alice"]),
        ("99999", []),
        ("x" * 10_000, []),
    ],
)
async def test_search_finds_parts_of_names_and_numbers_and_takes_wildcards_as_they_are(
    search: str, found: list[str], caller: Caller
) -> None:
    names = (await _page(caller, first=100, filter={"search": search}))["names"]
    assert sorted(names) == found


@pytest.mark.parametrize("search", ["", "   ", None])
async def test_a_search_for_nothing_finds_all(search: str | None, caller: Caller) -> None:
    assert len((await _page(caller, first=100, filter={"search": search}))["ids"]) == len(NAMES)


async def test_a_page_holds_twenty_five_unless_it_says_otherwise(served: Product) -> None:
    machine = (await served.tenant("Twenty Six")).machine
    for number in range(26):
        await add_contact(machine, f"+1202555{number:04}")
    page = await _page(machine)
    assert (len(page["ids"]), page["hasNextPage"]) == (25, True)


def _cursor(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(parts)).decode().rstrip("=")


ID = "01890000-0000-7000-8000-000000000000"
BY_NAME = {"sort": {"field": "NAME"}}
WRONG: dict[str, dict[str, Any]] = {
    "both directions": {"first": 1, "last": 1},
    "none": {"first": 0},
    "none backwards": {"last": 0},
    "too many": {"first": 101},
    "too many backwards": {"last": 101},
    "negative": {"first": -1},
    "before without last": {"before": _cursor("created", None, ID)},
    "before with first": {"first": 1, "before": _cursor("created", None, ID)},
    "after with last": {"last": 1, "after": _cursor("created", None, ID)},
    "an empty cursor": {"after": ""},
    "no cursor": {"after": "no cursor"},
    "no base64": {"after": "é€😀"},
    "a number": {"after": base64.b64encode(b"17").decode()},
    "an object": {"after": base64.b64encode(b'{"a":1,"b":2,"c":3}').decode()},
    "no id": {"after": _cursor("created", None, "1")},
    "an id that is a number": {"after": _cursor("created", None, 1)},
    "a part too many": {"after": _cursor("created", None, ID, 1)},
    "another list's": {"after": _cursor("created-", None, ID)},
    "another sort's": {"after": _cursor("name", "bob", ID)},
    "another sort's in return": {"after": _cursor("created", None, ID)} | BY_NAME,
    "a value where none belongs": {"after": _cursor("created", "bob", ID)},
    "no value where one belongs": {"after": _cursor("name", None, ID)} | BY_NAME,
    "a value that is a number": {"after": _cursor("name", 1, ID)} | BY_NAME,
    "a value that is a list": {"after": _cursor("name", ["bob"], ID)} | BY_NAME,
    "a value with a NUL": {"after": _cursor("name", "b\0b", ID)} | BY_NAME,
    "a megabyte less a little": {"after": "A" * 900_000},
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG.keys())
async def test_gq_02_page_arguments_that_make_no_sense_are_refused(arguments: dict[str, Any], caller: Caller) -> None:
    (error,) = await caller.errors(CONTACTS, **arguments)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["path"] == ["contacts"]
    assert error["message"].endswith(".")


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_pages_stay_right_while_contacts_come_and_go(data: st.DataObject, served: Product) -> None:
    machine = (await served.tenant("Come and Go")).machine
    numbers = iter(range(10_000))
    names = st.sampled_from(["Ann", "ann", "Bo", "Cy", "Di", ""])

    async def add() -> str:
        served.clock.advance(timedelta(milliseconds=1))
        return await add_contact(machine, f"+1202555{next(numbers):04}", data.draw(names))

    sort, backward = data.draw(st.sampled_from(SORTS)), data.draw(st.booleans())
    here = {await add() for _ in range(9)}
    stayed, seen, cursor = set(here), list[str](), None
    while True:
        size = data.draw(st.integers(1, 4))
        way = {"last": size, "before": cursor} if backward else {"first": size, "after": cursor}
        page = await _page(machine, sort=sort, **way)
        seen = page["ids"] + seen if backward else seen + page["ids"]
        if not page["hasPreviousPage" if backward else "hasNextPage"]:
            break
        cursor = page["startCursor" if backward else "endCursor"]
        for change in data.draw(st.lists(st.sampled_from(["add", "drop", "drop the last seen"]), max_size=3)):
            if change == "add":
                here.add(await add())
            elif gone := sorted(here if change == "drop" else here & {seen[0 if backward else -1]})[:1]:
                assert (await machine.run(DELETE, id=gone[0]))["contactDelete"]["errors"] == []
                here.discard(gone[0])
                stayed.discard(gone[0])
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)
    whole = (await _page(machine, first=100, sort=sort))["ids"]
    assert [one for one in seen if one in here] == [one for one in whole if one in seen]


async def test_an_empty_page_tells_the_truth_about_what_lies_beyond_it(served: Product) -> None:
    machine = (await served.tenant("Gone")).machine
    ids = [await add_contact(machine, f"+1202555{number:04}") for number in range(3)]
    cursors = (await _page(machine, first=3))["cursors"]
    for gone in ids[1:]:
        await machine.run(DELETE, id=gone)
    last = await _page(machine, first=5, after=cursors[2])
    assert (last["ids"], last["hasPreviousPage"], last["hasNextPage"]) == ([], True, False)
    await machine.run(DELETE, id=ids[0])
    for way in ({"first": 5, "after": cursors[2]}, {"last": 5, "before": cursors[0]}, {"first": 5}, {"last": 5}):
        page = await _page(machine, **way)
        assert (page["ids"], page["hasPreviousPage"], page["hasNextPage"]) == ([], False, False)
