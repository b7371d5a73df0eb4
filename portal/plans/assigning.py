"""Giving a tenant a plan, as the ISV's operator decides."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from portal.actor import Actor
from portal.database import TenantTransaction
from portal.plans.changing import hold_plan, lock_standing
from portal.plans.plans import PlanState, TenantPlanRow, read_plans_by_id, read_tenant_plan
from portal.problems import refuse

_SHORTEST = timedelta(microseconds=1)  # that a plan can be held


class AssignProblem(StrEnum):
    """Why a tenant does not get a plan."""

    NOT_FOUND = "NOT_FOUND"
    NOT_PUBLISHED = "NOT_PUBLISHED"
    ALREADY_HELD = "ALREADY_HELD"


async def assign_plan(tx: TenantTransaction, plan_id: UUID, actor: Actor, *, now: datetime) -> TenantPlanRow:
    """Let the tenant have this plan from now on; what was to come of its plans is taken back. What is used stays used.

    A plan that has begun at this very instant is held for the shortest time there is: messages may be charged to it.

    Raises:
        RefusedError: there is no such tenant or plan, the plan is not on sale, or the tenant has it already.
    """
    if not await tx.value("SELECT true FROM tenant WHERE id = $1 AND state <> 'CLOSED'", tx.tenant_id):
        raise refuse(AssignProblem.NOT_FOUND, "There is no such tenant.", "id")
    plan = (await read_plans_by_id(tx, [plan_id])).get(plan_id)
    if plan is None:
        raise refuse(AssignProblem.NOT_FOUND, "There is no such plan.", "planId")
    if plan.state is not PlanState.PUBLISHED:
        raise refuse(AssignProblem.NOT_PUBLISHED, "This plan is not on sale: publish it first.", "planId")
    standing = await lock_standing(tx, now=now)
    current = standing.current
    if current is not None and current.plan.id == plan_id:
        raise refuse(AssignProblem.ALREADY_HELD, "The tenant has this plan already.", "planId")
    begins = now if current is None else max(now, current.since + _SHORTEST)
    await hold_plan(tx, standing, plan_id, begins, actor, now=begins)
    held = await read_tenant_plan(tx, now=begins)
    if held is None:
        raise RuntimeError("what was written is there")
    return held
