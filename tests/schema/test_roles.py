"""Who may use what: every role, and a machine with every single scope, on every field, as the committed data says."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from graphql import get_named_type, is_leaf_type

from auth.permissions import (
    Permission,
    StaffRole,
    TenantRole,
)
from portal_schema.permissions_table import permissions_table
from tests.product import Caller, Product
from tests.schema.changes import changes, given
from tests.schema.roles import AT_ROOT, HELD, HELD_TO_CHANGE, IN_SESSION, OUTSIDE, STAFF, WITH_CONTENT
from tests.schema.rows import let_support_see_content, open_session
from tests.schema.surface import NOTHING, SCHEMA, SDL, Way, coordinate, declared, operation, ways
from tests.schema.world import World, contents, make_world

pytestmark = pytest.mark.asyncio(loop_scope="module")

ALL = ways()
MUTATIONS = [way for way in ALL.values() if way[0].owner.name == "Mutation"]
# These ask for no permission but for somebody in particular: they have tests of their own.
OF_ONE_PERSON = {"Mutation.invitationAccept", "Mutation.ownershipAccept"}
ROOTS = [way for way in MUTATIONS if len(way) == 1 and coordinate(way) not in OF_ONE_PERSON]


# What is never found there, whatever one may: the staff is in no tenant, only ISV support is in a session.
NEVER = {
    who: {("Viewer.tenant", "Tenant") if who in STAFF else ("Viewer.supportSession", "SupportSession")}
    | {("Viewer.principal", "ApiClient" if who in STAFF or who in TenantRole.__members__ else "Person")}
    for who in HELD
}
for nowhere in (OUTSIDE, "ISV_OPERATOR"):
    NEVER[nowhere].add(("Viewer.supportSession", "SupportSession"))
AT_ONCE = 20  # root fields that one operation may have
Refused = set[tuple[tuple[str, ...], tuple[str, ...]]]


def queries(who: str) -> list[Way]:
    """A way to every field that a query reaches: one that is open to them, if there is one."""

    def detour(way: Way, target: str) -> int:
        return 10 if (coordinate(way), target) in NEVER[who] else bool(refused({"": way}, who))

    return [way for way in ways(detour).values() if way[0].owner.name == "Query"]


@dataclass(frozen=True, slots=True)
class Stage:
    """Somebody of each kind, all of them signed in before the first test asks anything, and where they ask."""

    callers: dict[str, Caller]
    open: World  # lets support see content
    quiet: World  # does not

    def world(self, who: str) -> World:
        """The tenant that somebody asks in."""
        return self.quiet if who == IN_SESSION else self.open

    async def make_ready(self, who: str) -> None:
        """Leave and sessions are as the name says, whatever a test did before."""
        await let_support_see_content(self.callers["OWNER"])
        if who in {IN_SESSION, WITH_CONTENT}:
            await open_session(self.callers[who], self.world(who).tenant_id)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(served: Product, falcon: World) -> Stage:
    """The callers with their tenants."""
    found: dict[str, Caller] = {}
    for name, held in HELD.items():
        if name == TenantRole.OWNER:  # there is one
            found[name] = falcon.owner
        elif name in TenantRole.__members__:
            found[name] = await served.member(falcon.tenant.id, TenantRole(name))
        elif name in STAFF:
            found[name] = await served.member(None, StaffRole(name.partition(" ")[0]))
        else:
            found[name] = await served.machine(falcon.tenant.id, held)
    return Stage(found, falcon, await make_world(served, "Quiet Quails", allowance=250))


def refused(asked: Mapping[str, Way], who: str) -> Refused:
    """Where an answer to these ways has to have an error, and the scopes that it has to name."""
    found: Refused = set()
    for alias, way in asked.items():
        for place, step in enumerate(way):
            # `node` asks for the permission of the type that the id is of: here a message.
            also = declared(SCHEMA.type_map["Message"]) if coordinate((step,)) == "Query.node" else None
            held = HELD[who] if place else AT_ROOT[step.owner.name][who]
            if missing := (step.needed | (also or NOTHING)) - held:
                path = (alias, *(one.name for one in way[1 : place + 1]))
                found.add((path, tuple(sorted(one.scope for one in missing))))
                break
    return found


def told(answer: Mapping[str, Any]) -> Refused:
    """Where an answer has errors, all of which say FORBIDDEN, and the scopes that they name."""
    found: Refused = set()
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] == "FORBIDDEN", error
        path = tuple(step for step in error["path"] if isinstance(step, str))
        found.add((path, tuple(sorted(error["extensions"]["requiredScopes"]))))
    return found


def values(data: Any, path: Iterable[str]) -> list[Any]:
    """All values that a path leads to, through lists; a null on the way counts as where it leads."""
    level = [data]
    for name in path:
        level = [one if one is None else one[name] for one in level]
        level = [item for one in level for item in (one if isinstance(one, list) else [one])]
    return level


def batches(found: Sequence[Way]) -> Iterator[dict[str, Way]]:
    """The ways by alias, as many at once as one operation may ask for."""
    rest = iter(enumerate(found))
    while some := {f"f{number}": way for number, way in islice(rest, AT_ONCE)}:
        yield some


async def ask(caller: Caller, asked: Mapping[str, Way], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The whole answer: data and errors."""
    text, variables = operation(asked, arguments)
    answer = await caller.post(query=text, variables=variables)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def check_data(data: Mapping[str, Any], asked: Mapping[str, Way], expected: Refused) -> None:
    """What is refused is null; what is not and is guarded has some value: its neighbours' refusals do not void it."""
    for path, _ in expected:
        assert set(values(data, path)) <= {None}, path
    for alias, way in asked.items():
        names = (alias, *(step.name for step in way[1:]))
        is_refused = any(names[: len(path)] == path for path, _ in expected)
        if not is_refused and declared(way[-1].field):
            assert set(map(str, values(data, names))) - {"None"}, coordinate(way)


