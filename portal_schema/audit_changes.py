"""What the audit log keeps of arguments, and of a mutation's outcome."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputField,
    GraphQLInputType,
    GraphQLNamedType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
)

from auth.permissions import Permission
from portal.audit.masking import mask_text, mask_values
from portal.global_ids import split_global

# Scalars that tell nothing of a person: each has a form of its own, so that nobody puts another thing into it.
_SHOWN = {"Boolean", "Int", "Decimal", "DateTime", "Date"}
_MOST_SHOWN = 10
_SCOPES = frozenset(permission.scope for permission in Permission)  # the portal's own words: nobody's content
_LEFT_OUT = {"id", "idempotencyKey"}  # the target, and what names no change


def changes_of(field: GraphQLField, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A mutation's arguments by the names of their fields, without the word `input`, their values masked."""
    changing = {name: value for name, value in arguments.items() if name not in _LEFT_OUT}
    return {path.removeprefix("input."): masked for path, masked in masked_arguments(field, changing).items()}


def masked_arguments(field: GraphQLField, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A field's arguments by the paths to their values, which are masked."""
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        found |= _changes(name, field.args[name].type, value)
    return found


def target_of(payload: object) -> str | None:
    """The global id of what a payload is about: its object, or the id of what is gone."""
    for name, value in vars(payload).items():
        if name.endswith("_id") and isinstance(value, str):
            return value
        found = getattr(value, "id", None)
        if isinstance(found, str):
            return found
    return None


def _changes(name: str, kind: GraphQLInputType, value: Any) -> dict[str, Any]:
    nullable = get_nullable_type(kind)
    if is_input_object_type(nullable) and isinstance(value, dict):
        return {
            path: masked
            for key, inner in value.items()
            if key not in _LEFT_OUT and not _is_left_alone(nullable.fields[key], inner)
            for path, masked in _changes(f"{name}.{key}", nullable.fields[key].type, inner).items()
        }
    named = get_named_type(kind)
    if is_list_type(nullable) and isinstance(value, list):
        if named.name == "String" and _SCOPES.issuperset(value):
            return {name: sorted(set(value))}
        if is_input_object_type(named) or len(value) > _MOST_SHOWN:
            return {name: f"({len(value)} items)"}
        return {name: [_shown(named, item) for item in value]}
    if value is None or is_enum_type(named) or named.name in _SHOWN | {"ID"}:
        return {name: _shown(named, value)}
    return mask_values(name, value)


def _is_left_alone(field: GraphQLInputField, value: Any) -> bool:
    """Whether it is as the schema fills it in where a client says nothing."""
    return value is None and field.default_value is None


def _shown(named: GraphQLNamedType, value: Any) -> Any:
    """A single value of this type: ids of ours, enums and what has a form of its own as it is."""
    if value is None or isinstance(value, bool):
        return value
    if is_enum_type(named) or named.name in _SHOWN:
        value = value.value if isinstance(value, Enum) else value
        return value if isinstance(value, int) else str(value)
    if named.name == "ID" and split_global(str(value)) is not None:
        return str(value)
    return mask_text(str(value))
