"""What an operation costs the database: the exact number of statements, the same for one row and for fifty."""

import re
from itertools import count
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from auth.permissions import StaffRole, TenantRole
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.rates.cards import read_current_card
from tests.product import Caller, Product
from tests.schema import surface
from tests.schema.asked import DEEP, OF_STAFF, PAGE, ROOTS
from tests.schema.stage import MANY, Tenant, caller_of, make_tenant
from tests.schema.statement_counts import EXPECTED
from tests.schema.variables import variables_of
from tests.schema.world import taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

WHO_ASKS = 1  # one statement in a transaction of its own tells who a token belongs to
WHAT_THEY_MAY = 1  # and one in the operation's transaction what they may do
OF_ONE_PERSON = {"Mutation.invitationAccept", "Mutation.ownershipAccept", "ownershipAccept"}
NUMBERS = count(3_000)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tenants(served: Product) -> list[Tenant]:
    """A tenant with one of everything, and one with fifty."""
    return [await make_tenant(served, 1, 1_000), await make_tenant(served, MANY, 2_000)]


def _root_arguments(given: dict[str, Any]) -> dict[str, Any]:
    """The same by the coordinates of a root field's arguments."""
    return {f"{root}({name})": value for root in ROOTS for name, value in given.items()}


async def _measured(product: Product, caller: Caller, text: str, variables: dict[str, Any]) -> tuple[int, int]:
    """How many statements a request took besides who asks and what they may do, and how many transactions."""
    product.statements.clear()
    answer = await caller.post(query=text, variables=variables)
    assert "errors" not in answer.json(), answer.text
    found = taken(product)
    begun = [sql for sql in found if sql.startswith("BEGIN")]
    assert [sql for sql in found if sql in {"COMMIT", "ROLLBACK"}] == ["COMMIT"] * len(begun)
    work = [sql for sql in found if not sql.startswith("BEGIN") and sql != "COMMIT"]
    return len(work), len(begun)


def _transactions(name: str) -> int:
    """The one that tells who asks, and the query's; or one for each mutation, and one that reads after it."""
    of_support = 3  # and the one that looks for an open session
    transactions = {
        "two mutations": 1 + 2 + 1,
        "Mutation.invitationAccept": 1 + 1 + 1,
        "planChange": 1 + 1 + 1,
        "contactTagRename": 1 + 1 + 1,
        "Mutation.rateCardPublish": 1 + 1 + 1,
        "rateCardPublish": 1 + 1 + 1,
        "Mutation.planBacktest": 1 + 1 + 1,  # the rate card, and tenants, of which there are few
        "planBacktest": 1 + 1 + 1,
        "Mutation.acquisitionCostSet": 1 + 1 + 1,
        "Mutation.creditNoteIssue": 1 + 1 + 1,
        "Mutation.invoiceMarkPaid": 1 + 1 + 1,
        "acquisitionCostSet": 1 + 1 + 1,
        "creditNoteIssue": 1 + 1 + 1,
        "invoiceMarkPaid": 1 + 1 + 1,
    }
    return transactions.get(name, of_support if OF_STAFF.get(name) is StaffRole.ISV_SUPPORT else 2)


@pytest.mark.parametrize("name", [*PAGE, *DEEP, *ROOTS])
async def test_an_operation_takes_so_many_statements_whatever_there_is_to_read(
    name: str, served: Product, tenants: list[Tenant]
) -> None:
    for tenant in tenants:
        caller = await caller_of(served, tenant, name)
        variables = await variables_of(served, tenant, caller, name, f"+1202555{next(NUMBERS)}")
        text = (PAGE | DEEP).get(name, "")
        if name in ROOTS:
            text, variables = surface.operation({"done": ROOTS[name]}, _root_arguments(variables))
        variables = {given: value for given, value in variables.items() if f"${given}:" in text}
        async with served.database.as_role(DatabaseRole.OPERATOR) as tx:
            await read_current_card(tx)  # it is read once in a process
        may = 0 if OF_STAFF.get(name) is StaffRole.ISV_OPERATOR else WHAT_THEY_MAY
        expected = WHO_ASKS + may + EXPECTED[name]
        assert await _measured(served, caller, text, variables) == (expected, _transactions(name))
        if name.endswith("ownershipAccept"):
            tenant.owner = caller


async def test_the_table_names_every_operation_and_no_other() -> None:
    assert set(EXPECTED) == {*PAGE, *DEEP, *ROOTS}


async def test_a_member_s_session_costs_as_much_as_a_token(served: Product, tenants: list[Tenant]) -> None:
    member = await served.member(tenants[0].id, TenantRole.DEVELOPER)
    for name, more in (
        ("contacts", 0),
        ("viewer", 4),
    ):  # a person's tenants, read in another role and back, and what is offered
        served.statements.clear()
        await member.run(PAGE[name])
        work = [sql for sql in taken(served) if not sql.startswith(("BEGIN", "COMMIT"))]
        begun = [sql for sql in taken(served) if sql.startswith("BEGIN")]
        assert (len(work), len(begun)) == (WHO_ASKS + WHAT_THEY_MAY + EXPECTED[name] + more, 2)


async def test_what_is_refused_reads_nothing_of_the_tenant(served: Product, tenants: list[Tenant]) -> None:
    caller = await served.member(tenants[0].id, TenantRole.SUPPORT)
    served.statements.clear()
    assert await caller.codes(PAGE["contacts"]) == ["FORBIDDEN"]
    assert len([sql for sql in taken(served) if not sql.startswith(("BEGIN", "COMMIT"))]) == WHO_ASKS + WHAT_THEY_MAY


# What spans tenants by its nature: whose session it is, and to which tenants somebody belongs.
ACROSS_TENANTS = ("FROM session JOIN person", "WHERE person_id = $1 AND state <> 'CLOSED' ORDER BY name")


async def test_every_statement_on_a_table_of_tenants_names_the_tenant(
    served: Product, tenants: list[Tenant], place: DatabaseAddress
) -> None:
    connection = await asyncpg.connect(**place.credentials())
    sql = (
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant_id'"
    )
    tables = {row[0] for row in await connection.fetch(sql)}
    await connection.close()
    owner = tenants[0].owner
    served.statements.clear()
    for name in [name for name in PAGE | DEEP | ROOTS if name not in OF_ONE_PERSON | OF_STAFF.keys()]:
        text = (PAGE | DEEP).get(name, "")
        variables = await variables_of(served, tenants[0], owner, name, f"+1202555{next(NUMBERS)}")
        if name in ROOTS:
            text, variables = surface.operation({"done": ROOTS[name]}, _root_arguments(variables))
        used = {given: value for given, value in variables.items() if f"${given}:" in text}
        assert "errors" not in (await owner.post(query=text, variables=used)).json()
    on_tenants = {
        sql
        for sql in taken(served)
        if tables & set(re.findall(r'(?i)(?:FROM|JOIN|INTO|UPDATE)\s+"?(\w+)', sql))
        and not any(a in sql for a in ACROSS_TENANTS)
    }
    assert len(on_tenants) > 30
    assert [sql for sql in on_tenants if "tenant_id" not in sql] == []
    reading = [sql for sql in on_tenants if not sql.startswith("INSERT")]
    assert [sql for sql in reading if not re.search(r'tenant_id"? ?= ?(ANY\()?\$\d', sql)] == []
