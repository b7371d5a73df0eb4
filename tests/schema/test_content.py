"""Content and cost: whoever may not see them fetches all that the schema lets them, and no answer's bytes hold any.

Recognisable values are planted in every column of content first; the operations are made from the schema.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from graphql import GraphQLSchema, build_schema, get_named_type, is_leaf_type, is_object_type

from auth.permissions import Permission, StaffRole, TenantRole, machine_permissions, permissions_of, staff_permissions
from portal.database.address import DatabaseAddress
from tests.product import Caller, Product
from tests.schema.changes import given
from tests.schema.rows import let_support_see_content, open_session
from tests.schema.surface import SCHEMA, Permissions, Way, coordinate, declared, everything, operation, ways
from tests.schema.world import World

pytestmark = pytest.mark.asyncio(loop_scope="module")

MESSAGES, CONTACTS, TEMPLATES = Permission.MESSAGES_READ, Permission.CONTACTS_READ, Permission.TEMPLATES_READ
CONTENT = {MESSAGES, CONTACTS, TEMPLATES}
DEEP = 2  # levels of objects below every object that is reached


@dataclass(frozen=True, slots=True)
class Canary:
    """A value that is recognised wherever it gets to."""

    table: str
    column: str
    seen_with: Permission
    code: int | None = None  # of a number, which has to look like one
    json: str = "{}"

    @property
    def trace(self) -> str:
        """What an answer's bytes hold where the value is told."""
        return f"canary of {self.table}.{self.column}" if self.code is None else f"+1999{self.code}"

    @property
    def sql(self) -> str:
        """The value in SQL; `n` numbers the rows, for those that have to differ."""
        if self.code is not None:
            return f"'{self.trace}' || lpad(n::text, 6, '0')"
        if self.json != "{}":
            return f"'{self.json % self.trace}'::jsonb"
        return f"'{self.trace} ' || n"


CANARIES = [
    Canary("message", "body", MESSAGES),
    Canary("message", "media", MESSAGES, json='[{"url": "%s", "contentType": "image/png", "size": 1}]'),
    Canary("message", "sender_number", MESSAGES, code=1),
    Canary("message", "recipient_number", MESSAGES, code=2),
    Canary("call", "sender_number", MESSAGES, code=4),
    Canary("call", "recipient_number", MESSAGES, code=5),
    Canary("call", "announcement", MESSAGES),
    Canary("conversation", "number", MESSAGES, code=6),
    Canary("contact", "name", CONTACTS),
    Canary("contact", "number", CONTACTS, code=3),
    Canary("contact", "fields", CONTACTS, json='{"color": "%s"}'),
    Canary("template", "name", TEMPLATES),
    Canary("template", "topic", TEMPLATES),
    Canary("template_version", "body", TEMPLATES),
    Canary(
        "template_version",
        "variables",
        TEMPLATES,
        json='[{"name": "x", "default": "%s", "example": "", "required": false}]',
    ),
]


def traces(seen_with: set[Permission] | Permissions) -> set[str]:
    """What answers may hold for who has these permissions."""
    return {canary.trace for canary in CANARIES if canary.seen_with in seen_with}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def planted(falcon: World, place: DatabaseAddress) -> World:
    """A tenant whose content is recognisable."""
    connection = await asyncpg.connect(**place.credentials())
    for canary in CANARIES:
        table, column = canary.table, canary.column
        numbered = f"SELECT id, row_number() OVER (ORDER BY id) AS n FROM {table} WHERE tenant_id = $1"  # noqa: S608  constants
        plant = (
            f"UPDATE {table} SET {column} = {canary.sql} FROM ({numbered}) AS numbered "  # noqa: S608  the same
            f"WHERE tenant_id = $1 AND {table}.id = numbered.id"
        )
        assert await connection.execute(plant, falcon.tenant.id) != "UPDATE 0"
    await connection.close()
    return falcon


def operations_of(held: Permissions, *, in_tenant: bool, world: World) -> Iterator[tuple[str, dict[str, Any]]]:
    """An operation for every field that a query reaches, with all that is below it."""

    def detour(way: Way, target: str) -> int:
        never = ("Viewer.supportSession", "SupportSession") if in_tenant else ("Viewer.tenant", "Tenant")
        return 9 if (coordinate(way), target) == never else bool(way[-1].needed - held)

    for way in ways(detour).values():
        target = get_named_type(way[-1].field.type)
        if coordinate(way) == "Query.node":
            for kind, its_id in world.ids.items():
                selection = f"... on {kind} {{ {everything(SCHEMA.type_map[kind], DEEP)} }}"
                yield operation({"all": way}, {"Query.node(id)": its_id}, selection)
        elif way[0].owner.name == "Query" and not is_leaf_type(target):
            yield operation({"all": way}, given(world), everything(target, DEEP))


async def fetched(caller: Caller, held: Permissions, *, in_tenant: bool, world: World) -> set[str]:
    """The traces of content in all that somebody can fetch."""
    found: set[str] = set()
    asked = 0
    for text, variables in operations_of(held, in_tenant=in_tenant, world=world):
        answer = await caller.post(query=text, variables=variables)
        assert answer.status_code == 200, answer.text
        codes = {error["extensions"]["code"] for error in answer.json().get("errors", ())}
        assert codes <= {"FORBIDDEN", "NOT_FOUND"}, (text, answer.text)
        found |= {canary.trace for canary in CANARIES if canary.trace in answer.text}
        asked += 1
    assert asked > 30
    return found


