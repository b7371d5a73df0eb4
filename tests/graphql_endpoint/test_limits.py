"""Operations that are too large: refused before anything runs, and fast."""

import time
from typing import Any

import pytest
from graphql import get_introspection_query

from api.graphql import Limits
from tests.graphql_endpoint.conftest import MODERN, Serve, Shopkeeper, code_of

FASTER_THAN = 0.1  # seconds of processor time, for the client and the server together


def nested(depth: int) -> str:
    """A query of this depth."""
    return "{ " + "shop { " * (depth - 1) + "name" + " }" * depth


def doubling(levels: int) -> str:
    """Fragments that each spread the next one twice, so that each doubles the fields of the answer."""
    fragments = [f"fragment F{n} on Shop {{ shop {{ ...F{n + 1} }} a: shop {{ ...F{n + 1} }} }}" for n in range(levels)]
    return " ".join(["{ shop { ...F0 } }", *fragments, f"fragment F{levels} on Shop {{ name }}"])


def many(count: int, form: str, separator: str = " ") -> str:
    """The form with each number in it."""
    return separator.join(form.replace("#", str(number)) for number in range(count))


DEEP, BROAD = "DEPTH_EXCEEDED", "BAD_USER_INPUT"
HOSTILE = {
    "depth 16": (nested(16), DEEP),
    "depth 50": (nested(50), DEEP),
    "depth 5000": (nested(5000), DEEP),
    "deep lists": ("{ echo(value: " + "[" * 900 + "]" * 900 + ") }", DEEP),
    "deep inline fragments": ("{ " + "... { " * 150 + "hello" + " }" * 151, DEEP),
    "deep introspection": ("{ __schema { types { " + "ofType { " * 20 + "name" + " }" * 23, DEEP),
    "a fragment in itself": ("{ shop { ...F } } fragment F on Shop { ...F }", DEEP),
    "a fragment in its own field": ("{ shop { ...F } } fragment F on Shop { shop { ...F } }", DEEP),
    "a cycle of 100 fragments": (
        "{ shop { ...F0 } } " + many(100, "fragment F# on Shop { ...G# } fragment G# on Shop { ...F# }"),
        DEEP,
    ),
    "an unused cycle": ("{ hello } fragment F on Shop { ...G } fragment G on Shop { ...F }", DEEP),
    "doubling fragments": (doubling(12), BROAD),
    "51 aliases": ("{ " + many(51, "a#: hello") + " }", BROAD),
    "10,000 aliases": ("{ " + many(10_000, "a#: hello") + " }", BROAD),
    "6,000 short aliases": ("{" + many(6_000, "a#:hello", ",") + "}", BROAD),
    "51 aliases in a fragment": ("{ shop { ...F } } fragment F on Shop { " + many(51, "a#: name") + " }", BROAD),
    "10,000 tokens": ("{ " + "hello " * 10_000 + "}", BROAD),
    "65 repeats": ("{ " + "hello " * 66 + "}", BROAD),
    "500 repeated objects": ("{ " + "shop { name } " * 490 + "}", BROAD),
    "51 directives": ("{ hello " + "@skip(if: false) " * 51 + "}", BROAD),
    "1,000 unknown directives": ("{ hello " + "@x " * 1_000 + "}", BROAD),
    "directives on a variable": ("query ($x: Int " + "@x " * 900 + ") { hello }", BROAD),
    "directives on an operation": ("query Q " + "@x " * 900 + "{ hello }", BROAD),
    "directives on an unused fragment": ("{ hello } fragment F on Query " + "@x " * 900 + "{ hello }", BROAD),
    "21 root fields": ("{ " + many(21, "a#: hello") + " }", BROAD),
    "a literal of 900 kB": ('{ hello(name: "' + "x" * 900_000 + '") }', BROAD),
    "30,000 comments": ("#\n" * 30_000 + "{ hello }", BROAD),
    "a lot of blanks": ("\n" * 70_000 + "{ hello }", BROAD),
}


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_gq_01_a_hostile_document_is_refused_in_no_time_and_nothing_runs(shop: Shopkeeper, hostile: str) -> None:
    query, code = HOSTILE[hostile]
    await shop.post("{ nothing }")
    for accept in (MODERN, "application/json"):
        took = []
        for _ in range(3):
            began = time.process_time()
            response = await shop.http.post(shop.url, json={"query": query}, headers={"Accept": accept})
            took.append(time.process_time() - began)
            assert (response.status_code, code_of(response)) == (400, code)
        assert min(took) < FASTER_THAN
    assert shop.books.begun == []


async def test_what_is_just_within_the_limits_is_answered(shop: Shopkeeper) -> None:
    aliases = "{ shop { " + many(50, "a#: name") + " } }"
    for query in (
        nested(15),
        aliases,
        "{ " + "hello " * 65 + "}",
        "{ hello " + "... @skip(if: true) { hello } " * 50 + "}",
    ):
        response = await shop.post(query)
        assert (response.status_code, response.json().get("errors")) == (200, None)


async def test_fields_that_merge_are_counted_and_paid_once_however_often_they_double(shop: Shopkeeper) -> None:
    six_times = "shop { ...F# } " * 6
    fragments = [f"fragment F{n} on Shop {{ {six_times.replace('#', str(n + 1))}}}" for n in range(12)]
    query = " ".join(["{ shop { ...F0 } }", *fragments, "fragment F12 on Shop { name }"])
    began = time.process_time()
    body = (await shop.post(query)).json()
    assert time.process_time() - began < 10 * FASTER_THAN  # walked apart, they would be 6^12 fields
    assert body["extensions"]["cost"]["requested"] == 13


