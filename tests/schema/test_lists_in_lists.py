"""Lists in lists, which are read together: each is what it is alone."""

from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio

from tests.product import Caller, Product
from tests.schema.rows import add_contact, send

pytestmark = pytest.mark.asyncio(loop_scope="module")

INSIDE = """query ($first: Int, $after: String, $last: Int, $before: String) {
  contacts(first: 3) {
    nodes { id messages(first: $first, after: $after, last: $last, before: $before) { ...page } }
  }
}
fragment page on MessageConnection {
  edges { cursor node { id body } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
}"""
ALONE = """query ($contact: ID!, $first: Int, $after: String, $last: Int, $before: String) {
  messages(filter: { contactId: $contact }, first: $first, after: $after, last: $last, before: $before) {
    edges { cursor node { id body } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def caller(served: Product) -> Caller:
    """A machine whose tenant has a contact with five messages, one with two and one with none."""
    machine = (await served.tenant("Lists in Lists")).machine
    contacts = []
    for number in range(3):
        served.clock.advance(timedelta(milliseconds=5))
        contacts.append(await add_contact(machine, f"+120255501{number:02}"))
    for number in range(5):
        served.clock.advance(timedelta(milliseconds=5))
        await send(machine, contacts[: 2 if number < 2 else 1], body=f"Number {number}")
    return machine


@pytest.mark.parametrize(
    "part", [{}, {"first": 1}, {"first": 2}, {"first": 5}, {"last": 1}, {"last": 2}, {"last": 100}], ids=str
)
async def test_a_list_read_together_with_others_is_the_list_alone(part: dict[str, Any], caller: Caller) -> None:
    inside = (await caller.run(INSIDE, **part))["contacts"]["nodes"]
    for contact in inside:
        alone = (await caller.run(ALONE, contact=contact["id"], **part))["messages"]
        assert contact["messages"] == alone
    most = part.get("first") or part.get("last") or 25
    assert [len(contact["messages"]["edges"]) for contact in inside] == [min(5, most), min(2, most), 0]


async def test_a_cursor_in_a_list_in_a_list_goes_on_in_each(caller: Caller) -> None:
    start = (await caller.run(INSIDE, first=2))["contacts"]["nodes"][0]["messages"]
    part = {"first": 2, "after": start["pageInfo"]["endCursor"]}
    inside = (await caller.run(INSIDE, **part))["contacts"]["nodes"]
    for contact in inside:
        assert contact["messages"] == (await caller.run(ALONE, contact=contact["id"], **part))["messages"]
    assert [edge["node"]["body"] for edge in inside[0]["messages"]["edges"]] == ["Number 2", "Number 1"]


@pytest.mark.parametrize("part", [{"first": 0}, {"first": 1, "last": 1}, {"after": "nonsense"}], ids=str)
async def test_wrong_arguments_are_told_for_each_list(part: dict[str, Any], caller: Caller) -> None:
    assert await caller.codes(INSIDE, **part) == ["BAD_USER_INPUT"] * 3
