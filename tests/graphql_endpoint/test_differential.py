"""Random documents: the endpoint gives the very data and errors that Strawberry's own execute gives."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from graphql import (
    GraphQLError,
    GraphQLNamedType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_interface_type,
    is_object_type,
    is_required_argument,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import Request

from api.graphql import Limits
from portal_schema.errors import RequestError
from tests.graphql_endpoint.conftest import Serve, Shopkeeper
from tests.graphql_endpoint.shop import Books, Context, authenticate, schema

CORE = schema._schema  # noqa: SLF001  strawberry gives no public way to it
HUGE = Limits(
    depth=40, selections=10**6, aliases=10**6, repeats=10**6, directives=10**6, root_fields=10**6, cost=10**12
)
VARIABLES = {"yes": ("Boolean!", True), "no": ("Boolean!", False), "two": ("Int", 2), "none": ("Int = 3", None)}
# The right ones several times, so that most documents are valid.
ARGUMENTS = {
    "first": ["1", "2", "$two", "$none", "null"],
    "number": ["4", "5", "$none", "$none", "6", '"x"'],
    "name": ['"Owl"', '"Falcon"', '"Surf"', "null"],
    "size": ['"S"', '"M"', '"L"', '"S"', '"XXL"'],
    "value": ["{a: [1, $two]}", "[1.5, true]", '"x"', "5", "null"],
    "input": ['{name: "x", sizes: ["S"]}', '{name: "y"}', '{name: "z"}', "{}"],
}
DIRECTIVES = ["", "", "", "@skip(if: $yes)", "@skip(if: false)", "@include(if: $no)", "@include(if: $yes)"]


@dataclass
class Writer:
    """Writes one random document."""

    draw: Any
    fragments: list[str] = field(default_factory=list)
    aliases: int = 0

    def document(self) -> str:
        """An operation, the fragments it spreads, and the variables that either uses."""
        kind = self.draw(st.sampled_from(["query", "query", "query", "mutation"]))
        root = CORE.query_type if kind == "query" else CORE.mutation_type
        assert root is not None
        body = self.selections(root, 4)
        text = " ".join([body, *self.fragments])
        used = [f"${name}: {VARIABLES[name][0]}" for name in VARIABLES if f"${name}" in text]
        return f"{kind} {'(' + ' '.join(used) + ')' if used else ''} {text}"

    def selections(self, parent: GraphQLNamedType, depth: int) -> str:
        """A selection set for this type."""
        return "{ " + " ".join(self.selection(parent, depth) for _ in range(self.draw(st.integers(1, 4)))) + " }"

    def selection(self, parent: GraphQLNamedType, depth: int) -> str:
        """A field, an inline fragment, or the spread of a new fragment."""
        form = self.draw(st.sampled_from(["field"] * 5 + ["inline", "spread"]))
        if form == "field" or depth == 0:
            return self.field(parent, depth)
        possible = list(CORE.get_possible_types(parent)) if is_abstract_type(parent) else []
        wider = list(parent.interfaces) if is_object_type(parent) else []
        narrowed = self.draw(st.sampled_from([parent, *possible, *wider]))
        body = self.selections(narrowed, depth - 1)
        directive = self.draw(st.sampled_from(DIRECTIVES))
        if form == "inline":
            return f"... on {narrowed.name} {directive} {body}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {narrowed.name} {body}")
        return f"...{name} {directive}"

    def field(self, parent: GraphQLNamedType, depth: int) -> str:
        """A field with an alias perhaps, with arguments, and with a selection set where it needs one."""
        assert is_object_type(parent) or is_interface_type(parent)
        fields = {
            name: one
            for name, one in parent.fields.items()
            if "slow" not in name.lower() and (depth > 0 or not is_composite_type(get_named_type(one.type)))
        }
        name = self.draw(st.sampled_from([*fields, "__typename"]))
        alias = self.draw(st.sampled_from(["", "", f"{name}2: "]))
        directive = self.draw(st.sampled_from(DIRECTIVES))
        if name == "__typename":
            return f"{alias}{name} {directive}"
        given = [
            f"{argument}: {self.draw(st.sampled_from(ARGUMENTS[argument]))}"
            for argument, one in fields[name].args.items()
            if argument in ARGUMENTS and (is_required_argument(one) or self.draw(st.booleans()))
        ]
        if given:  # fields of one name merge only with the same arguments
            self.aliases += 1
            alias = f"a{self.aliases}: "
        arguments = f"({', '.join(given)})" if given else ""
        named = get_named_type(fields[name].type)
        below = self.selections(named, depth - 1) if is_composite_type(named) else ""
        return f"{alias}{name}{arguments} {directive} {below}"


@st.composite
def documents(draw: Any) -> str:
    """Random documents over the test schema; most are valid."""
    return Writer(draw).document()


def expected(error: GraphQLError, *, before_execution: bool) -> dict[str, Any]:
    """What the client may learn of an error that Strawberry found."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError) and not isinstance(cause, RequestError):
        cause = cause.original_error
    told: dict[str, Any] = {"path": error.path, "locations": [one.formatted for one in error.locations or []]}
    if isinstance(cause, RequestError):
        return told | {"message": cause.message, "code": cause.code.value}
    if before_execution or error.message.startswith("Argument "):
        return told | {"message": error.message, "code": "BAD_USER_INPUT"}
    return told | {"code": "INTERNAL"}


def actual(error: dict[str, Any]) -> dict[str, Any]:
    """The same of an error in an answer; its words count only where they are not the mask."""
    told = {"path": error.get("path"), "locations": error.get("locations", []), "code": error["extensions"]["code"]}
    return told if told["code"] == "INTERNAL" else told | {"message": error["message"]}


@pytest.fixture
async def shop(serve: Serve) -> Shopkeeper:
    return await serve(HUGE)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents())
async def test_the_endpoint_answers_as_strawberry_does(shop: Shopkeeper, document: str) -> None:
    variables = {name: value for name, (_, value) in VARIABLES.items() if f"${name}" in document}
    headers = {"X-Request-Id": "r1", "Accept": "application/json"}
    sent = {"query": document, "variables": variables}
    body = (await shop.http.post(shop.url, json=sent, headers=headers)).json()
    scope = {"type": "http", "headers": [(b"authorization", b"Bearer alice")]}
    context = Context(await authenticate(Request(scope)), "r1", Books())
    result = await schema.execute(document, variables, context)
    before = "data" not in body
    assert body.get("data") == result.data
    assert [actual(error) for error in body.get("errors", [])] == [
        expected(error, before_execution=before) for error in result.errors or []
    ]
