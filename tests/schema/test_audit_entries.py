"""Every mutation in the log: who, through what, from where and which fields, and nobody's content or secret."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest
import pytest_asyncio
from graphql import GraphQLNamedType, NullValueNode, get_named_type, get_nullable_type, is_input_object_type

from auth.permissions import Permission
from tests.product import Product
from tests.schema.changes import changes
from tests.schema.roles import HELD_AT_ROOT
from tests.schema.surface import Way, coordinate, operation
from tests.schema.test_roles import ROOTS
from tests.schema.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

MINE = [way for way in ROOTS if not way[0].needed - HELD_AT_ROOT["OWNER"]]
TEXTS = {"String", "EmailAddress", "PhoneNumber", "JSON", "CountryCode", "Locale", "TimeZone"}
# Their target is the tenant as a whole.
OF_THE_TENANT = {
    "supportAccessGrant",
    "supportAccessRevoke",
    "alertRuleSet",
    "settingsUpdate",
    "spendCapSet",
    "contactExport",
}
NAMES_NO_CHANGE = {"id", "idempotencyKey"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def arguments(served: Product, falcon: World) -> dict[str, Any]:
    """With which the Owner's mutations succeed."""
    return await changes(served, falcon, "OWNER")


async def _entries(onlooker: asyncpg.Connection, tenant_id: object) -> dict[UUID, asyncpg.Record]:
    sql = "SELECT *, audit_entry::text AS all_of_it FROM audit_entry WHERE tenant_id = $1"
    return {row["id"]: row for row in await onlooker.fetch(sql, tenant_id)}


def _given(name: str, kind: Any, value: Any) -> Iterator[tuple[str, GraphQLNamedType, Any]]:
    """What was given, field by field: the path, the type, the value."""
    nullable = get_nullable_type(kind)
    if is_input_object_type(nullable) and isinstance(value, dict):
        for key, inner in value.items():
            yield from _given(f"{name}.{key}".removeprefix("input."), nullable.fields[key].type, inner)
    elif name not in NAMES_NO_CHANGE:
        yield name, get_named_type(kind), value


def _all_given(root: Way, arguments: dict[str, Any]) -> list[tuple[str, GraphQLNamedType, Any]]:
    step = root[0]
    return [
        one
        for name, argument in step.field.args.items()
        if f"{step.owner.name}.{step.name}({name})" in arguments
        for one in _given(name, argument.type, arguments[f"{step.owner.name}.{step.name}({name})"])
    ]


def _filled_in(root: Way) -> set[str]:
    """What the schema fills in where nothing is given: it was done with that."""
    fields = dict(root[0].field.args)
    for argument in root[0].field.args.values():
        named = get_named_type(argument.type)
        fields |= named.fields if is_input_object_type(named) else {}
    filled_in = {name: field.ast_node.default_value for name, field in fields.items() if field.ast_node}
    return {name for name, value in filled_in.items() if value and not isinstance(value, NullValueNode)}


def _filled(kind: Any, given: Any, canary: str) -> Any:
    """The same with a canary in every text that was left out."""
    nullable = get_nullable_type(kind)
    if not is_input_object_type(nullable):
        return given
    filled = dict(given or {})
    for name, field in nullable.fields.items():
        named = get_named_type(field.type).name
        if is_input_object_type(get_nullable_type(field.type)) and name in filled:
            filled[name] = _filled(field.type, filled[name], canary)
        elif name not in filled and named in TEXTS and str(field.type).rstrip("!") == named:
            filled[name] = {canary: canary, "note": canary} if named == "JSON" else canary
    return filled


@pytest.mark.parametrize("root", MINE, ids=coordinate)
async def test_every_mutation_is_written_down_once_without_what_it_was_given(
    root: Way, served: Product, falcon: World, onlooker: asyncpg.Connection, arguments: dict[str, Any]
) -> None:
    before = await _entries(onlooker, falcon.tenant.id)
    text, variables = operation({"done": root}, arguments)
    answer = await falcon.owner.post(query=text.replace("__typename", "errors { message }"), variables=variables)
    assert answer.json()["data"]["done"] == {"errors": []}, answer.text
    (entry,) = [one for key, one in (await _entries(onlooker, falcon.tenant.id)).items() if key not in before]
    assert (entry["action"], entry["actor_kind"], entry["actor_name"]) == (root[0].name, "MEMBER", "Owner")
    assert entry["through"] is None
    assert entry["request_id"] == answer.headers["x-request-id"]
    assert entry["address"] in {"127.0.0.1", "::1"}
    assert entry["at"] == served.clock.now()
    assert entry["target"] or root[0].name in OF_THE_TENANT
    given = _all_given(root, arguments)
    named = {path.partition("[")[0] for path, _, _ in given}
    kept = orjson.loads(entry["changes"])
    unnamed = {name for name in kept if name not in named and not any(name.startswith(f"{one}.") for one in named)}
    assert unnamed <= _filled_in(root)
    assert all(any(name == one or name.startswith(f"{one}.") for name in kept) for one in named)
    canaries = [str(value) for _, kind, value in given if kind.name in TEXTS and value not in (None, [], {})]
    assert [canary for canary in canaries if len(canary) > 2 and canary in entry["all_of_it"]] == []


@pytest.mark.parametrize("root", MINE, ids=coordinate)
async def test_a_canary_in_every_text_that_can_be_given_reaches_no_entry_and_a_refusal_leaves_none(
    root: Way, served: Product, falcon: World, onlooker: asyncpg.Connection
) -> None:
    fresh, step = await changes(served, falcon, "OWNER"), root[0]
    canary = f"canary of {step.name} that nobody may see"
    for name, argument in step.field.args.items():
        where = f"{step.owner.name}.{step.name}({name})"
        if where in fresh:
            fresh[where] = _filled(argument.type, fresh[where], canary)
    before = await _entries(onlooker, falcon.tenant.id)
    text, variables = operation({"done": root}, fresh)
    answer = await falcon.owner.post(query=text.replace("__typename", "errors { message }"), variables=variables)
    assert answer.status_code == 200, answer.text
    done = answer.json()["data"]["done"]
    new = [one for key, one in (await _entries(onlooker, falcon.tenant.id)).items() if key not in before]
    assert len(new) == (1 if done and not done["errors"] else 0), answer.text
    assert [entry["changes"] for entry in new if canary in entry["all_of_it"]] == []


async def test_a_refused_and_a_failed_mutation_leave_no_entry(
    served: Product, falcon: World, onlooker: asyncpg.Connection
) -> None:
    before = await _entries(onlooker, falcon.tenant.id)
    absent = 'mutation { contactDelete(id: "x") { errors { code } } }'
    assert (await falcon.owner.run(absent))["contactDelete"]["errors"] == [{"code": "NOT_FOUND"}]
    machine = await served.machine(falcon.tenant.id, [Permission.CONTACTS_READ])
    assert await machine.codes(absent) == ["FORBIDDEN"]
    broken = 'mutation { contactCreate(input: {number: "+12025550177", name: "\\u0000"}) { errors { code } } }'
    assert (await falcon.owner.post(query=broken)).json()["errors"]
    assert await _entries(onlooker, falcon.tenant.id) == before