async def test_what_graphiql_asks_of_the_schema_is_answered(shop: Shopkeeper) -> None:
    query = get_introspection_query(
        descriptions=True,
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )
    body = (await shop.post(query)).json()
    assert body["data"]["__schema"]["queryType"] == {"name": "Query", "kind": "OBJECT"}
    assert body["extensions"] == {"cost": {"requested": 0}}


async def test_introspection_cannot_multiply_lists(shop: Shopkeeper) -> None:
    query = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
    response = await shop.post(query)
    assert response.status_code == 400
    assert {error["message"] for error in response.json()["errors"]} == {"Maximum introspection depth exceeded"}


async def test_validation_tells_at_most_twenty_one_errors(shop: Shopkeeper) -> None:
    response = await shop.post("{ shop { " + many(500, "nope#") + " } }")
    assert response.status_code == 400
    assert len(response.json()["errors"]) == 21


COSTS: list[tuple[str, int]] = [
    ("{ hello }", 0),
    ("{ __typename __schema { types { name } } }", 0),
    ("{ shop { name } }", 1),
    ("{ shop { name shop { name } } }", 2),
    ("{ shop { name } ...F } fragment F on Query { shop { shop { name } } }", 2),
    ("{ a: shop { name } b: shop { name } }", 2),
    ("{ shop { bikes { pageInfo { hasNextPage } } } }", 3),
    ("{ shop { bikes { nodes { name } } } }", 2 + 25),
    ("{ shop { bikes(first: 10) { nodes { name } } } }", 2 + 10),
    ("{ shop { bikes(last: 10) { edges { cursor node { name } } } } }", 2 + 10),
    ("{ shop { bikes(first: 10) { nodes { name history } } } }", 2 + 10 * 8),
    ("{ shop { bikes(first: 10) { nodes { wheels { inches } } pageInfo { hasNextPage } } } }", 2 + 20 + 1),
    ("{ shop { bikes(first: 4) { nodes { parts(first: 3) { nodes { inches } } } } } }", 2 + 4 * (2 + 3)),
    ("{ shop { bikes(first: 1000000) { nodes { name } } } }", 2 + 100),
    ("{ shop { bikes(first: -5) { nodes { name } } } }", 2),
    ("{ shop { bikes(first: null) { nodes { name } } } }", 2 + 25),
    ("{ shop { bikes(first: 10) { nodes { ... @skip(if: true) { owner { name } } } } } }", 2 + 20),
    ("{ things { name ... on Bike { owner { name } } ... on Shop { shop { name } } } }", 3),
    ('mutation { rename(input: {name: "x"}) { shop { name } } }', 10 + 1),
    ('mutation { a: rename(input: {name: "x"}) { shop { name } } b: rename(input: {name: "y"}) { __typename } }', 21),
]


@pytest.mark.parametrize(("query", "cost"), COSTS)
async def test_an_answer_tells_what_its_operation_cost(shop: Shopkeeper, query: str, cost: int) -> None:
    body = (await shop.post(query)).json()
    assert body["extensions"] == {"cost": {"requested": cost}}


@pytest.mark.parametrize(
    ("variables", "cost"),
    [({}, 2 + 5), ({"n": 8}, 2 + 8), ({"n": None}, 2 + 25), ({"n": 5000}, 2 + 100), ({"n": -1}, 2)],
)
async def test_a_page_size_in_a_variable_is_counted_as_it_is_sent(
    shop: Shopkeeper, variables: dict[str, Any], cost: int
) -> None:
    query = "query ($n: Int = 5) { shop { bikes(first: $n) { nodes { name } } } }"
    body = (await shop.post(query, variables=variables)).json()
    assert body["extensions"]["cost"]["requested"] == cost


async def test_gq_03_an_operation_that_costs_too_much_is_refused_and_told_its_cost(shop: Shopkeeper) -> None:
    query = "query ($n: Int) { shop { bikes(first: $n) { nodes { parts(first: 20) { nodes { name } } } } } }"
    assert (await shop.post(query, variables={"n": 45})).json()["extensions"]["cost"]["requested"] == 2 + 45 * 22
    begun = len(shop.books.begun)
    for accept in (MODERN, "application/json"):
        sent = {"query": query, "variables": {"n": 46}}
        response = await shop.http.post(shop.url, json=sent, headers={"Accept": accept})
        assert (response.status_code, code_of(response)) == (400, "COST_EXCEEDED")
        assert response.json()["errors"][0]["extensions"]["cost"] == {"requested": 2 + 46 * 22, "limit": 1000}
    assert len(shop.books.begun) == begun


async def test_the_limits_can_be_set(serve: Serve) -> None:
    shop = await serve(Limits(cost=1, depth=2, body_bytes=100))
    assert (await shop.post("{ shop { name } }")).status_code == 200
    assert code_of(await shop.post(nested(3))) == DEEP
    assert code_of(await shop.post("{ a: shop { name } b: shop { name } }")) == "COST_EXCEEDED"
    assert (await shop.post("{ shop { " + "name " * 30 + "} }")).status_code == 413
