"""What breaks a query, a template, a header or a terminal, in every text that the schema takes: it stays a text."""

from collections.abc import Iterator, Mapping
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from graphql import get_named_type, get_nullable_type, is_input_object_type, is_list_type

from auth.permissions import StaffRole, TenantRole, permissions_of, staff_permissions
from tests.product import Caller, Product
from tests.schema.changes import changes, given
from tests.schema.nasty import TEXTS
from tests.schema.surface import Way, coordinate, ways
from tests.schema.world import World, contents

pytestmark = pytest.mark.asyncio(loop_scope="module")

INJECTIONS = {
    **TEXTS,
    "a quote": "'",
    "a union": "' UNION SELECT password_hash FROM person --",
    "a stacked statement": "x'; UPDATE membership SET role = 'OWNER'; --",
    "a sleep": "' || pg_sleep(10) || '",
    "an operator": '{"$ne": null}',
    "a command": "$(id) `id` | id; id",
    "a format": "%s%n {0.__class__} {{config}}",
    "a formula": "=cmd|'/c calc'!A0",
    "a GraphQL end": '"}}) { id } }',
}
ROOTS = [way for way in ways().values() if len(way) == 1]
TAKE_TEXT = {"String", "ID", "JSON", "EmailAddress", "PhoneNumber", "CountryCode", "Locale", "TimeZone"}


def _places(kind: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Where in a value of this type a text goes, and as what."""
    named = get_named_type(kind)
    if is_input_object_type(named):
        if is_list_type(get_nullable_type(kind)):
            path = (*path, "[]")
        for name, field in named.fields.items():
            yield from _places(field.type, (*path, name))
    elif named.name in TAKE_TEXT:
        yield path, "list" if is_list_type(get_nullable_type(kind)) else named.name


def _with(value: Any, path: tuple[str, ...], text: Any) -> Any:
    """The value with a text at this place."""
    if not path:
        return text
    if path[0] == "[]":
        return [_with((value or [{}])[0], path[1:], text)]
    return {**(value or {}), path[0]: _with((value or {}).get(path[0]), path[1:], text)}


def _as(kind: str, text: str) -> Any:
    return {"list": [text], "JSON": {"name": text}}.get(kind, text)


PLACES = {
    f"{coordinate(root)}({'.'.join((name, *path))})": (root, name, path, kind)
    for root in ROOTS
    for name, argument in root[0].field.args.items()
    for path, kind in _places(argument.type, ())
}

QUICK = 4


def _shares() -> Iterator[Any]:
    """Each place with some of the texts, and the next place with the next ones; the slow tests try the rest."""
    twice, every = [*INJECTIONS] * 2, len(INJECTIONS)
    for number, where in enumerate(PLACES):
        start = number * QUICK % every
        yield pytest.param(where, twice[start : start + QUICK], id=where)
        yield pytest.param(where, twice[start + QUICK : start + every], id=f"{where} the rest", marks=pytest.mark.slow)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arguments(served: Product, falcon: World) -> dict[str, Any]:
    """Values for all required arguments."""
    missing = {
        "Mutation.invitationAccept(secret)": "x",
        "Mutation.ownershipAccept(transferId)": "x",
    }
    return missing | given(falcon) | await changes(served, falcon, "OWNER")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def staff(served: Product) -> dict[StaffRole, Caller]:
    """The ISV's people, for what no tenant's Owner may ask."""
    return {role: await served.member(None, role) for role in StaffRole}


def _operation(root: Way, values: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    step = root[0]
    types = ", ".join(f"${name}: {step.field.args[name].type}" for name in values)
    passed = ", ".join(f"{name}: ${name}" for name in values)
    return f"{step.owner.name.lower()} ({types}) {{ done: {step.name}({passed}) {{ __typename }} }}", dict(values)


@pytest.mark.parametrize(("where", "texts"), list(_shares()))
async def test_gq_09_whatever_is_in_a_text_it_is_a_text(
    where: str,
    texts: list[str],
    falcon: World,
    staff: dict[StaffRole, Caller],
    arguments: dict[str, Any],
    onlooker: asyncpg.Connection,
) -> None:
    root, name, path, kind = PLACES[where]
    step = root[0]
    caller = falcon.owner
    if not step.needed <= permissions_of(TenantRole.OWNER):
        caller = staff[next(role for role in StaffRole if step.needed <= staff_permissions(role))]
    start = f"{step.owner.name}.{step.name}"
    base = {one: arguments[f"{start}({one})"] for one in step.field.args if f"{start}({one})" in arguments}
    for what in texts:
        values = base | {name: _with(base.get(name), path, _as(kind, INJECTIONS[what]))}
        query, variables = _operation(root, values)
        answer = await caller.post(query=query, variables=variables)
        assert answer.status_code in {200, 400}, (what, answer.text)
        told = [error["extensions"]["code"] for error in answer.json().get("errors", ())]
        assert set(told) <= {"BAD_USER_INPUT"}, (what, answer.text)
        assert "set-cookie" not in answer.headers
    assert {"contact", "membership", "audit_entry"} <= set(await contents(onlooker))  # no table is gone


@pytest.mark.parametrize("what", INJECTIONS)
async def test_gq_09_what_is_stored_comes_back_as_it_was_sent(what: str, falcon: World) -> None:
    text = INJECTIONS[what]
    create = """mutation ($i: ContactCreateInput!) {
      contactCreate(input: $i) { contact { id name fields } errors { code } }
    }"""
    sent = {"number": next(falcon.numbers), "name": text, "fields": {"note": text}}
    made = (await falcon.owner.run(create, i=sent))["contactCreate"]
    if made["errors"]:
        assert made["contact"] is None
        return
    assert (made["contact"]["name"], made["contact"]["fields"]) == (text.strip(), {"note": text})
    read = await falcon.owner.run("query ($id: ID!) { contact(id: $id) { name fields } }", id=made["contact"]["id"])
    assert read["contact"] == {"name": text.strip(), "fields": {"note": text}}
    found = await falcon.owner.run(
        "query ($s: String!) { contacts(first: 100, filter: {search: $s}) { nodes { id } } }", s=text.strip()
    )
    assert {"id": made["contact"]["id"]} in found["contacts"]["nodes"]