@pytest.mark.parametrize("who", HELD)
async def test_az_02_az_03_az_14_a_query_field_answers_those_who_may_and_refuses_the_rest(
    who: str, stage: Stage
) -> None:
    await stage.make_ready(who)
    for asked in batches(queries(who)):
        answer = await ask(stage.callers[who], asked, given(stage.world(who)))
        expected = refused(asked, who)
        assert told(answer) == {one for one in expected if values(answer["data"], one[0])}  # none in an empty list
        check_data(answer["data"], asked, expected)


@pytest.mark.parametrize("who", HELD)
async def test_az_02_az_03_a_mutation_that_is_refused_changes_nothing(
    who: str, stage: Stage, served: Product, onlooker: asyncpg.Connection
) -> None:
    await stage.make_ready(who)
    roots = [way for way in ROOTS if way[0].needed - HELD_TO_CHANGE[who]]
    arguments = await changes(served, stage.world(who), who)
    before = await contents(onlooker)
    for asked in batches(roots):
        answer = await ask(stage.callers[who], asked, arguments)
        assert told(answer) == refused(asked, who)
        assert answer["data"] == dict.fromkeys(asked)
    assert await contents(onlooker) == before
    assert roots


@pytest.mark.parametrize("who", HELD)
async def test_az_07_a_mutation_works_for_those_who_may_and_its_payload_hides_what_they_may_not_see(
    who: str, stage: Stage, served: Product
) -> None:
    await stage.make_ready(who)
    arguments = await changes(served, stage.world(who), who)
    for root in (way for way in ROOTS if not way[0].needed - HELD_TO_CHANGE[who]):
        if root[0].name == "supportSessionEnd":
            session = await open_session(stage.callers[who], stage.world(who).tenant_id)
            arguments["Mutation.supportSessionEnd(id)"] = session
        below = [way for way in MUTATIONS if len(way) == 2 and way[0] == root[0]]
        text, variables = operation({"done": root}, arguments)
        leaves = {way: is_leaf_type(get_named_type(way[-1].field.type)) for way in below}
        selected = " ".join(way[-1].name + ("" if leaf else " { __typename }") for way, leaf in leaves.items())
        answer = (await stage.callers[who].post(query=text.replace("__typename", selected), variables=variables)).json()
        expected = {
            (("done", way[-1].name), tuple(sorted(one.scope for one in missing)))
            for way in below
            if (missing := way[-1].needed - HELD[who])
        }
        assert told(answer) == expected, root
        assert answer["data"]["done"]["errors"] == []


async def test_az_13_isv_support_has_two_mutations_and_no_more() -> None:
    allowed = {way[0].name for way in ROOTS if not way[0].needed - HELD_TO_CHANGE[WITH_CONTENT]}
    assert allowed == {"supportSessionStart", "supportSessionEnd"}


async def test_the_committed_table_of_permissions_is_the_code_s_own() -> None:
    committed = SDL.parents[1] / "docs" / "PERMISSIONS.csv"
    assert committed.read_text(encoding="utf-8") == permissions_table(), (
        "write it again: python -m portal_schema.permissions_table > docs/PERMISSIONS.csv"
    )


async def test_every_permission_that_the_schema_names_is_held_by_somebody() -> None:
    named: set[Permission] = set().union(*(step.needed for way in ALL.values() for step in way))
    assert named <= set().union(*HELD.values())
