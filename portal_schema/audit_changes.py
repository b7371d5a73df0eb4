"""What the audit log keeps of a mutation's arguments and of its outcome."""

from collections.abc import Mapping
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInputType,
    get_named_type,
    get_nullable_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
)

from portal.audit.masking import mask_values

# Scalars that tell nothing of a person.
_SHOWN = {"ID", "Boolean", "Int", "Decimal", "DateTime", "Date", "TimeZone", "CountryCode", "CurrencyCode", "Locale"}
_LEFT_OUT = {"id", "idempotencyKey"}  # the target, and what names no change


def changes_of(field: GraphQLField, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments by the names of their fields, without the word `input`, their values masked."""
    changes: dict[str, Any] = {}
    for name, value in arguments.items():
        if name in _LEFT_OUT:
            continue
        kind = field.args[name].type
        found = _changes(name, kind, value)
        changes |= {path.removeprefix("input."): masked for path, masked in found.items()}
    return changes


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
            if key not in _LEFT_OUT
            for path, masked in _changes(f"{name}.{key}", nullable.fields[key].type, inner).items()
        }
    named = get_named_type(kind)
    if is_list_type(nullable) and is_input_object_type(named):
        return {name: f"({len(value)} items)" if value is not None else None}
    return mask_values(name, value, shown=is_enum_type(named) or named.name in _SHOWN)
