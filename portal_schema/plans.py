"""Plans and allowances in the schema."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import strawberry

from auth.permissions import Permission
from portal.plans.allowance import Allowance as AllowanceState
from portal.plans.allowance import read_allowances
from portal.plans.periods import AllowancePeriod
from portal.plans.plans import PlanRow, TenantPlanRow, read_own_plan, read_tenant_plans
from portal.pricing.terms import AtLimit, UsageUnit
from portal_schema.context import Info
from portal_schema.guards import requires
from portal_schema.nodes import Node, from_global, to_global
from portal_schema.spend import SpendCap, find_spend_cap

if TYPE_CHECKING:
    from portal_schema.plan_changes import PlanChange

READ = requires(Permission.USAGE_READ)


@strawberry.type(description="What the pace of the period so far leads to.", directives=READ)
class AllowanceForecast:
    """A forecast."""

    exhausted_at: datetime | None = strawberry.field(
        description="When the allowance will be used up; null: not in this period, or it is already."
    )
    at_period_end: int = strawberry.field(description="How much will be used when the period ends.")


@strawberry.type(description="What a tenant may still send in the present period.", directives=READ)
class Allowance:
    """An allowance; the ledger's state becomes it by `of`."""

    limit: int | None = strawberry.field(description="How much the plan allows in a period; null: no limit.")
    used: int = strawberry.field(description="What was handed over in this period.")
    reserved: int = strawberry.field(description="What was accepted and has not left yet.")
    remaining: int | None = strawberry.field(
        description="What is left: limit - used - reserved, without what credits paid for; null: no limit."
    )
    unit: UsageUnit = strawberry.field(description="What is counted.")
    per: AllowancePeriod = strawberry.field(description="How often it begins anew.")
    resets_at: datetime = strawberry.field(description="When the next period begins.")
    state: strawberry.Private[AllowanceState]

    @classmethod
    def of(cls, state: AllowanceState) -> "Allowance":
        """The allowance in this state."""
        return cls(
            limit=state.limit,
            used=state.position.used,
            reserved=state.position.reserved,
            remaining=state.remaining,
            unit=state.unit,
            per=state.per,
            resets_at=state.period.end,
            state=state,
        )

    @strawberry.field(description="How it will do at its pace so far; null before anything is sent in the period.")
    def forecast(self, info: Info) -> AllowanceForecast | None:
        found = self.state.forecast(now=info.context.now)
        if found is None:
            return None
        return AllowanceForecast(exhausted_at=found.exhausted_at, at_period_end=found.at_period_end)


@strawberry.type(description="How much a plan allows.", directives=READ)
class PlanAllowance:
    """The plan's side of an allowance."""

    amount: int | None = strawberry.field(description="How much in a period; null: no limit.")
    unit: UsageUnit = strawberry.field(description="What is counted.")
    per: AllowancePeriod = strawberry.field(description="How often it begins anew.")
    at_limit: AtLimit = strawberry.field(description="What happens when it is used up.")


@strawberry.type(description="One version of a plan.", directives=READ)
class Plan(Node):
    """A plan; rows of `portal.plans` become it by `of`."""

    name: str = strawberry.field(description="The plan's name, such as Silver.")
    version: int = strawberry.field(description="A tenant keeps its version until it changes.")
    allowance: PlanAllowance = strawberry.field(description="What may be sent with it.")

    @classmethod
    def of(cls, row: PlanRow) -> "Plan":
        """The plan in this row."""
        terms = row.terms
        allowance = PlanAllowance(amount=terms.amount, unit=terms.unit, per=terms.per, at_limit=terms.at_limit)
        return cls(id=to_global("Plan", row.id), name=row.name, version=row.version, allowance=allowance)


@strawberry.type(description="The plan that a tenant has.", directives=READ)
class TenantPlan:
    """A tenant's plan; rows of `portal.plans` become it by `of`."""

    plan: Plan = strawberry.field(description="The plan.")
    since: datetime = strawberry.field(description="Since when the tenant has it.")
    tenant_id: strawberry.Private[UUID]

    @classmethod
    def of(cls, row: TenantPlanRow) -> "TenantPlan":
        """The tenant's plan in this row."""
        return cls(plan=Plan.of(row.plan), since=row.since, tenant_id=row.tenant_id)

    @strawberry.field(description="What may still be sent in the present period.")
    async def allowance(self, info: Info) -> Allowance | None:
        return await find_allowance(info, self.tenant_id)

    @strawberry.field(
        description="The change of plan that is to come, or null where the tenant keeps its plan.",
        directives=requires(Permission.PLAN_READ),
    )
    async def pending_change(
        self, info: Info
    ) -> Annotated["PlanChange", strawberry.lazy("portal_schema.plan_changes")] | None:
        from portal_schema.plan_changes import find_pending_change  # noqa: PLC0415  the two know each other

        return await find_pending_change(info, self.tenant_id)

    @strawberry.field(description="The cap on what usage may come to in a month beside the fee; null without one.")
    async def spend_cap(self, info: Info) -> SpendCap | None:
        return await find_spend_cap(info, self.tenant_id)


async def find_tenant_plan(info: Info, tenant_id: UUID) -> TenantPlan | None:
    """The plan that this tenant has now, or None: one read for all tenants that are asked for side by side."""

    async def load(tenant_ids: list[UUID]) -> list[TenantPlan | None]:
        async with info.context.reading_tenants() as tx:
            rows = await read_tenant_plans(tx, tenant_ids, now=info.context.now)
        return [TenantPlan.of(rows[asked]) if asked in rows else None for asked in tenant_ids]

    found: TenantPlan | None = await info.context.loader("plan", load).load(tenant_id)
    return found


async def find_allowance(info: Info, tenant_id: UUID) -> Allowance | None:
    """This tenant's allowance now, or None before it has a plan: read together like plans."""

    async def load(tenant_ids: list[UUID]) -> list[Allowance | None]:
        async with info.context.reading_tenants() as tx:
            states = await read_allowances(tx, tenant_ids, now=info.context.now)
        return [Allowance.of(states[asked]) if asked in states else None for asked in tenant_ids]

    found: Allowance | None = await info.context.loader("allowance", load).load(tenant_id)
    return found


async def find_plan(info: Info, given: str) -> Plan | None:
    """The plan of this global id, if it is or was the tenant's own."""
    key = from_global("Plan", given)
    if key is None:
        return None
    async with info.context.reading() as tx:
        row = await read_own_plan(tx, key)
    return None if row is None else Plan.of(row)


@strawberry.type
class PlanQueries:
    """The root fields that read plans."""

    @strawberry.field(description="The tenant's plan, or null before it has one.", directives=READ)
    async def plan(self, info: Info) -> TenantPlan | None:
        return await find_tenant_plan(info, info.context.tx.tenant_id)

    @strawberry.field(
        description="What the tenant may still send in the present period; null before it has a plan.", directives=READ
    )
    async def allowance(self, info: Info) -> Allowance | None:
        return await find_allowance(info, info.context.tx.tenant_id)
