"""Which plan a tenant has."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from portal.database import TenantTransaction, Transaction
from portal.database.connection import Row
from portal.plans.periods import AllowancePeriod


class UsageUnit(StrEnum):
    """What an allowance counts."""

    MESSAGES = "MESSAGES"
    SEGMENTS = "SEGMENTS"


class AtLimit(StrEnum):
    """What happens when an allowance is used up."""

    STOP = "STOP"
    OVERAGE = "OVERAGE"
    CREDITS = "CREDITS"


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One version of a plan; `amount` None means no limit."""

    id: UUID
    name: str
    version: int
    amount: int | None
    unit: UsageUnit
    per: AllowancePeriod
    at_limit: AtLimit


@dataclass(frozen=True, slots=True)
class TenantPlanRow:
    """A tenant's plan, and since when."""

    tenant_id: UUID
    plan: PlanRow
    since: datetime


PLAN_COLUMNS = (
    "plan.id AS plan_id, plan.name AS plan_name, plan.version AS plan_version, plan.allowance_amount, "
    "plan.allowance_unit, plan.allowance_per, plan.at_limit"
)


def plan_row(row: Row) -> PlanRow:
    """A record with PLAN_COLUMNS as a plan."""
    return PlanRow(
        id=row["plan_id"],
        name=row["plan_name"],
        version=row["plan_version"],
        amount=row["allowance_amount"],
        unit=UsageUnit(row["allowance_unit"]),
        per=AllowancePeriod(row["allowance_per"]),
        at_limit=AtLimit(row["at_limit"]),
    )


async def read_tenant_plan(tx: TenantTransaction) -> TenantPlanRow | None:
    """The tenant's plan now, or None before it has one."""
    return (await read_tenant_plans(tx, [tx.tenant_id])).get(tx.tenant_id)


async def read_tenant_plans(tx: Transaction, tenant_ids: Sequence[UUID]) -> dict[UUID, TenantPlanRow]:
    """The plans that these tenants have now, in one statement."""
    sql = (
        f"SELECT {PLAN_COLUMNS}, tenant_plan.tenant_id, tenant_plan.since "  # noqa: S608  constants
        "FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "
        "WHERE tenant_plan.tenant_id = ANY($1::uuid[]) AND tenant_plan.until IS NULL"
    )
    rows = await tx.rows(sql, list(tenant_ids))
    return {row["tenant_id"]: TenantPlanRow(row["tenant_id"], plan_row(row), row["since"]) for row in rows}


async def read_own_plan(tx: TenantTransaction, plan_id: UUID) -> PlanRow | None:
    """This plan, if it is the tenant's own, now or earlier."""
    sql = (
        f"SELECT DISTINCT {PLAN_COLUMNS} FROM tenant_plan JOIN plan ON plan.id = tenant_plan.plan_id "  # noqa: S608  constants
        "WHERE tenant_plan.tenant_id = $1 AND plan.id = $2"
    )
    row = await tx.row(sql, tx.tenant_id, plan_id)
    return None if row is None else plan_row(row)
