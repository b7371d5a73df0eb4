"""Giving a tenant a plan, as the ISV's operator decides."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.clock import new_id
from portal.database import Transaction
from portal.plans.plans import PLAN_COLUMNS, PlanState, TenantPlanRow, lock_plans, plan_row
from portal.problems import refuse


class AssignProblem(StrEnum):
    """Why a tenant does not get a plan."""

    NOT_FOUND = "NOT_FOUND"
    NOT_PUBLISHED = "NOT_PUBLISHED"
    ALREADY_HELD = "ALREADY_HELD"


async def assign_plan(tx: Transaction, tenant_id: UUID, plan_id: UUID, actor: Actor, *, now: datetime) -> TenantPlanRow:
    """Let a tenant have this plan from now on; what was to come of its plans is taken back. What is used stays used.

    Raises:
        RefusedError: there is no such tenant or plan, the plan is not on sale, or the tenant has it already.
    """
    if not await tx.value("SELECT true FROM tenant WHERE id = $1 AND state <> 'CLOSED'", tenant_id):
        raise refuse(AssignProblem.NOT_FOUND, "There is no such tenant.", "id")
    row = await tx.row(f"SELECT {PLAN_COLUMNS} FROM plan WHERE plan.id = $1", plan_id)  # noqa: S608  constants
    if row is None:
        raise refuse(AssignProblem.NOT_FOUND, "There is no such plan.", "planId")
    plan = plan_row(row)
    if plan.state is not PlanState.PUBLISHED:
        raise refuse(AssignProblem.NOT_PUBLISHED, "This plan is not on sale: publish it first.", "planId")
    await lock_plans(tx, tenant_id)
    await _take_back_what_is_to_come(tx, tenant_id, actor, now=now)
    before = await _end_present(tx, tenant_id, now=now)
    if before == plan_id:
        raise refuse(AssignProblem.ALREADY_HELD, "The tenant has this plan already.", "planId")
    tenant_plan_id = await _begin(tx, tenant_id, before, plan_id, actor, now=now)
    return TenantPlanRow(tenant_id, tenant_plan_id, plan, now, None)


async def _take_back_what_is_to_come(tx: Transaction, tenant_id: UUID, actor: Actor, *, now: datetime) -> None:
    await tx.execute(
        "UPDATE plan_change SET canceled_at = $2, canceled_by_name = $3 "
        "WHERE tenant_id = $1 AND effective_at > $2 AND canceled_at IS NULL",
        tenant_id,
        now,
        actor.name,
    )
    await tx.execute("DELETE FROM tenant_plan WHERE tenant_id = $1 AND since > $2", tenant_id, now)


async def _end_present(tx: Transaction, tenant_id: UUID, *, now: datetime) -> UUID | None:
    """The plan that ends now; one that has begun at this very instant was never held."""
    begun = await tx.row(
        "DELETE FROM tenant_plan WHERE tenant_id = $1 AND since = $2 RETURNING plan_id", tenant_id, now
    )
    ended = await tx.row(
        "UPDATE tenant_plan SET until = $2 WHERE tenant_id = $1 AND since < $2 AND (until IS NULL OR until > $2) "
        "RETURNING plan_id",
        tenant_id,
        now,
    )
    found = begun or ended
    return None if found is None else UUID(str(found["plan_id"]))


async def _begin(
    tx: Transaction, tenant_id: UUID, before: UUID | None, plan_id: UUID, actor: Actor, *, now: datetime
) -> UUID:
    tenant_plan_id = new_id(now)
    await tx.execute(
        "INSERT INTO tenant_plan (tenant_id, id, plan_id, since) VALUES ($1, $2, $3, $4)",
        tenant_id,
        tenant_plan_id,
        plan_id,
        now,
    )
    await tx.execute(
        "INSERT INTO plan_change (tenant_id, id, from_plan_id, to_plan_id, tenant_plan_id, effective_at, requested_at, "
        "actor_kind, actor_name) VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
        tenant_id,
        new_id(now),
        before,
        plan_id,
        tenant_plan_id,
        now,
        actor.kind.value,
        actor.name,
    )
    return tenant_plan_id
