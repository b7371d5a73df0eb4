"""Random operations over the schema: valid in shape, nasty in what they pass."""

import base64
import json
from typing import Any

from graphql import (
    GraphQLInputType,
    GraphQLNamedType,
    get_named_type,
    is_abstract_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_required_argument,
    is_required_input_field,
)
from hypothesis import strategies as st

from tests.schema.nasty import LONG, TEXTS
from tests.schema.surface import SCHEMA

Draw = st.DrawFn
_DEEPEST = 4
_texts = st.one_of(
    st.sampled_from([*TEXTS.values(), "", " ", "{{name}}", "\0", "a\0b", LONG]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
)
_numbers = st.sampled_from([0, 1, 2, 25, 100, 101, -1, 2**31 - 1, 2**31, 2**63, 1.5])
_phones = st.sampled_from(["+12025550177", "2025550178", "+1202555010", "911", "+" + "9" * 40])
_instants = st.sampled_from(
    [
        "2026-11-20T14:30:00Z",
        "2026-11-20T14:30:00+14:00",
        "2026-11-20",
        "0001-01-01T00:00:00+14:00",
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59-14:00",
        "10000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "tomorrow",
    ]
)
_json = st.recursive(
    st.none() | st.booleans() | _numbers | _texts.filter(lambda text: len(text) < 1_000),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "x", "", "é", "\0"]), inner),
    max_leaves=6,
)


def _cursors() -> st.SearchStrategy[str]:
    parts = st.tuples(
        st.sampled_from(["created", "created-", "name", "name-", "", 1]),
        st.none() | _texts.filter(lambda text: len(text) < 1_000) | _numbers,
        st.uuids().map(str) | st.just("x"),
    )
    return parts.map(lambda given: base64.urlsafe_b64encode(json.dumps(given).encode()).decode().rstrip("="))


class _Operation:
    """One operation while it is drawn."""

    def __init__(self, draw: Draw, ids: list[str]) -> None:
        self.draw = draw
        self.ids = st.one_of(st.sampled_from([*ids, "", "x", "TWVzc2FnZTo", "é", "Tm9kZTp4"]), _cursors())
        self.variables: dict[str, Any] = {}
        self.types: list[str] = []
        self.aliases = 0

    def value(self, kind: GraphQLInputType) -> Any:
        """A value for an argument, which may fit and may not."""
        if is_non_null_type(kind):
            return self.value(kind.of_type)
        if is_list_type(kind):
            return [self.value(kind.of_type) for _ in range(self.draw(st.integers(0, 3)))]
        if is_input_object_type(kind):
            return {
                name: self.value(field.type)
                for name, field in kind.fields.items()
                if is_required_input_field(field) or self.draw(st.booleans())
            }
        if is_enum_type(kind):
            return self.draw(st.sampled_from(list(kind.values)))
        named = get_named_type(kind).name
        by_name = {"ID": self.ids, "Int": _numbers, "Boolean": st.booleans(), "DateTime": _instants, "JSON": _json}
        return self.draw(by_name.get(named, _texts | _phones | _cursors()))

    def arguments(self, arguments: dict[str, Any]) -> str:
        """Some of a field's arguments, each by a variable."""
        texts = []
        for name, argument in arguments.items():
            if is_required_argument(argument) or self.draw(st.integers(0, 3)) == 0:
                variable = f"v{len(self.types)}"
                self.types.append(f"${variable}: {argument.type}")
                rarely_null = self.draw(st.integers(0, 9)) == 0
                self.variables[variable] = None if rarely_null else self.value(argument.type)
                texts.append(f"{name}: ${variable}")
        return f"({', '.join(texts)})" if texts else ""

    def selection(self, kind: GraphQLNamedType, depth: int) -> str:
        """Some fields of a type, under aliases, so that none is in another's way."""
        if is_abstract_type(kind):
            possible = self.draw(st.lists(st.sampled_from(SCHEMA.get_possible_types(kind)), max_size=3, unique=True))
            return (
                "{ __typename " + " ".join(f"... on {one.name} {self.selection(one, depth)}" for one in possible) + " }"
            )
        fields = {
            name: field
            for name, field in getattr(kind, "fields", {}).items()
            if depth > 0 or is_leaf_type(get_named_type(field.type))
        }
        texts = ["__typename"]
        for name in self.draw(st.lists(st.sampled_from(sorted(fields)), min_size=1, max_size=3)) if fields else ():
            self.aliases += 1
            target = get_named_type(fields[name].type)
            below = "" if is_leaf_type(target) else self.selection(target, depth - 1)
            texts.append(f"a{self.aliases}: {name}{self.arguments(fields[name].args)} {below}")
        return "{ " + " ".join(texts) + " }"


@st.composite
def operations(draw: Draw, ids: list[str]) -> dict[str, Any]:
    """A request: a document with its variables."""
    drawn = _Operation(draw, ids)
    kind = draw(st.sampled_from(["query", "query", "mutation"]))
    root = SCHEMA.type_map[kind.title()]
    body = drawn.selection(root, _DEEPEST if kind == "query" else 2)
    head = f"({', '.join(drawn.types)})" if drawn.types else ""
    return {"query": f"{kind} {head} {body}", "variables": drawn.variables}
