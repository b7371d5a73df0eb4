"""The operator gives a tenant a plan: now, once, written down where the tenant sees it, or not at all."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from auth.permissions import StaffRole
from portal.clock import new_id
from portal.database import DatabaseRole
from portal.database.address import DatabaseAddress
from portal.plans.catalogue import draft_plan
from portal_schema.nodes import from_global, to_global
from tests.factories import make_tenant
from tests.messages.traffic import add_contacts, plain_numbers, send
from tests.plans.changes import APRIL, NOON, change, large, offer, problems, rows_of, small, stage, tier
from tests.plans.offers import SMALL
from tests.product import Caller, Product, TenantUnderTest
from tests.schema.world import contents_at

ASSIGN = """mutation ($id: ID!, $plan: ID!) {
  tenantPlanAssign(id: $id, planId: $plan) {
    tenantPlan { plan { name } since pendingChange { id } allowance { limit used reserved } }
    errors { code path message }
  }
}"""
CHANGES = """{ planChanges(first: 2) { nodes {
  from { name } to { name } effectiveAt canceledAt requestedBy { kind name }
} } }"""
LOG = "{ auditLog(first: 1) { nodes { action actor { kind name } target changes } } }"
ALERTS = "{ alerts(first: 10) { nodes { code } } }"
SINCE = NOON.replace(day=1, hour=1)  # when Medium began
MOMENT = timedelta(microseconds=1)


async def assign(operator: Caller, tenant: TenantUnderTest, plan: str) -> Any:
    given = {"id": to_global("Tenant", tenant.id), "plan": plan}
    return (await operator.run(ASSIGN, **given))["tenantPlanAssign"]


async def test_a_plan_is_held_from_now_on_and_what_was_to_come_is_taken_back(product: Product) -> None:
    tenant, admin = await stage(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    assert problems(await change(admin, await small(product), "later")) == []
    given = await assign(operator, tenant, await large(product))
    assert given == {
        "tenantPlan": {
            "plan": {"name": "Large"},
            "since": "2027-03-16T12:00:00.000Z",
            "pendingChange": None,
            "allowance": {"limit": 1000, "used": 0, "reserved": 0},
        },
        "errors": [],
    }
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, NOON), ("Large", NOON, None)]
    product.clock.advance(MOMENT)
    of_one_instant = (await admin.run(CHANGES))["planChanges"]["nodes"]
    (made,) = [change for change in of_one_instant if change["canceledAt"] is None]
    assert made == {
        "from": {"name": "Medium"},
        "to": {"name": "Large"},
        "effectiveAt": "2027-03-16T12:00:00.000Z",
        "canceledAt": None,
        "requestedBy": {"kind": "ISV_OPERATOR", "name": "Isv_Operator"},
    }
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        sql = "SELECT effective_at, canceled_at FROM plan_change WHERE tenant_id = $1 AND canceled_at IS NOT NULL"
        assert [tuple(row.values()) for row in await tx.rows(sql, tenant.id)] == [(APRIL, NOON)]


async def test_it_stands_in_the_tenant_s_own_audit_log_without_anything_that_is_the_operator_s(
    product: Product,
) -> None:
    tenant, admin = await stage(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    plan = await large(product)
    assert (await assign(operator, tenant, plan))["errors"] == []
    (entry,) = (await admin.run(LOG))["auditLog"]["nodes"]
    assert entry == {
        "action": "tenantPlanAssign",
        "actor": {"kind": "ISV_OPERATOR", "name": "Isv_Operator"},
        "target": to_global("Tenant", tenant.id),
        "changes": {"plan": "Large, version 1"},
    }


async def test_a_smaller_allowance_tells_at_once_that_it_is_used_up(product: Product) -> None:
    tenant, admin = await stage(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(7)))
    assert (await admin.run(ALERTS))["alerts"]["nodes"] == []
    given = await assign(operator, tenant, await offer(product, "Tight", tier("1", 7)))
    assert given["tenantPlan"]["allowance"] == {"limit": 7, "used": 0, "reserved": 7}
    told = (await admin.run(ALERTS))["alerts"]["nodes"]
    assert sorted(alert["code"] for alert in told) == ["ALLOWANCE_100", "ALLOWANCE_50", "ALLOWANCE_80"]


async def test_what_is_charged_to_a_plan_that_began_this_very_instant_keeps_its_plan(product: Product) -> None:
    tenant, _ = await stage(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    assert (await assign(operator, tenant, await large(product)))["errors"] == []
    await send(tenant.machine, await add_contacts(product, tenant, plain_numbers(2)))
    await product.dispatcher.run_once()
    given = await assign(operator, tenant, await offer(product, "Other", tier("9", 10)))
    assert given["errors"] == []
    assert (await rows_of(product, tenant.id))[1:] == [
        ("Medium", SINCE, NOON),
        ("Large", NOON, NOON + MOMENT),
        ("Other", NOON + MOMENT, None),
    ]
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        charged = await tx.rows(
            "SELECT plan.name, units FROM charge_day JOIN tenant_plan AS held ON held.tenant_id = charge_day.tenant_id "
            "AND held.id = charge_day.tenant_plan_id JOIN plan ON plan.id = held.plan_id WHERE held.tenant_id = $1",
            tenant.id,
        )
        all_charged = await tx.value("SELECT sum(units)::bigint FROM charge_day WHERE tenant_id = $1", tenant.id)
    assert [tuple(row.values()) for row in charged] == [("Large", 2)]
    assert all_charged == 2


async def test_gq_11_of_two_plans_that_are_given_at_once_one_follows_the_other(product: Product) -> None:
    tenant, _ = await stage(product)
    operators = [await product.member(None, StaffRole.ISV_OPERATOR) for _ in range(2)]
    plans = {await offer(product, f"At {fee}", tier(fee, 100)): f"At {fee}" for fee in ("20", "30")}
    given = await asyncio.gather(
        *(assign(operator, tenant, plan) for operator, plan in zip(operators, plans, strict=True))
    )
    assert [one["errors"] for one in given] == [[], []]
    medium, first, last = (await rows_of(product, tenant.id))[1:]
    assert medium == ("Medium", SINCE, NOON)
    assert {first[0], last[0]} == set(plans.values())
    assert (first[1:], last[1:]) == ((NOON, NOON + MOMENT), (NOON + MOMENT, None))


async def test_gq_11_the_same_plan_given_ten_times_at_once_is_one_change(product: Product) -> None:
    tenant, admin = await stage(product)
    operator, plan = await product.member(None, StaffRole.ISV_OPERATOR), await large(product)
    given = await asyncio.gather(*(assign(operator, tenant, plan) for _ in range(10)))
    assert sorted(map(problems, given)) == [[], *[[("ALREADY_HELD", ["planId"])]] * 9]
    assert (await rows_of(product, tenant.id))[1:] == [("Medium", SINCE, NOON), ("Large", NOON, None)]
    (entry,) = [
        one
        for one in (await admin.run("{ auditLog(first: 50) { nodes { action } } }"))["auditLog"]["nodes"]
        if one["action"] == "tenantPlanAssign"
    ]
    assert entry


async def test_gq_11_a_plan_that_is_given_while_the_tenant_changes_its_own_leaves_one(product: Product) -> None:
    tenant, admin = await stage(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    other = await offer(product, "Other", tier("20", 100))
    given, made = await asyncio.gather(assign(operator, tenant, other), change(admin, await large(product), "at once"))
    assert given["errors"] == []
    assert problems(made) in ([], [("PREVIEW_OUTDATED", ["input", "previewToken"])])
    rows = await rows_of(product, tenant.id)
    assert (rows[-1][0], rows[-1][2]) == ("Other", None)
    assert [until for _, _, until in rows[:-1]] == [since for _, since, _ in rows[1:]]


async def _unknown_tenant(product: Product, tenant: TenantUnderTest) -> tuple[str, str]:
    return to_global("Tenant", new_id(product.clock.now())), to_global("Plan", tenant.id)


async def _closed(product: Product, tenant: TenantUnderTest) -> tuple[str, str]:
    del tenant
    closed = await make_tenant(product.database, product.clock)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE tenant SET state = 'CLOSED' WHERE id = $1", closed)
    return to_global("Tenant", closed), await large(product)


async def _unknown_plan(product: Product, tenant: TenantUnderTest) -> tuple[str, str]:
    del product
    return to_global("Tenant", tenant.id), to_global("Plan", tenant.id)


async def _draft(product: Product, tenant: TenantUnderTest) -> tuple[str, str]:
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        draft = await draft_plan(tx, SMALL, "Otto", now=product.clock.now())
    return to_global("Tenant", tenant.id), to_global("Plan", draft.id)


async def _retired(product: Product, tenant: TenantUnderTest) -> tuple[str, str]:
    plan = await large(product)
    async with product.database.as_role(DatabaseRole.OPERATOR) as tx:
        await tx.execute("UPDATE plan SET state = 'RETIRED' WHERE id = $1", from_global("Plan", plan))
    return to_global("Tenant", tenant.id), plan


async def _held(product: Product, tenant: TenantUnderTest) -> tuple[str, str]:
    return to_global("Tenant", tenant.id), await offer(product, "Medium", tier("10", 100))


Given = Callable[[Product, TenantUnderTest], Awaitable[tuple[str, str]]]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        (_unknown_tenant, "NOT_FOUND", "id"),
        (_closed, "NOT_FOUND", "id"),
        (_unknown_plan, "NOT_FOUND", "planId"),
        (_draft, "NOT_PUBLISHED", "planId"),
        (_retired, "NOT_PUBLISHED", "planId"),
        (_held, "ALREADY_HELD", "planId"),
    ],
)
async def test_what_is_refused_changes_nothing(
    given: Given, code: str, path: str, product: Product, superuser: DatabaseAddress
) -> None:
    tenant, admin = await stage(product)
    operator = await product.member(None, StaffRole.ISV_OPERATOR)
    assert problems(await change(admin, await small(product), "later")) == []  # which a refusal leaves to come
    tenant_id, plan = await given(product, tenant)
    place = superuser.to(database=product.settings.database().database)
    before = await contents_at(place)
    refused = (await operator.run(ASSIGN, id=tenant_id, plan=plan))["tenantPlanAssign"]
    assert (problems(refused), refused["tenantPlan"]) == ([(code, [path])], None)
    assert await contents_at(place) == before
