"""The plans that are ready to use, and how any file of plans is read."""

import tomllib
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from importlib.resources import files
from typing import Any

from pydantic import TypeAdapter, ValidationError

from portal.plans.checking import AT_LIMIT, PlanContent, problems_of
from portal.pricing.terms import PlanTerms

_FILE = files(__package__) / "ready_made.toml"
_CONTENT = TypeAdapter(PlanContent)
_OF_CONTENT = {field.name for field in fields(PlanContent)} - {"terms"}
_OF_TERMS = {field.name for field in fields(PlanTerms)} - {"at_limit"}  # that follows from the strategy


class PlansError(ValueError):
    """This is no file of plans; the text says where, and why."""


def ready_made() -> list[PlanContent]:
    """The plans that are ready to use, as they would be published."""
    return read_plans(_FILE.read_bytes(), _FILE.name)


def read_plans(written: bytes, source: str) -> list[PlanContent]:
    """The plans of a file in TOML: tables `plan`, each with all that a version of a plan says.

    Raises:
        PlansError: it is none, or a plan in it could not be published.
    """
    try:
        tables = tomllib.loads(written.decode(), parse_float=Decimal).get("plan", [])
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PlansError(f"{source} is no TOML: {error}") from None
    if not isinstance(tables, list) or not tables:
        raise PlansError(f"{source} has no plans: write a table [[plan]] for each.")
    return [_plan(source, place, table) for place, table in enumerate(tables, 1)]


def _plan(source: str, place: int, table: Any) -> PlanContent:
    name = table.get("name") if isinstance(table, dict) else None
    if not isinstance(name, str) or not name:
        raise PlansError(f"{source}: plan {place} has no name.")
    if unknown := table.keys() - _OF_CONTENT - _OF_TERMS:
        raise PlansError(f"{source}: plan {name} says {', '.join(sorted(unknown))}, which no plan has.")
    try:
        content = _CONTENT.validate_python(_nested(table))
    except ValidationError as error:
        (first, *_) = error.errors()
        where = ".".join(str(step) for step in first["loc"] if step != "terms")
        raise PlansError(f"{source}: plan {name}, {where}: {first['msg']}.") from None
    for problem in problems_of(content):
        raise PlansError(f"{source}: plan {name}, {'.'.join(problem.path)}: {problem.message}")
    return replace(content, terms=replace(content.terms, at_limit=AT_LIMIT[content.terms.strategy]))


def _nested(table: Mapping[str, Any]) -> dict[str, Any]:
    terms = {key: value for key, value in table.items() if key in _OF_TERMS}
    if isinstance(brackets := terms.get("brackets"), list):
        open_ended = {"up_to": None}  # TOML has no null
        terms["brackets"] = [open_ended | one if isinstance(one, dict) else one for one in brackets]
    return {"description": ""} | {key: value for key, value in table.items() if key in _OF_CONTENT} | {"terms": terms}
