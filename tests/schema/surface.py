"""The surface as the committed schema.graphql tells it, and the smallest operation that reaches each part of it.

It reads the text and not the code, so that what is expected of a guard does not come from the guard.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    build_schema,
    get_named_type,
    is_input_object_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
    is_union_type,
    value_from_ast_untyped,
)

from auth.permissions import Permission

SDL = Path(__file__).parents[2] / "portal_schema" / "schema.graphql"
SCHEMA = build_schema(SDL.read_text(encoding="utf-8"))
ROOTS = ("Query", "Mutation", "Subscription")
Permissions = frozenset[Permission]
NOTHING: Permissions = frozenset()


def object_types() -> list[GraphQLObjectType]:
    """Every object type but those of introspection."""
    return [one for one in SCHEMA.type_map.values() if is_object_type(one) and not one.name.startswith("__")]


def declared(element: Any) -> Permissions | None:
    """What `@requires` on a type or a field says, or None where there is none."""
    for directive in getattr(element.ast_node, "directives", None) or ():
        if directive.name.value == "requires":
            (argument,) = directive.arguments
            return frozenset(Permission(name) for name in value_from_ast_untyped(argument.value))
    return None


def needed(owner: GraphQLObjectType, field: GraphQLField) -> Permissions:
    """What a field asks for: by its own words, by its type's, and by those of the type that it leads to."""
    target = get_named_type(field.type)
    leads_to = declared(target) if is_object_type(target) else None
    return (declared(owner) or NOTHING) | (declared(field) or NOTHING) | (leads_to or NOTHING)


@dataclass(frozen=True, slots=True)
class Step:
    """One field on the way from a root type."""

    owner: GraphQLObjectType
    name: str

    @property
    def field(self) -> GraphQLField:
        """The field's definition."""
        found: GraphQLField = self.owner.fields[self.name]
        return found

    @property
    def needed(self) -> Permissions:
        """What the field asks for."""
        return needed(self.owner, self.field)


Way = tuple[Step, ...]
_FAR = 100  # steps that a detour is as long as


def coordinate(way: Way) -> str:
    """The last step as the GraphQL specification writes it: `Message.body`."""
    return f"{way[-1].owner.name}.{way[-1].name}"


def ways(detour: Callable[[Way, str], int] = lambda *_: 0) -> dict[str, Way]:
    """The shortest way to every field that a request answers, by coordinate; queries go before mutations.

    A type behind a way with a detour is reached by one with a smaller detour, if there is one.
    """
    found: dict[str, Way] = {}
    reached: set[str] = set()
    waiting: list[tuple[int, GraphQLObjectType, Way]] = [(0, _object(root), ()) for root in ("Query", "Mutation")]
    while waiting:
        nearest = min(far for far, _, _ in waiting)
        level = [one for one in waiting if one[0] == nearest]
        waiting = [one for one in waiting if one[0] != nearest]
        for far, owner, so_far in sorted(level, key=lambda one: _is_change(one[2])):
            if owner.name in reached:
                continue
            reached.add(owner.name)
            for name, field in owner.fields.items():
                way = (*so_far, Step(owner, name))
                found[coordinate(way)] = way
                waiting += [(far + 1 + _FAR * detour(way, target.name), target, way) for target in _targets(field.type)]
    return found


def operation(
    asked: Mapping[str, Way], given: Mapping[str, Any], selection: str = "__typename"
) -> tuple[str, dict[str, Any]]:
    """One operation with each way under its alias, and its variables; `selection` goes where a way ends at an object.

    `given` has the values of required arguments by coordinate, `Query.contact(id)`. A KeyError names one to be added.
    """
    variables: dict[str, Any] = {}
    types: list[str] = []
    fields = [_selected(way, alias, given, variables, types, selection) for alias, way in asked.items()]
    kind = next(iter(asked.values()))[0].owner.name.lower()
    head = f"({', '.join(types)})" if types else ""
    return f"{kind}{head} {{\n  " + "\n  ".join(fields) + "\n}", variables


def everything(kind: GraphQLNamedType, depth: int) -> str:
    """A selection of all fields of a type that need no argument, and of so many levels of objects below it."""
    if is_union_type(kind):
        possible = SCHEMA.get_possible_types(kind)
        return "__typename " + " ".join(f"... on {one.name} {{ {everything(one, depth)} }}" for one in possible)
    texts = ["__typename"]
    for name, field in getattr(kind, "fields", {}).items():
        target = get_named_type(field.type)
        if any(is_required_argument(argument) for argument in field.args.values()):
            continue
        if is_leaf_type(target):
            texts.append(name)
        elif depth:
            few = "(first: 2)" if "first" in field.args else ""
            texts.append(f"{name}{few} {{ {everything(target, depth - 1)} }}")
    return " ".join(texts)


def id_places() -> dict[str, GraphQLArgument | GraphQLInputField]:
    """Every argument and every input field that takes ids, by coordinate."""
    arguments = {
        f"{owner.name}.{name}({argument_name})": argument
        for owner in object_types()
        for name, field in owner.fields.items()
        for argument_name, argument in field.args.items()
    }
    inputs = {
        f"{one.name}.{name}": field
        for one in SCHEMA.type_map.values()
        if is_input_object_type(one)
        for name, field in one.fields.items()
    }
    return {place: one for place, one in (arguments | inputs).items() if get_named_type(one.type).name == "ID"}


def fields_with(argument: str) -> set[str]:
    """The coordinates of all fields that take an argument of this name."""
    return {
        f"{owner.name}.{name}"
        for owner in object_types()
        for name, field in owner.fields.items()
        if argument in field.args
    }


def node_types() -> set[str]:
    """The names of the types that `node` finds."""
    return {one.name for one in object_types() if "Node" in [interface.name for interface in one.interfaces]}


def _is_change(way: Way) -> bool:
    return bool(way) and way[0].owner.name == "Mutation"


def _object(name: str) -> GraphQLObjectType:
    found = SCHEMA.type_map[name]
    if not is_object_type(found):
        raise TypeError(f"{name} is no object type")
    return found


def _targets(output: GraphQLOutputType) -> Iterator[GraphQLObjectType]:
    named = get_named_type(output)
    if is_object_type(named):
        yield named
    elif is_union_type(named):
        yield from named.types  # an interface is left: every object that implements one has a way of its own


def _selected(
    way: Way, alias: str, given: Mapping[str, Any], variables: dict[str, Any], types: list[str], selection: str
) -> str:
    texts = []
    for place, step in enumerate(way):
        if place and is_union_type(get_named_type(way[place - 1].field.type)):
            texts.append(f"... on {step.owner.name}")
        texts.append(step.name + _arguments(step, f"{alias}_{place}", given, variables, types))
    if not is_leaf_type(get_named_type(way[-1].field.type)):
        texts.append(selection)
    return f"{alias}: " + " { ".join(texts) + " }" * (len(texts) - 1)


def _arguments(step: Step, prefix: str, given: Mapping[str, Any], variables: dict[str, Any], types: list[str]) -> str:
    texts = []
    for name, argument in step.field.args.items():
        if not is_required_argument(argument):
            continue
        variable = f"{prefix}_{name}"
        variables[variable] = given[f"{step.owner.name}.{step.name}({name})"]
        types.append(f"${variable}: {argument.type}")
        texts.append(f"{name}: ${variable}")
    return f"({', '.join(texts)})" if texts else ""