@pytest.mark.parametrize("without", sorted(CONTENT))
async def test_az_06_a_machine_without_a_permission_sees_none_of_its_content_whatever_it_fetches(
    without: Permission, served: Product, planted: World
) -> None:
    held = machine_permissions() - {without}
    machine = await served.machine(planted.tenant.id, held)
    # The text of a message may be a template's own, so that it is content of both: what is planted differs.
    assert await fetched(machine, held, in_tenant=True, world=planted) == traces(CONTENT - {without})


async def test_who_may_see_all_content_fetches_all_of_it_so_that_the_others_missing_it_means_something(
    served: Product, planted: World
) -> None:
    machine = await served.machine(planted.tenant.id, machine_permissions())
    assert await fetched(machine, machine_permissions(), in_tenant=True, world=planted) == traces(CONTENT)


@pytest.mark.parametrize("role", [TenantRole.BILLING_MANAGER, TenantRole.SUPPORT])
async def test_az_12_roles_without_content_see_none_whatever_they_fetch(
    role: TenantRole, served: Product, planted: World
) -> None:
    caller = await served.member(planted.tenant.id, role)
    assert await fetched(caller, permissions_of(role), in_tenant=True, world=planted) == set()


async def test_az_13_isv_support_sees_content_while_the_tenant_lets_it_and_never_before_or_after(
    served: Product, planted: World
) -> None:
    support = await served.member(None, StaffRole.ISV_SUPPORT)
    in_session = staff_permissions(StaffRole.ISV_SUPPORT, in_session=True)
    with_content = staff_permissions(StaffRole.ISV_SUPPORT, in_session=True, with_content=True)

    async def seen(held: Permissions) -> set[str]:
        return await fetched(support, held, in_tenant=False, world=planted)

    assert await seen(staff_permissions(StaffRole.ISV_SUPPORT)) == set()
    await open_session(support, planted.tenant_id, minutes=240)
    assert await seen(in_session) == set()
    await let_support_see_content(planted.owner, hours=1)
    assert await seen(with_content) == traces({MESSAGES})
    revoked = await planted.owner.run("mutation { supportAccessRevoke { errors { code } } }")
    assert revoked["supportAccessRevoke"]["errors"] == []
    assert await seen(with_content) == set()
    await let_support_see_content(planted.owner, hours=1)
    assert await seen(with_content) == traces({MESSAGES})
    served.clock.advance(timedelta(hours=1))
    assert await seen(with_content) == set()


async def test_the_isv_operator_sees_no_content_whatever_it_fetches(served: Product, planted: World) -> None:
    operator = await served.member(None, StaffRole.ISV_OPERATOR)
    held = staff_permissions(StaffRole.ISV_OPERATOR)
    assert await fetched(operator, held, in_tenant=False, world=planted) == set()


async def test_every_column_that_only_a_grant_opens_to_support_is_planted(place: DatabaseAddress) -> None:
    sql = """
        SELECT opened.table_name, opened.column_name FROM information_schema.column_privileges AS opened
        WHERE opened.grantee = 'portal_support_content' AND opened.privilege_type = 'SELECT' AND NOT EXISTS (
          SELECT FROM information_schema.column_privileges AS kept WHERE kept.grantee = 'portal_support'
          AND (kept.table_name, kept.column_name) = (opened.table_name, opened.column_name))
        AND (opened.table_name, opened.column_name) IN (
          SELECT table_name, column_name FROM information_schema.columns WHERE data_type IN ('text', 'jsonb'))
    """
    connection = await asyncpg.connect(**place.credentials())
    opened = {(row[0], row[1]) for row in await connection.fetch(sql)}
    await connection.close()
    in_no_field = {
        ("call", "language"),
        ("message_batch", "topic"),
        ("message_refusal", "number"),
        ("number", "provider_reference"),
    }
    planted_there = {(one.table, one.column) for one in CANARIES if one.table in {"message", "call", "conversation"}}
    assert opened == planted_there | in_no_field


COST = re.compile(r"(?i)cost|margin|economic|profit|wholesale")


def open_costs(schema: GraphQLSchema) -> list[str]:
    """Fields that tell of cost by their name and ask for no ECONOMICS_READ, on their type or on themselves."""
    return [
        f"{owner.name}.{name}"
        for owner in schema.type_map.values()
        if is_object_type(owner) and not owner.name.startswith("__")
        for name, field in owner.fields.items()
        if COST.search(name) or COST.search(get_named_type(field.type).name)
        if Permission.ECONOMICS_READ not in (declared(owner) or set()) | (declared(field) or set())
    ]


async def test_a_field_that_tells_of_cost_asks_for_economics_read() -> None:
    assert open_costs(SCHEMA) == []
    bad = """
        directive @requires(permissions: [String!]!) on FIELD_DEFINITION | OBJECT
        type Query { usage: Usage @requires(permissions: ["USAGE_READ"]) }
        type Usage @requires(permissions: ["USAGE_READ"]) {
          totalCost: Int margin: Int @requires(permissions: ["ECONOMICS_READ"]) grossMarginRatio: Int count: Int
        }
    """
    assert open_costs(build_schema(bad)) == ["Usage.totalCost", "Usage.grossMarginRatio"]
