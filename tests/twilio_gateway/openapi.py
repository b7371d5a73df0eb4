"""Twilio's published OpenAPI files, as JSON schemas that hold the simulator to them."""

import json
import os
import re
from email.utils import parsedate_to_datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import (  # type: ignore[import-untyped]  # it ships no types
    Draft202012Validator,
    FormatChecker,
    ValidationError,
)

__all__ = ["FOLDER", "ValidationError", "check", "operation", "parameters", "specification"]
_REPOSITORY = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("TWILIO_OPENAPI_DIR") or _REPOSITORY.parent / "shared" / "twilio" / "openapi")
_FILES = {
    "api": ("twilio_api_v2010.json",),
    "content": ("twilio_content_v1.json",),
    "lookups": ("twilio_lookups_v2.json",),
    "messaging": ("twilio_messaging_v1.json",),
    "pricing": ("twilio_pricing_v1.json", "twilio_pricing_v2.json"),
}
_SHOW_NULLS = {"lookups"}  # whose file leaves it to its examples to say what may be null
_CHECKER = FormatChecker(formats=["date"])
# Its examples leave these out: they are no part of a list that has no pages.
_LIST_EXTRAS = {"end", "first_page_uri", "next_page_uri", "page", "page_size", "previous_page_uri", "start", "uri"}


def _is_rfc2822(value: object) -> bool:
    return not isinstance(value, str) or parsedate_to_datetime(value).tzinfo is not None


def _is_iso(value: object) -> bool:
    return not isinstance(value, str) or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value) is not None


def _is_uri(value: object) -> bool:
    return not isinstance(value, str) or re.match(r"(https?://|/)\S+$", value) is not None


def _is_uri_map(value: object) -> bool:
    return not isinstance(value, dict) or all(isinstance(entry, str) and _is_uri(entry) for entry in value.values())


_CHECKER.checks("date-time-rfc-2822", raises=ValueError)(_is_rfc2822)
_CHECKER.checks("date-time")(_is_iso)
_CHECKER.checks("uri")(_is_uri)
_CHECKER.checks("uri-map")(_is_uri_map)


@cache
def specification(host: str) -> dict[str, Any]:
    """What one host's files say together."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for name in _FILES[host]:
        loaded = json.loads((FOLDER / name).read_text("utf-8"))
        paths |= loaded["paths"]
        schemas |= loaded["components"]["schemas"]
    return {"paths": paths, "components": {"schemas": schemas}}


def operation(host: str, method: str, path: str) -> dict[str, Any]:
    """One operation's description."""
    described: dict[str, Any] = specification(host)["paths"][path][method.lower()]
    return described


def parameters(host: str, method: str, path: str) -> set[str]:
    """The names of all parameters, in the query and in the form, or the members of the JSON body."""
    described = operation(host, method, path)
    names = {one["name"] for one in described.get("parameters", []) if one["in"] == "query"}
    content = described.get("requestBody", {}).get("content", {})
    body = content.get("application/x-www-form-urlencoded") or content.get("application/json") or {}
    schema = body.get("schema", {})
    return names | set(_resolved(host, schema).get("properties", {}))


def check(host: str, method: str, path: str, status: int, body: Any) -> None:
    """Raise where an answer is not as described."""
    described = operation(host, method, path)["responses"][str(status)]
    content = described.get("content")
    if content is None:
        assert body == ""
        return
    answer = content["application/json"]
    nulls = _nulls(answer["examples"]) if host in _SHOW_NULLS else frozenset()
    schema = _strict(host, answer["schema"], nulls)
    Draft202012Validator(schema, format_checker=_CHECKER).validate(body)


def _resolved(host: str, schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = specification(host)["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return found


def _nulls(shown: Any) -> frozenset[str]:
    """The names of all that is null somewhere in these examples."""
    if isinstance(shown, list):
        return frozenset().union(*(_nulls(one) for one in shown))
    if not isinstance(shown, dict):
        return frozenset()
    own = frozenset(name for name, value in shown.items() if value is None)
    return own.union(*(_nulls(value) for value in shown.values()))


def _strict(host: str, schema: dict[str, Any], nulls: frozenset[str] = frozenset()) -> dict[str, Any]:
    """OpenAPI 3.0's dialect as JSON schema: nullable types; and no property that is missing or not described."""
    schema = _resolved(host, schema) | {name: schema[name] for name in ("nullable",) if name in schema}
    if "overrideType" in schema.get("x-twilio", {}):  # a number of the file that goes over the wire as a text
        schema["type"] = schema["x-twilio"]["overrideType"]
    if schema.pop("nullable", False):
        return {"anyOf": [{"type": "null"}, _strict(host, schema, nulls)]}
    if "properties" in schema:
        schema["properties"] = {
            name: _strict(host, one | {"nullable": True} if name in nulls else one, nulls)
            for name, one in schema["properties"].items()
        }
        schema["required"] = sorted(set(schema["properties"]) - _LIST_EXTRAS)
        schema["additionalProperties"] = False
    if "items" in schema:
        schema["items"] = _strict(host, schema["items"], nulls)
    return schema
